import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startProcess } from '../simulators/processes.ts';
import { alternate } from './alternate.ts';
import { startBareAedes } from './baselines.ts';
import { account, restartBenchGateway, startBenchGateway } from './campus.ts';
import { FeedReader } from './feed-reader.ts';
import type { Measured, Measurement } from './figures.ts';
import { load } from './load.ts';
import { median, ratioOf, round } from './statistics.ts';

const run = promisify(execFile);
const MODULES = 1_000;

/** From the command to `ready` on a campus that is known already; memory before and after a load. */
export const startUp: Measurement = {
  figures: ['start_ms', 'rss_mb'],
  async run(bench): Promise<Measured> {
    const [rounds, ms] = bench.quick ? [3, 2_000] : [7, 10_000];
    const dir = bench.folder('start');
    await (await bench.own(startBenchGateway(dir, MODULES))).process.stop();
    bench.say(`${rounds} starts`);
    const { ours, theirs, node } = await alternate(rounds, {
      ours: async () => {
        const gateway = await bench.own(restartBenchGateway(dir));
        await gateway.process.stop();
        return gateway.startMs;
      },
      theirs: async () => {
        const bare = await bench.own(startBareAedes());
        await bare.process.kill();
        return bare.startMs;
      },
      node: emptyNode,
    });

    const gateway = await bench.own(restartBenchGateway(dir));
    const bare = await bench.own(startBareAedes());
    const feed = await FeedReader.open(gateway.session);
    const idle = [await rssOf(gateway.process.child.pid), await rssOf(bare.process.child.pid)];
    bench.say(`memory before and after ${ms / 1000} s of load`);
    const shape = { connections: MODULES, inFlight: 1 };
    await load(gateway.mqttPort, shape, ms, account);
    await load(bare.port, shape, ms);
    const loaded = [await rssOf(gateway.process.child.pid), await rssOf(bare.process.child.pid)];
    feed.close();

    const rss = (figure: number[], of: string) => ({
      figure: 'rss_mb' as const,
      of,
      gateway: `${figure[0]} MB`,
      beside: `aedes ${figure[1]} MB`,
      ratio: round((figure[0] as number) / (figure[1] as number)),
    });
    const beside = `aedes ${Math.round(median(theirs))} ms, node alone ${Math.round(median(node))} ms`;
    return {
      figures: {
        start_ms: Math.round(median(ours)),
        rss_mb: { idle: idle[0] as number, loaded: loaded[0] as number },
      },
      rows: [
        {
          figure: 'start_ms',
          of: `${MODULES} modules`,
          gateway: `${Math.round(median(ours))} ms`,
          beside,
          ratio: ratioOf(ours, theirs),
        },
        rss(idle, 'idle'),
        rss(loaded, `after ${ms / 1000} s at full load`),
      ],
    };
  },
};

async function emptyNode(): Promise<number> {
  const began = performance.now();
  await startProcess(process.execPath, ['-e', '0']).ended;
  return performance.now() - began;
}

/** Resident memory of a process, MB. */
async function rssOf(pid: number | undefined): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Math.round(Number(stdout) / 1024);
}
