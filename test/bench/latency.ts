import type { Gateway, Session } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { waitFor } from '../simulators/wait.ts';
import { alternate } from './alternate.ts';
import { startBareAedes } from './baselines.ts';
import { type Account, account, startBenchGateway } from './campus.ts';
import type { Figures, Measured, Measurement, Row, Spread } from './figures.ts';
import { type Shot, toggle } from './load-generator.ts';
import { Publisher, pace } from './paced-publisher.ts';
import { median, percentiles, ratioOf } from './statistics.ts';
import { subscribe } from './subscriber.ts';

const PUBLISHERS = 20;
const DEVICES = 500;
const rates = [500, 5_000] as const;

/** Publish to live feed (WebSocket), beside publish to a subscriber of bare aedes. */
export const latency: Measurement = {
  figures: ['latency_ms', 'latency_ratio_bare_aedes'],
  async run(bench): Promise<Measured> {
    const [rounds, ms] = bench.quick ? [1, 3_000] : [3, 5_000];
    const gateway = await bench.own(startBenchGateway(bench.folder('latency'), DEVICES));
    const bare = await bench.own(startBareAedes());
    const rows: Row[] = [];
    const spreads: Partial<Figures['latency_ms']> = {};
    const ratios: Partial<Figures['latency_ratio_bare_aedes']> = {};
    for (const rate of rates) {
      bench.say(`${rounds} rounds of ${rate} messages a second`);
      const { ours, theirs } = await alternate(rounds, {
        ours: async () => percentiles(await toFeed(gateway, gateway.session, rate, ms)),
        theirs: async () => percentiles(await toSubscriber(bare.port, rate, ms)),
      });
      const mine = medianOf(ours);
      const bares = medianOf(theirs);
      const ratio = ratioOf(
        ours.map(({ p99 }) => p99),
        theirs.map(({ p99 }) => p99),
      );
      spreads[`${rate}/s`] = mine;
      ratios[`${rate}/s`] = ratio;
      rows.push(
        {
          figure: 'latency_ms',
          of: `${rate}/s p50/p99/p99.9`,
          gateway: text(mine),
          beside: `aedes ${text(bares)}`,
        },
        {
          figure: 'latency_ratio_bare_aedes',
          of: `${rate}/s p99`,
          gateway: `${mine.p99} ms`,
          beside: `aedes ${bares.p99} ms`,
          ratio,
          target: { atMost: 4 },
        },
      );
    }
    const figures = {
      latency_ms: spreads as Figures['latency_ms'],
      latency_ratio_bare_aedes: ratios as Figures['latency_ratio_bare_aedes'],
    };
    return { figures, rows };
  },
};

/** When each device sent what has not arrived yet, oldest first; events of a device stay in order. */
class Journeys {
  readonly latencies: number[] = [];
  readonly #sent = new Map<string, number[]>();

  sent(device: string): void {
    const times = this.#sent.get(device);
    if (times === undefined) this.#sent.set(device, [performance.now()]);
    else times.push(performance.now());
  }

  arrived(device: string, at: number): void {
    const sent = this.#sent.get(device)?.shift();
    if (sent !== undefined) this.latencies.push(at - sent);
  }
}

async function toFeed(gateway: Gateway, session: Session, perSecond: number, ms: number): Promise<number[]> {
  const live = await LiveClient.connect(session);
  const journeys = new Journeys();
  live.onCommit = (frame, at) => {
    for (const { type, data } of frame.events) {
      if (type === 'DEV.INPUT' || type === 'EMG.PANIC') journeys.arrived(data.origin.device as string, at);
    }
  };
  await publishAll(gateway.mqttPort, account, perSecond, ms, journeys);
  live.close();
  return journeys.latencies;
}

async function toSubscriber(port: number, perSecond: number, ms: number): Promise<number[]> {
  const journeys = new Journeys();
  const stop = await subscribe({
    port,
    filter: 'io/#',
    qos: 0,
    onMessage: (topic) => journeys.arrived(topic.split('/')[1] as string, performance.now()),
  });
  await publishAll(port, undefined, perSecond, ms, journeys);
  stop();
  return journeys.latencies;
}

/** Messages that came and went before these, by broker: the next must toggle what the last left. */
const played = new Map<number, number>();

async function publishAll(
  port: number,
  as: Account | undefined,
  perSecond: number,
  ms: number,
  journeys: Journeys,
): Promise<void> {
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, (_, i) =>
      Publisher.open(port, `paced-${process.pid}-${i}`, as?.user, as?.password),
    ),
  );
  const before = played.get(port) ?? 0;
  const sent = await pace(perSecond, ms, (k) => {
    const n = before + k;
    const device = n % DEVICES;
    const shot: Shot = toggle(device, Math.floor(n / DEVICES), device % 50 === 7 ? '1' : '5');
    journeys.sent(`io-${device + 1}`);
    (publishers[device % PUBLISHERS] as Publisher).publish(shot);
  });
  played.set(port, before + sent);
  await waitFor(`all of ${sent} messages to arrive`, () => journeys.latencies.length >= sent, 30_000);
  for (const publisher of publishers) publisher.close();
}

function medianOf(spreads: ReadonlyArray<Spread>): Spread {
  const of = (key: keyof Spread) => median(spreads.map((spread) => spread[key]));
  return { p50: of('p50'), p99: of('p99'), p999: of('p999') };
}

function text({ p50, p99, p999 }: Spread): string {
  return `${p50} / ${p99} / ${p999} ms`;
}
