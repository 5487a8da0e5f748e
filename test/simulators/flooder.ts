// A mad device, as a process of its own: publishes as fast as it is told to, or as it is acknowledged, until it is asked
// to stop.
//   node flooder.js '{"port":1883,"user":"io-2","password":"...","topic":"io/io-2/state","payload":"{\"n\":%n}","qos":0,"perSecond":20000}'
// prints "connected", and when it ends one JSON line: what it wanted to send, what its socket took, what was acknowledged
import { Publisher } from '../bench/paced-publisher.ts';

export interface FloodOptions {
  port: number;
  user: string;
  password: string;
  /** `%n` is the number of the message; `%s` is "alarm" and "normal" in turn. */
  topic: string;
  payload: string;
  qos: 0 | 1;
  /** QoS 0: messages a second. */
  perSecond?: number;
  /** QoS 1: messages on the way, so as fast as acknowledged. */
  inFlight?: number;
  /** Ends by itself after so many. */
  count?: number;
}

export interface Flooded {
  wanted: number;
  sent: number;
  acked: number;
  seconds: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as FloodOptions;
const { port, user, password, topic, payload, qos } = options;
const { perSecond = 20_000, inFlight = 2_000, count = Number.POSITIVE_INFINITY } = options;
const publisher = await Publisher.open(port, `flooder-${process.pid}`, user, password);
process.stdout.write('connected\n');

const began = performance.now();
let wanted = 0;
let sent = 0;

function shot(n: number) {
  const fill = (text: string) =>
    text.replaceAll('%n', String(n)).replaceAll('%s', n % 2 === 0 ? 'alarm' : 'normal');
  return { topic: fill(topic), payload: fill(payload) };
}

const timer = setInterval(() => {
  if (qos === 1) {
    while (sent - publisher.acked < inFlight && sent < count) publisher.publish(shot(sent++));
    wanted = sent;
  } else {
    const due = Math.min(count, Math.floor(((performance.now() - began) / 1_000) * perSecond));
    // what its socket does not take a device of this kind loses
    let takes = true;
    for (; wanted < due; wanted++) if (takes) takes = publisher.fire(shot(sent++));
  }
  if (wanted >= count && (qos === 0 || publisher.acked >= count)) end();
}, 1);

function end(): void {
  clearInterval(timer);
  const flooded: Flooded = {
    wanted,
    sent,
    acked: publisher.acked,
    seconds: (performance.now() - began) / 1_000,
  };
  process.stdout.write(`${JSON.stringify(flooded)}\n`, () => process.exit(0));
}
process.once('SIGTERM', end);
