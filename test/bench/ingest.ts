import { alternate } from './alternate.ts';
import { startBareAedes, startDurableMosquitto, startPlainMosquitto } from './baselines.ts';
import { account, startBenchGateway } from './campus.ts';
import { FeedReader } from './feed-reader.ts';
import type { Measured, Measurement, Row } from './figures.ts';
import { load, perSecond, type Shape } from './load.ts';
import { ratioOf } from './statistics.ts';
import { subscribe } from './subscriber.ts';

/** 1,000 devices that wait for each acknowledgement are what a campus looks like; 50 x 20 is the other extreme. */
const campus: Shape = { connections: 1_000, inFlight: 1 };
const few: Shape = { connections: 50, inFlight: 20 };

/** QoS 1 messages acknowledged a second: durable, chained, alarms evaluated, one live client, against bare brokers. */
export const ingest: Measurement = {
  figures: ['ingest_ratio_bare_aedes', 'ingest_ratio_mosquitto_qos1', 'ingest_ratio_mosquitto_durable'],
  async run(bench): Promise<Measured> {
    const [rounds, ms] = bench.quick ? [2, 1_500] : [5, 3_000];
    const gateway = await bench.own(startBenchGateway(bench.folder('ingest'), campus.connections));
    const bare = await bench.own(startBareAedes());
    const feed = await FeedReader.open(gateway.session);
    const ours = (shape: Shape) => () => load(gateway.mqttPort, shape, ms, account);
    const theirs = (port: number, shape: Shape) => () => load(port, shape, ms);
    const rows: Row[] = [];
    const figures: Measured['figures'] = {};

    const peers: Record<string, () => Promise<number>> = {};
    if (bench.mosquitto !== undefined) {
      const plain = await bench.own(startPlainMosquitto(bench.mosquitto, bench.folder('plain')));
      const durable = await bench.own(startDurableMosquitto(bench.mosquitto, bench.folder('durable')));
      // without a session that wants the messages mosquitto has nothing to save
      const options = { filter: 'io/#', qos: 1 as const, clientId: 'consumer', onMessage: () => undefined };
      await subscribe({ ...options, port: durable.port });
      peers.plain = theirs(plain.port, campus);
      peers.durable = theirs(durable.port, campus);
    }
    bench.say(`${rounds} rounds of 1,000 connections x 1 in flight`);
    const wide = await alternate(rounds, {
      gateway: ours(campus),
      aedes: theirs(bare.port, campus),
      ...peers,
    } as Record<'gateway' | 'aedes' | 'plain' | 'durable', () => Promise<number>>);
    bench.say(`${rounds} rounds of 50 connections x 20 in flight`);
    const deep = await alternate(rounds, { gateway: ours(few), aedes: theirs(bare.port, few) });

    const row = (
      figure: Row['figure'],
      of: string,
      a: number[],
      name: string,
      b: number[],
      atLeast?: number,
    ) => {
      const ratio = ratioOf(a, b);
      rows.push({
        figure,
        of,
        gateway: perSecond(a),
        beside: `${name} ${perSecond(b)}`,
        ratio,
        target: atLeast === undefined ? undefined : { atLeast },
      });
      return ratio;
    };
    figures.ingest_ratio_bare_aedes = {
      c1000x1: row('ingest_ratio_bare_aedes', '1000 x 1', wide.gateway, 'aedes', wide.aedes, 0.6),
      c50x20: row('ingest_ratio_bare_aedes', '50 x 20', deep.gateway, 'aedes', deep.aedes, 0.4),
    };
    if (bench.mosquitto !== undefined) {
      figures.ingest_ratio_mosquitto_qos1 = row(
        'ingest_ratio_mosquitto_qos1',
        '1000 x 1',
        wide.gateway,
        'mosquitto',
        wide.plain,
      );
      figures.ingest_ratio_mosquitto_durable = row(
        'ingest_ratio_mosquitto_durable',
        '1000 x 1',
        wide.gateway,
        'save per change',
        wide.durable,
        50,
      );
    }
    feed.close();
    return { figures, rows };
  },
};
