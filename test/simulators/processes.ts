import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A real process under test, with its output kept by line. */
export interface RunningProcess {
  readonly child: ChildProcess;
  /** Lines of standard output and error so far, newest last (bounded). */
  readonly lines: string[];
  /** The first line (past or future) that `match` accepts; rejects when the process ends or time runs out. */
  line(match: (line: string) => boolean, withinMs?: number): Promise<string>;
  /** The same, of the lines that come from now on. */
  nextLine(match: (line: string) => boolean, withinMs?: number): Promise<string>;
  readonly ended: Promise<number | null>;
  /** Asks it to stop; SIGKILL after `graceMs`. Resolves with its exit code. */
  stop(graceMs?: number): Promise<number | null>;
  kill(): Promise<void>;
}

const KEEP_LINES = 5_000;

/** Starts a program and follows what it prints. */
export function startProcess(command: string, args: string[], env: NodeJS.ProcessEnv = {}): RunningProcess {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const waiters = new Set<(line: string) => void>();
  const take = (line: string): void => {
    lines.push(line);
    if (lines.length > KEEP_LINES) lines.shift();
    for (const waiter of [...waiters]) waiter(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      take(`cannot start ${command}: ${error.message}`);
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  const nextLine = (match: (line: string) => boolean, withinMs = 20_000): Promise<string> =>
    new Promise((resolve, reject) => {
      const end = (why: string): void => {
        cleanUp();
        reject(new Error(`${command} ${args[0] ?? ''}: ${why}; it printed:\n${lines.slice(-30).join('\n')}`));
      };
      const waiter = (next: string): void => {
        if (!match(next)) return;
        cleanUp();
        resolve(next);
      };
      const timer = setTimeout(() => end(`no such line within ${withinMs} ms`), withinMs);
      const cleanUp = (): void => {
        clearTimeout(timer);
        waiters.delete(waiter);
      };
      waiters.add(waiter);
      void ended.then((code) => end(`it ended with ${code}`));
    });
  const line = async (match: (line: string) => boolean, withinMs?: number): Promise<string> =>
    lines.find(match) ?? nextLine(match, withinMs);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const stop = async (graceMs = 10_000): Promise<number | null> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const code = await ended;
    clearTimeout(timer);
    return code;
  };
  return { child, lines, line, nextLine, ended, stop, kill };
}
