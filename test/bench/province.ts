import { decodeFrame } from '../../cloud-bridge/frame-codec.ts';
import { laneLimits } from '../../cloud-bridge/uplink/lane-limits.ts';
import type { Mosquitto } from '../simulators/mosquitto.ts';
import { type ReceiverProcess, startReceiver } from '../simulators/receiver.ts';
import { startPlainMosquitto } from './baselines.ts';
import type { Bench } from './figures.ts';
import type { Shot } from './load-generator.ts';
import { subscribe } from './subscriber.ts';

/** A province: mosquitto, the reference receiver, and the bulk frames that passed. */
export interface Province {
  broker: Mosquitto;
  receiver: ReceiverProcess;
  frames: Array<Shot & { payload: Buffer }>;
}

export async function startProvince(bench: Bench, mosquitto: string): Promise<Province> {
  const broker = await bench.own(startPlainMosquitto(mosquitto, bench.folder('province')));
  const frames: Province['frames'] = [];
  await subscribe({
    port: broker.port,
    filter: 'cs/v1/+/+/+/+/up/e',
    qos: 0,
    onMessage: (topic, payload) => frames.push({ topic, payload: Buffer.from(payload) }),
  });
  const receiver = await bench.own(startReceiver(bench.folder('receiver'), broker.url));
  return { broker, receiver, frames };
}

/** Events that a receiver has stored since it started. */
export async function storedBy(receiver: ReceiverProcess): Promise<number> {
  const { counters } = (await receiver.get('/healthz')) as { counters: { events: number } };
  return counters.events;
}

/** Bytes an event, on the wire and as stored, of the frames that are full. */
export async function sizesOf(
  frames: Province['frames'],
): Promise<{ wire: number; body: number; full: number }> {
  let [wire, body, events, full] = [0, 0, 0, 0];
  for (const { payload } of frames) {
    const frame = await decodeFrame(payload);
    if (frame.events.length < laneLimits.e.maxEvents) continue;
    full++;
    wire += payload.length;
    events += frame.events.length;
    for (const { b } of frame.events) body += Buffer.byteLength(b);
  }
  return { wire: wire / events, body: body / events, full };
}
