import { decodeFrame } from '../../cloud-bridge/frame-codec.ts';
import type { Alarm } from '../../contract/alarm.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { freePort, type Mosquitto } from '../simulators/mosquitto.ts';
import { type ReceiverProcess, startReceiver } from '../simulators/receiver.ts';
import { waitFor } from '../simulators/wait.ts';
import { arrivalRate } from './arrivals.ts';
import { startBridge, startPlainMosquitto } from './baselines.ts';
import { account, type BenchGateway, restartBenchGateway, startBenchGateway, writeBenchConfig } from './campus.ts';
import { CampusMix, publishMix } from './campus-mix.ts';
import type { Bench, Measured, Measurement } from './figures.ts';
import { perSecond } from './ingest.ts';
import { load } from './load.ts';
import { toggle } from './load-generator.ts';
import { Publisher } from './paced-publisher.ts';
import { commitsOfOneRow } from './single-commits.ts';
import { median, percentiles, ratioOf, round } from './statistics.ts';
import { subscribe } from './subscriber.ts';

const MODULES = 500;
/** Rows of a full bulk frame. */
const FULL = 500;

/** A backlog goes to the province: stored and receipted by the receiver, over a real mosquitto. */
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
    if (mosquitto === undefined) throw new Error('needs a real mosquitto as the province: apt-get install mosquitto');
    const [rounds, backlog] = bench.quick ? [1, 20_000] : [3, 60_000];
    const campus = new Campus(bench, mosquitto, backlog);
    const drained: number[] = [];
    const singles: number[] = [];
    const bridged: number[] = [];
    const stored: number[] = [];
    const commits: number[] = [];
    const alarms: number[] = [];
    for (let n = 0; n < rounds; n++) {
      bench.say(`round ${n + 1} of ${rounds}: a backlog of ${backlog.toLocaleString('en')} events`);
      const { rate, alarmMs, frames, province } = await campus.drain();
      drained.push(rate);
      alarms.push(...alarmMs);
      singles.push(await single(province.port, bench.quick ? 1_500 : 3_000));
      bridged.push(await bridge(bench, mosquitto, backlog / 3));
      stored.push(await replay(bench, province, frames));
      commits.push(await commitsOfOneRow(bench.folder('commits'), bench.quick ? 500 : 1_500));
    }
    const { wire, body, frames } = campus.sizes;
    const alarm = percentiles(alarms);
    const figures = {
      drain_events_per_s: Math.round(median(drained)),
      drain_ratio_single: ratioOf(drained, singles),
      drain_ratio_mosquitto_bridge: ratioOf(drained, bridged),
      alarm_during_drain_ms: { p50: alarm.p50, max: alarm.max },
      bytes_per_event: round(wire),
      receiver_rows_per_s: Math.round(median(stored)),
    };
    const gateway = perSecond(drained);
    return {
      figures,
      rows: [
        { figure: 'drain_ratio_single', of: 'stored at the receiver', gateway, beside: `one by one ${perSecond(singles)}`, ratio: figures.drain_ratio_single },
        { figure: 'drain_ratio_mosquitto_bridge', of: 'stored at the receiver', gateway, beside: `mosquitto bridge ${perSecond(bridged)}`, ratio: figures.drain_ratio_mosquitto_bridge },
        { figure: 'alarm_during_drain_ms', of: `press to receipt, ${alarms.length} presses`, gateway: `${alarm.p50} ms, worst ${alarm.max} ms`, beside: 'required: 2,000 ms', ratio: round(alarm.max / 2_000), target: { atMost: 1 } },
        { figure: 'bytes_per_event', of: `${frames} full frames`, gateway: `${round(wire)} bytes`, beside: `JSON ${Math.round(body)} bytes`, ratio: round(wire / body) },
        { figure: 'receiver_rows_per_s', of: 'the same frames at once', gateway: perSecond(stored), beside: `a commit a row ${perSecond(commits)}`, ratio: ratioOf(stored, commits) },
      ],
    };
  },
};

interface Drained {
  rate: number;
  /** From each panic press during the drain to its receipt on the live feed. */
  alarmMs: number[];
  /** Bulk frames as they passed the broker. */
  frames: Buffer[];
  province: Mosquitto;
}
