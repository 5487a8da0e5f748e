import { LiveClient } from '../simulators/live-client.ts';
import { freePort } from '../simulators/mosquitto.ts';
import { startReceiver } from '../simulators/receiver.ts';
import { waitFor } from '../simulators/wait.ts';
import { arrivalRate } from './arrivals.ts';
import { startBridge, startPlainMosquitto } from './baselines.ts';
import {
  account,
  type BenchGateway,
  restartBenchGateway,
  startBenchGateway,
  writeBenchConfig,
} from './campus.ts';
import { CampusMix, publishMix } from './campus-mix.ts';
import type { Bench, Measured, Measurement } from './figures.ts';
import { load, perSecond } from './load.ts';
import { toggle } from './load-generator.ts';
import { Publisher } from './paced-publisher.ts';
import { type Province, sizesOf, startProvince, storedBy } from './province.ts';
import { commitsOfOneRow } from './single-commits.ts';
import { median, percentiles, ratioOf, round } from './statistics.ts';
import { subscribe } from './subscriber.ts';

const MODULES = 500;
const RECIPIENT = 'province';
/** Between two panic presses during a drain. */
const PRESS_EVERY_MS = 150;

/** A backlog goes to the province, over a real mosquitto: counted where the receiver has committed it. */
export const drain: Measurement = {
  figures: [
    'drain_events_per_s',
    'drain_ratio_single',
    'drain_ratio_mosquitto_bridge',
    'alarm_during_drain_ms',
    'bytes_per_event',
    'receiver_rows_per_s',
  ],
  async run(bench): Promise<Measured> {
    const { mosquitto } = bench;
    if (mosquitto === undefined) throw new Error('the province of the bench is a real mosquitto: install it');
    const [rounds, backlog, ms] = bench.quick ? [1, 20_000, 1_500] : [3, 60_000, 3_000];
    const rates: Record<'drained' | 'singles' | 'bridged' | 'stored' | 'commits', number[]> = {
      drained: [],
      singles: [],
      bridged: [],
      stored: [],
      commits: [],
    };
    const alarms: number[] = [];
    let sizes = { wire: 0, body: 0, full: 0 };
    for (let n = 1; n <= rounds; n++) {
      bench.say(`round ${n} of ${rounds}: a backlog of ${backlog.toLocaleString('en')} events`);
      const gateway = await gatewayWithBacklog(bench, backlog);
      const province = await startProvince(bench, mosquitto);
      const { rate, alarmMs } = await drainTo(province, bench, gateway.dir, backlog);
      rates.drained.push(rate);
      alarms.push(...alarmMs);
      rates.singles.push(await oneByOne(province, ms));
      rates.bridged.push(await bridge(bench, mosquitto, Math.floor(backlog / 3)));
      sizes = await sizesOf(province.frames);
      rates.stored.push(await replay(bench, province, backlog));
      rates.commits.push(await commitsOfOneRow(bench.folder('commits'), ms / 2));
    }
    return report(rates, alarms, sizes);
  },
};

function report(
  rates: Record<'drained' | 'singles' | 'bridged' | 'stored' | 'commits', number[]>,
  alarms: number[],
  { wire, body, full }: { wire: number; body: number; full: number },
): Measured {
  const { drained, singles, bridged, stored, commits } = rates;
  const alarm = percentiles(alarms);
  const figures = {
    drain_events_per_s: Math.round(median(drained)),
    drain_ratio_single: ratioOf(drained, singles),
    drain_ratio_mosquitto_bridge: ratioOf(drained, bridged),
    alarm_during_drain_ms: { p50: alarm.p50, max: alarm.max },
    bytes_per_event: round(wire),
    receiver_rows_per_s: Math.round(median(stored)),
  };
  return {
    figures,
    rows: [
      {
        figure: 'drain_ratio_single',
        of: 'committed by the receiver',
        gateway: perSecond(drained),
        beside: `one PUBACK at a time ${perSecond(singles)}`,
        ratio: figures.drain_ratio_single,
      },
      {
        figure: 'drain_ratio_mosquitto_bridge',
        of: 'committed by the receiver',
        gateway: perSecond(drained),
        beside: `mosquitto bridge ${perSecond(bridged)}`,
        ratio: figures.drain_ratio_mosquitto_bridge,
      },
      {
        figure: 'alarm_during_drain_ms',
        of: `press to receipt, ${alarms.length} presses, p50/worst`,
        gateway: `${alarm.p50} / ${alarm.max} ms`,
        beside: 'required 2000 ms',
        ratio: round(alarm.max / 2_000),
        target: { atMost: 1 },
      },
      {
        figure: 'bytes_per_event',
        of: `${full} full bulk frames`,
        gateway: `${round(wire)} bytes`,
        beside: `stored JSON ${Math.round(body)} bytes`,
        ratio: round(wire / body),
      },
      {
        figure: 'receiver_rows_per_s',
        of: 'the same frames at once',
        gateway: perSecond(stored),
        beside: `a commit for each row ${perSecond(commits)}`,
        ratio: ratioOf(stored, commits),
      },
    ],
  };
}

