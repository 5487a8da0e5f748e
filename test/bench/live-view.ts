import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { packageFile } from '../../contract/package-root.ts';
import { locate, PEERS, type PeerName } from '../setup/peers.mjs';
import { freePort } from '../simulators/mosquitto.ts';
import { type RunningProcess, startProcess } from '../simulators/processes.ts';
import { startRtspSource } from '../simulators/rtsp.ts';
import { waitFor } from '../simulators/wait.ts';
import { alternate } from './alternate.ts';
import { cameraPicture } from './camera-picture.ts';
import type { Bench, Measured, Measurement } from './figures.ts';
import { median, ratioOf, round } from './statistics.ts';

/** Of `utime` and `stime` in /proc (sysconf(_SC_CLK_TCK), 100 on Linux). */
const TICKS_PER_S = 100;
const account = { user: 'bench', password: 'bench-camera' };

/** Before the measured time: both sides open the stream anew, which plays from its beginning. */
const START_S = 40;

/** Processor time of one viewed camera, 1080p25 H.264 at 4 Mbit/s: the gateway's copy beside node-rtsp-stream's MPEG-1. */
export const liveView: Measurement = {
  figures: ['liveview_cpu_ratio_node_rtsp_stream'],
  async run(bench): Promise<Measured> {
    for (const name of ['ffmpeg', 'gstreamer'] as const) requireProgram(name);
    const [rounds, seconds] = bench.quick ? [1, 60] : [3, 60];
    bench.say('a picture like that of a camera is made');
    const file = await cameraPicture(bench.folder('picture'), seconds + START_S);
    const source = await bench.own(startRtspSource({ file, account }));
    const url = source.url('h264');
    bench.say(`${rounds} x ${seconds} s of a viewed camera, 1080p25 H.264 at 4 Mbit/s`);
    const { ours, theirs } = await alternate(rounds, {
      ours: () => viewed(bench, seconds, (file) => [file('live-view-ours.js'), url]),
      theirs: async () => {
        const port = String(await freePort());
        const { user, password } = account;
        const open = url.replace('//', `//${user}:${password}@`);
        return viewed(bench, seconds, () => [
          packageFile('test', 'bench', 'live-view-theirs.mjs'),
          open,
          port,
        ]);
      },
    });
    const ratio = ratioOf(ours, theirs);
    return {
      figures: { liveview_cpu_ratio_node_rtsp_stream: ratio },
      rows: [
        {
          figure: 'liveview_cpu_ratio_node_rtsp_stream',
          of: 'CPU-seconds a minute, one camera',
          gateway: `${round(median(ours))} s`,
          beside: `node-rtsp-stream ${round(median(theirs))} s`,
          ratio,
          target: { atMost: 0.1 },
        },
      ],
    };
  },
};

/** CPU-seconds a minute of a process and its ffmpeg, while somebody looks. */
async function viewed(
  bench: Bench,
  seconds: number,
  command: (file: (name: string) => string) => string[],
): Promise<number> {
  const args = command((name) => packageFile('dist', 'test', 'bench', name));
  const env = { RTSP_USER: account.user, RTSP_PASSWORD: account.password };
  const { process: side } = await bench.own(started(startProcess(process.execPath, args, env)));
  const { port } = JSON.parse(await side.line((line) => line.startsWith('{"port"'))) as { port: number };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  let bytes = 0;
  socket.on('message', (data: Buffer) => {
    bytes += data.length;
  });
  socket.on('error', () => undefined);
  try {
    await waitFor('the picture', () => bytes > 100_000, 30_000);
    const pid = side.child.pid as number;
    const [before, had] = [cpuSeconds(pid), bytes];
    const began = performance.now();
    await sleep(seconds * 1_000);
    const used = cpuSeconds(pid) - before;
    const minutes = (performance.now() - began) / 60_000;
    const kbps = Math.round(((bytes - had) * 8) / 1_000 / (minutes * 60));
    bench.say(`${args[0]?.split('/').at(-1)}: ${round(used / minutes)} CPU-s/min, ${kbps} kbit/s`);
    // a stream that stands still costs nothing, and is no result
    if (kbps < 50) throw new Error(`${args[0]}: no picture any more`);
    return used / minutes;
  } finally {
    socket.terminate();
    await side.stop(3_000);
  }
}

async function started(running: RunningProcess): Promise<{ process: RunningProcess }> {
  return { process: running };
}

/** User and system time of a process and all below it so far. */
function cpuSeconds(root: number): number {
  const processes = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // the name of the program may hold blanks: what follows the last bracket does not
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      return [{ pid: Number(name), parent: Number(fields[1]), seconds: ticks / TICKS_PER_S }];
    } catch {
      return [];
    }
  });
  const of = (pid: number): number =>
    processes.reduce(
      (sum, one) => sum + (one.pid === pid ? one.seconds : 0) + (one.parent === pid ? of(one.pid) : 0),
      0,
    );
  return of(root);
}

function requireProgram(name: PeerName): void {
  const peer = PEERS.find((one) => one.name === name);
  if (peer === undefined || locate(peer) === undefined)
    throw new Error(`${name} is not there: apt-get install ${peer?.package ?? name}`);
}
