import { packageFile } from '../../contract/package-root.ts';
import { nodeFlags } from '../simulators/gateway.ts';
import { type Mosquitto, startMosquitto } from '../simulators/mosquitto.ts';
import { type RunningProcess, startProcess } from '../simulators/processes.ts';

export interface BareAedes {
  process: RunningProcess;
  port: number;
  /** Start to listening, milliseconds. */
  startMs: number;
}

/** aedes alone as a process of its own. */
export async function startBareAedes(): Promise<BareAedes> {
  const began = performance.now();
  const running = startProcess(process.execPath, [
    ...nodeFlags,
    packageFile('dist', 'test', 'bench', 'bare-aedes.js'),
  ]);
  const { port } = JSON.parse(await running.line((line) => line.startsWith('{'))) as { port: number };
  return { process: running, port, startMs: performance.now() - began };
}

/** mosquitto as it comes: everything in memory. `extra`: further lines of its configuration. */
export function startPlainMosquitto(
  program: string,
  dir: string,
  port?: number,
  extra: string[] = [],
): Promise<Mosquitto> {
  return startMosquitto(program, dir, { verbose: false, extra, ...(port === undefined ? {} : { port }) });
}

/** mosquitto with a save of its database for each change: the only way it keeps what it acknowledged. */
export function startDurableMosquitto(program: string, dir: string): Promise<Mosquitto> {
  const extra = [
    'persistence true',
    `persistence_location ${dir}/`,
    'autosave_on_changes true',
    'autosave_interval 1',
    'max_queued_messages 0',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  return startMosquitto(program, dir, { verbose: false, extra });
}

/** mosquitto that queues without limit for a broker at `port` and forwards with QoS 1, as its manual describes it. */
export function startBridge(program: string, dir: string, port: number): Promise<Mosquitto> {
  const extra = [
    'max_queued_messages 0',
    'connection province',
    `address 127.0.0.1:${port}`,
    'topic # out 1',
    'cleansession false',
    'restart_timeout 1',
  ];
  return startMosquitto(program, dir, { verbose: false, extra });
}
