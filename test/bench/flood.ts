import type { Gateway, Session } from '../simulators/gateway.ts';
import { alternate } from './alternate.ts';
import { type Account, account, mad as madAccount, startBenchGateway } from './campus.ts';
import { FeedReader } from './feed-reader.ts';
import type { Measured, Measurement } from './figures.ts';
import { toggle } from './load-generator.ts';
import { Publisher } from './paced-publisher.ts';
import { percentiles, ratioOf, round } from './statistics.ts';

/** As a campus has it: an account that publishes faster than that has to wait. */
const mqtt = { listeners: [{ host: '127.0.0.1', port: 0 }] };
const BUTTON = 449;
const MAD = 400;

/** A panic press beside one client that floods 20,000 messages a second, beside the same presses in quiet. */
export const flood: Measurement = {
  figures: ['flood_panic_latency_ms'],
  async run(bench): Promise<Measured> {
    const [rounds, presses] = bench.quick ? [1, 50] : [4, 50];
    const gateway = await bench.own(startBenchGateway(bench.folder('flood'), 500, { mqtt }));
    bench.say(`${rounds} rounds of ${presses} presses`);
    const { flooded, quiet } = await alternate(rounds, {
      flooded: () => press(gateway, gateway.session, presses, true),
      quiet: () => press(gateway, gateway.session, presses, false),
    });
    const spread = (rounds: number[][]) => {
      const { p50, p99, max } = percentiles(rounds.flat());
      return { p50, p99, max };
    };
    const [ours, beside] = [spread(flooded), spread(quiet)];
    const text = ({ p50, p99, max }: typeof ours) => `${p50} / ${p99} / ${max} ms`;
    const p50s = (rounds: number[][]) => rounds.map((values) => percentiles(values).p50);
    return {
      figures: { flood_panic_latency_ms: { flooded: ours, quiet: beside } },
      rows: [
        {
          figure: 'flood_panic_latency_ms',
          of: 'p50/p99/max',
          gateway: text(ours),
          beside: `unflooded ${text(beside)}`,
          ratio: ratioOf(p50s(flooded), p50s(quiet)),
        },
      ],
    };
  },
};

/** Press to live feed, milliseconds; an even number of presses leaves the button as it was. */
async function press(
  gateway: Gateway,
  session: Session,
  presses: number,
  flooded: boolean,
): Promise<number[]> {
  const feed = await FeedReader.open(session);
  const open = (id: string, { user, password }: Account) =>
    Publisher.open(gateway.mqttPort, id, user, password);
  const [button, mad] = [await open('panic-button', account), await open('mad-device', madAccount)];
  let n = 0;
  const timer = flooded
    ? setInterval(() => {
        for (let i = 0; i < 40; i++) mad.fire(toggle(MAD, n++));
      }, 2)
    : undefined;
  const latencies: number[] = [];
  // let the flood, and the snapshot with the alarm that is open already, come first
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (let i = 0; i < presses; i++) {
    const arrived = new Promise<number>((resolve) => {
      feed.onFrame = (frame, at) => {
        if (frame.includes('"type":"EMG.PANIC"')) resolve(at);
      };
    });
    const began = performance.now();
    button.publish(toggle(BUTTON, i, '1'));
    latencies.push(round((await arrived) - began));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  clearInterval(timer);
  for (const client of [button, mad]) client.close();
  feed.close();
  return latencies;
}
