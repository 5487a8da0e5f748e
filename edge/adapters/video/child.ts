import type { ChildProcess } from 'node:child_process';

/** What ffmpeg said last: enough for a reason, however long it talks. */
const TAIL_BYTES = 4_096;
/** The end of what a program writes to standard error. */
export class Tail {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = (this.#text + chunk.toString('utf8')).slice(-TAIL_BYTES);
  }

  get text(): string {
    return this.#text;
  }
}

/** Ends a program, by force after `graceMs`: before a frozen source ffmpeg does not hear SIGTERM for minutes. Resolves when it is gone. */
export function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // never started, or gone
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** No such program, or none that may be run. */
export function isMissing({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOENT' || code === 'EACCES' || code === 'ENOEXEC';
}
