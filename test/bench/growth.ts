import { join } from 'node:path';
import { alternate } from './alternate.ts';
import { account, startBenchGateway } from './campus.ts';
import { FeedReader } from './feed-reader.ts';
import type { Bench, Measured, Measurement, Row } from './figures.ts';
import { fillJournal } from './fill-journal.ts';
import { load, perSecond, type Shape } from './load.ts';
import { ratioOf } from './statistics.ts';

/** A gateway with a large campus or a long history, beside one with a small campus and none. */
export const growth: Measurement = {
  figures: ['growth'],
  async run(bench): Promise<Measured> {
    const history = bench.quick ? 100_000 : 1_000_000;
    const small = await gatewayWith(bench, 100, 0);
    const large = await gatewayWith(bench, 5_000, 0);
    bench.say('rounds of 100 connections x 10 in flight, 100 devices and 5,000');
    const shape = { connections: 100, inFlight: 10 };
    const devices = await compare(
      bench,
      [large, { ...shape, devices: 5_000 }],
      [small, { ...shape, devices: 100 }],
    );
    bench.say(`a journal of ${history.toLocaleString('en')} rows`);
    const old = await gatewayWith(bench, 100, history);
    const rows = await compare(bench, [old, shape], [small, shape]);
    const line = (of: string, name: string, [ours, theirs]: [number[], number[]]): Row => ({
      figure: 'growth',
      of,
      gateway: perSecond(ours),
      beside: `${name} ${perSecond(theirs)}`,
      ratio: ratioOf(ours, theirs),
    });
    return {
      figures: { growth: { devices: ratioOf(...devices), rows: ratioOf(...rows) } },
      rows: [
        line('ingest with 5,000 devices', '100 devices', devices),
        line(`ingest with ${history.toLocaleString('en')} rows`, 'new journal', rows),
      ],
    };
  },
};

async function gatewayWith(bench: Bench, modules: number, rows: number): Promise<number> {
  const dir = bench.folder(`${modules}-${rows}`);
  if (rows > 0) await fillJournal(join(dir, 'data'), rows);
  const gateway = await bench.own(startBenchGateway(dir, modules));
  await FeedReader.open(gateway.session);
  return gateway.mqttPort;
}

async function compare(
  bench: Bench,
  [ours, wide]: [port: number, shape: Shape],
  [theirs, narrow]: [port: number, shape: Shape],
): Promise<[number[], number[]]> {
  const [rounds, ms] = bench.quick ? [2, 1_000] : [4, 3_000];
  const samples = await alternate(rounds, {
    ours: () => load(ours, wide, ms, account),
    theirs: () => load(theirs, narrow, ms, account),
  });
  return [samples.ours, samples.theirs];
}
