// npm run bench -- [--quick] [--json FILE] [--only NAME,...]: every figure beside its baseline (docs/performance.md).
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { locate, PEERS } from '../setup/peers.mjs';
import type { RunningProcess } from '../simulators/processes.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { drain } from './drain.ts';
import { externalBroker } from './external-broker.ts';
import { type Bench, type Figures, type Measurement, omitted, type Row } from './figures.ts';
import { flood } from './flood.ts';
import { growth } from './growth.ts';
import { ingest } from './ingest.ts';
import { latency } from './latency.ts';
import { liveView } from './live-view.ts';
import { startUp } from './start-up.ts';
import { table } from './table.ts';

const measurements: readonly Measurement[] = [
  ingest,
  externalBroker,
  latency,
  flood,
  drain,
  startUp,
  growth,
  liveView,
];
const usage = `npm run bench -- [--quick] [--json FILE] [--only NAME,...]
  NAME: ${measurements.flatMap(({ figures }) => figures).join(', ')}; the first letters are enough`;
const TMPFS = 0x0102_1994;

const { quick, json, only } = options();
const temp = tempDir('bench');
let folders = 0;
const running: RunningProcess[] = [];
const bench: Bench = {
  quick,
  mosquitto: findMosquitto(),
  folder: (name) => {
    const dir = join(temp.dir, `${++folders}-${name}`);
    mkdirSync(dir);
    return dir;
  },
  own: async (starting) => {
    const started = await starting;
    running.push(started.process);
    return started;
  },
  say: (text) => process.stderr.write(`  ${text}\n`),
};

const chosen = measurements.filter(
  ({ figures }) =>
    only === undefined || figures.some((figure) => only.some((name) => figure.startsWith(name))),
);
if (chosen.length === 0) fail(`--only ${only?.join(',')}: no such figure`);

process.stderr.write(
  `${cpus().length} x ${cpus()[0]?.model.trim()}, node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`,
);
if (statfsSync(temp.dir).type === TMPFS) {
  process.stderr.write(
    `${temp.dir} is in memory: nothing is durable there. Set TMPDIR to a folder on a disk.\n`,
  );
}
const figures: Partial<Figures> = {};
const rows: Row[] = [];
let failed = false;
const began = performance.now();
for (const measurement of chosen) {
  process.stderr.write(`${measurement.figures.join(', ')}\n`);
  try {
    const measured = await measurement.run(bench);
    Object.assign(figures, measured.figures);
    rows.push(...measured.rows);
  } catch (error) {
    failed = true;
    process.stderr.write(`  not measured: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  await Promise.all(running.splice(0).map((one) => one.kill()));
}
temp.remove();
process.stdout.write(`\n${table(rows)}\n\n`);
for (const [figure, why] of Object.entries(omitted)) process.stdout.write(`${figure}: left out, ${why}\n`);
process.stdout.write(`${((performance.now() - began) / 60_000).toFixed(1)} min${quick ? ', quick' : ''}\n`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
process.exit(failed ? 1 : 0);

function options(): { quick: boolean; json: string | undefined; only: string[] | undefined } {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    return { quick: values.quick, json: values.json, only: values.only?.split(',') };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(why: string): never {
  process.stderr.write(`${why}\n${usage}\n`);
  process.exit(2);
}

function findMosquitto(): string | undefined {
  const peer = PEERS.find(({ name }) => name === 'mosquitto');
  const found = peer === undefined ? undefined : locate(peer);
  if (found === undefined)
    process.stderr.write('mosquitto is not there: figures that need it are left out\n');
  return found;
}