/** A data folder whose journal holds so many events that nobody has been sent. */
async function gatewayWithBacklog(bench: Bench, backlog: number): Promise<{ dir: string }> {
  const dir = bench.folder('gateway');
  const gateway = await bench.own(startBenchGateway(dir, MODULES));
  await publishMix(gateway.mqttPort, new CampusMix(MODULES), backlog, account);
  await gateway.process.stop();
  return { dir };
}

/** Starts the gateway again, with an uplink; presses panic buttons while the backlog leaves. */
async function drainTo(
  { broker, receiver }: Province,
  bench: Bench,
  dir: string,
  backlog: number,
): Promise<{ rate: number; alarmMs: number[] }> {
  writeBenchConfig(dir, MODULES, { uplinks: [{ recipient: RECIPIENT, url: broker.url }] });
  const gateway = await bench.own(restartBenchGateway(dir));
  const pressing = new Pressing(gateway);
  const rate = await arrivalRate('the backlog to be committed by the receiver', backlog, async () => {
    const stored = await storedBy(receiver);
    if (stored > 0) await pressing.start();
    return stored;
  });
  const alarmMs = await pressing.end();
  await gateway.process.stop();
  await receiver.process.stop();
  return { rate, alarmMs };
}

/** Presses one panic button after another, and waits for the province's receipt of each on the live feed. */
class Pressing {
  readonly #gateway: BenchGateway;
  readonly #pressedAt = new Map<string, number>();
  readonly #took: number[] = [];
  #live: LiveClient | undefined;
  #button: Publisher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(gateway: BenchGateway) {
    this.#gateway = gateway;
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    let device = 0;
    this.#timer = setInterval(() => {
      this.#pressedAt.set(`io-${device + 1}`, performance.now());
      this.#button?.publish(toggle(device++, 0, '1'));
    }, PRESS_EVERY_MS);
    const { mqttPort, session } = this.#gateway;
    const live = await LiveClient.connect(session);
    this.#live = live;
    live.onCommit = ({ alarms }, at) => {
      for (const { device: pressed = '', delivery } of alarms) {
        const since = this.#pressedAt.get(pressed);
        if (since === undefined || delivery?.[RECIPIENT]?.state !== 'receipted') continue;
        this.#pressedAt.delete(pressed);
        this.#took.push(at - since);
      }
    };
    this.#button = await Publisher.open(mqttPort, 'buttons', account.user, account.password);
  }

  async end(): Promise<number[]> {
    clearInterval(this.#timer);
    await waitFor('the receipts of the panic presses', () => this.#pressedAt.size === 0, 30_000);
    this.#button?.close();
    this.#live?.close();
    return this.#took;
  }
}

/** Over the same broker to one subscriber, the next message only when the last one is acknowledged. */
async function oneByOne({ broker }: Province, ms: number): Promise<number> {
  const stop = await subscribe({
    port: broker.port,
    filter: 'io/#',
    qos: 0,
    clientId: 'singles',
    onMessage: () => undefined,
  });
  const rate = await load(broker.port, { connections: 1, inFlight: 1 }, ms);
  stop();
  return rate;
}

/** What a mosquitto bridge has queued leaves for a broker that comes back; counted at a subscriber there. */
async function bridge(bench: Bench, mosquitto: string, backlog: number): Promise<number> {
  const port = await freePort();
  const near = await bench.own(startBridge(mosquitto, bench.folder('bridge'), port));
  await publishMix(near.port, new CampusMix(MODULES), backlog);
  const far = await bench.own(startPlainMosquitto(mosquitto, bench.folder('far'), port));
  let arrived = 0;
  await subscribe({ port, filter: '#', qos: 0, clientId: 'far', onMessage: () => arrived++ });
  // it may have begun before the subscriber was there
  const rate = await arrivalRate('the bridge to deliver', Math.floor(backlog * 0.9), () => arrived);
  await near.process.kill();
  await far.process.kill();
  return rate;
}

/** The frames of the drain at once to a new receiver: how fast it alone stores. */
async function replay(bench: Bench, { broker, frames }: Province, backlog: number): Promise<number> {
  const receiver = await bench.own(startReceiver(bench.folder('replay'), broker.url));
  await waitFor('the receiver to subscribe', async () => {
    const health = (await receiver.get('/healthz')) as { broker: string };
    return health.broker === 'up';
  });
  const publisher = await Publisher.open(broker.port, 'replay');
  // frames.push goes on: what is published here comes back to the recorder
  for (const frame of frames.slice()) publisher.publish(frame);
  const rate = await arrivalRate('the frames to be stored', backlog, () => storedBy(receiver));
  publisher.close();
  await receiver.process.kill();
  return rate;
}
