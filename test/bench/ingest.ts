import { alternate } from './alternate.ts';
import { startBareAedes, startDurableMosquitto, startPlainMosquitto } from './baselines.ts';
import { account, startBenchGateway } from './campus.ts';
import { FeedReader } from './feed-reader.ts';
import type { Bench, Measured, Measurement, Row } from './figures.ts';
import { load, perSecond, type Shape } from './load.ts';
import { ratioOf } from './statistics.ts';
import { subscribe } from './subscriber.ts';

/** 1,000 devices that wait for each acknowledgement are what a campus looks like; 50 x 20 is the other extreme. */
const campus: Shape = { connections: 1_000, inFlight: 1 };
const few: Shape = { connections: 50, inFlight: 20 };
const single: Shape = { connections: 1, inFlight: 1 };

/** QoS 1 messages acknowledged a second: durable, chained, alarms evaluated, one live client, against bare brokers. */
export const ingest: Measurement = {
  figures: ['ingest_ratio_bare_aedes', 'ingest_ratio_mosquitto_qos1', 'ingest_ratio_mosquitto_durable'],
  async run(bench): Promise<Measured> {
    const [rounds, ms] = bench.quick ? [2, 1_000] : [5, 3_000];
    const gateway = await bench.own(startBenchGateway(bench.folder('ingest'), campus.connections));
    const bare = await bench.own(startBareAedes());
    const feed = await FeedReader.open(gateway.session);
    const ours = (shape: Shape) => () => load(gateway.mqttPort, shape, ms, account);
    const peers = await mosquittos(bench, ms);

    bench.say(`${rounds} rounds of 1,000 connections x 1 in flight`);
    const wide = await alternate(rounds, {
      gateway: ours(campus),
      aedes: () => load(bare.port, campus, ms),
      ...peers,
    } as Record<'gateway' | 'aedes' | keyof Mosquittos, () => Promise<number>>);
    bench.say(`${rounds} rounds of 50 connections x 20 in flight`);
    const deep = await alternate(rounds, {
      gateway: ours(few),
      aedes: () => load(bare.port, few, ms),
    });
    feed.close();
    return report(wide, deep, peers !== undefined);
  },
};

type Samples<Name extends string> = Record<Name, number[]>;

function report(
  wide: Samples<'gateway' | 'aedes' | keyof Mosquittos>,
  deep: Samples<'gateway' | 'aedes'>,
  withMosquitto: boolean,
): Measured {
  const rows: Row[] = [];
  const compare = (
    [figure, of]: [Row['figure'], string],
    ours: number[],
    [name, theirs]: [string, number[]],
    atLeast?: number,
  ): number => {
    const ratio = ratioOf(ours, theirs);
    const target = atLeast === undefined ? undefined : { atLeast };
    rows.push({
      figure,
      of,
      gateway: perSecond(ours),
      beside: `${name} ${perSecond(theirs)}`,
      ratio,
      target,
    });
    return ratio;
  };
  const figures: Measured['figures'] = {
    ingest_ratio_bare_aedes: {
      c1000x1: compare(['ingest_ratio_bare_aedes', '1000 x 1'], wide.gateway, ['aedes', wide.aedes], 0.6),
      c50x20: compare(['ingest_ratio_bare_aedes', '50 x 20'], deep.gateway, ['aedes', deep.aedes], 0.4),
    },
  };
  if (!withMosquitto) return { figures, rows };
  figures.ingest_ratio_mosquitto_qos1 = compare(['ingest_ratio_mosquitto_qos1', '1000 x 1'], wide.gateway, [
    'mosquitto',
    wide.plain,
  ]);
  figures.ingest_ratio_mosquitto_durable = compare(
    ['ingest_ratio_mosquitto_durable', '1000 x 1, theirs 1 x 1'],
    wide.gateway,
    ['a save for each', wide.durable],
    50,
  );
  compare(['ingest_ratio_mosquitto_durable', '1000 x 1'], wide.gateway, [
    'PUBACK before the save',
    wide.durableWide,
  ]);
  return { figures, rows };
}

/** What a mosquitto acknowledges a second; `durable*`: saving after each turn of its loop that changed something. */
interface Mosquittos {
  plain: () => Promise<number>;
  /** One message at a time: the only way each is saved before the next, whatever was acknowledged. */
  durable: () => Promise<number>;
  /** As many at a time as connections: what one turn of its loop took is acknowledged first and saved together. */
  durableWide: () => Promise<number>;
}

async function mosquittos(bench: Bench, ms: number): Promise<Mosquittos | undefined> {
  const { mosquitto } = bench;
  if (mosquitto === undefined) return undefined;
  const plain = await bench.own(startPlainMosquitto(mosquitto, bench.folder('plain')));
  // each sample starts without a backlog: a save writes everything that waits
  const durable = async (shape: Shape): Promise<number> => {
    const broker = await bench.own(startDurableMosquitto(mosquitto, bench.folder('durable')));
    // somebody must want the messages, and be away, or there is nothing to save
    const session = { filter: 'io/#', qos: 1 as const, clientId: 'away', onMessage: () => undefined };
    (await subscribe({ ...session, port: broker.port }))();
    const rate = await load(broker.port, shape, ms);
    await broker.process.kill();
    return rate;
  };
  return {
    plain: () => load(plain.port, campus, ms),
    durable: () => durable(single),
    durableWide: () => durable(campus),
  };
}
