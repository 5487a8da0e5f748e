import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { endChild, isMissing, Tail } from '../adapters/video/child.ts';

/** Why ffmpeg made nothing. */
export class FfmpegFailure extends Error {
  override readonly name = 'FfmpegFailure';
  readonly kind: 'missing' | 'timeout' | 'failed';

  constructor(kind: FfmpegFailure['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface FfmpegRun {
  /** Program. */
  ffmpeg: string;
  args: readonly string[];
  /** Folder in which it runs; what is named relative to it needs no escaping. */
  cwd?: string;
  /** Its standard input. */
  input?: readonly Buffer[];
  timeoutMs: number;
  /** More output than this is a failure. */
  maxBytes: number;
}

/** Less than the gateway: alarms first. */
const NICE = 10;
const GRACE_MS = 500;

/** Runs ffmpeg once; what it writes to its standard output. Rejects with an `FfmpegFailure`, within `timeoutMs` and a moment. */
export function runFfmpeg({
  ffmpeg,
  args,
  cwd,
  input = [],
  timeoutMs,
  maxBytes,
}: FfmpegRun): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(ffmpeg, ['-hide_banner', '-nostats', '-loglevel', 'error', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // of the gateway's own environment it needs nothing, and secrets may be in it
      env: { PATH: process.env.PATH },
      ...(cwd === undefined ? {} : { cwd }),
    });
    const tail = new Tail();
    const chunks: Buffer[] = [];
    let length = 0;
    let why: FfmpegFailure | undefined;
    const end = (failure: FfmpegFailure): void => {
      why ??= failure;
      void endChild(child, GRACE_MS);
    };
    const timer = setTimeout(
      () => end(new FfmpegFailure('timeout', `ffmpeg took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    if (child.pid !== undefined) lowerPriority(child.pid);
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) end(new FfmpegFailure('failed', `ffmpeg made more than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => tail.add(chunk));
    // it may have read enough and be gone
    child.stdin.on('error', () => undefined);
    for (const piece of input) child.stdin.write(piece);
    child.stdin.end();
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(
        isMissing(error)
          ? new FfmpegFailure('missing', `there is no program ${ffmpeg}: install ffmpeg on the gateway`)
          : new FfmpegFailure('failed', error.message),
      );
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (why !== undefined) reject(why);
      else if (code === 0) resolve(Buffer.concat(chunks));
      else
        reject(new FfmpegFailure('failed', `ffmpeg ended with ${code}: ${tail.text.trimEnd().slice(-300)}`));
    });
  });
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // it is gone already
  }
}
