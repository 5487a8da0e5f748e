import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, CameraIdentity, Command, ProcessOptions, RemoteMethod } from './process-protocol.ts';
import type { SimulatedCamera } from './types.ts';

/** Cameras in a process of their own. */
export interface CameraProcess {
  readonly pid: number;
  /** Where they were at the start. */
  readonly cameras: readonly CameraIdentity[];
  /** Of its discovery responder, if it was asked for one. */
  readonly discoveryPort: number | undefined;
  /**
   * Calls a method on cameras by index from 0; results in that order, and the moment (milliseconds since the epoch,
   * monotonic in the process) when it ran.
   */
  call<M extends RemoteMethod>(
    cameras: 'all' | readonly number[],
    method: M,
    ...args: Parameters<SimulatedCamera[M]>
  ): Promise<{ at: number; results: Array<Awaited<ReturnType<SimulatedCamera[M]>>> }>;
  /** Where a camera is now (it may have moved). */
  whereIs(camera: number): Promise<CameraIdentity>;
  stop(): Promise<void>;
}

/** Starts the process; resolves when all its cameras answer. */
export async function startCameraProcess(options: ProcessOptions): Promise<CameraProcess> {
  const extension = extname(import.meta.url);
  const program = fileURLToPath(new URL(`./main${extension}`, import.meta.url));
  // From the sources (under vitest) or compiled (under bench and demo).
  const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...loader, program, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      const error = new Error(`the process of cameras ended with ${code}`);
      for (const { reject } of waiting.values()) reject(error);
      resolve();
    });
  });
  child.stdin.on('error', () => {});

  const lines = createInterface({ input: child.stdout });
  const { ready, discoveryPort } = await new Promise<{ ready: CameraIdentity[]; discoveryPort?: number }>(
    (resolve, reject) => {
      child.once('error', reject);
      void ended.then(() => reject(new Error('the process of cameras ended before it was ready')));
      lines.once('line', (line) => resolve(JSON.parse(line)));
    },
  );
  lines.on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });

  let lastId = 0;
  const send = async (command: Omit<Command, 'id'>): Promise<{ at: number; results: unknown[] }> => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error('the process of cameras has ended');
    lastId += 1;
    const id = lastId;
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    });
    if (answer.error !== undefined) throw new Error(`${command.method}: ${answer.error}`);
    return answer;
  };
  return {
    pid: child.pid!,
    cameras: ready,
    discoveryPort,
    call: (cameras, method, ...args) =>
      send({ cameras, method, args }) as ReturnType<CameraProcess['call']> as never,
    whereIs: async (camera) => {
      const { results } = await send({ cameras: [camera], method: 'identity', args: [] });
      return results[0] as CameraIdentity;
    },
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
