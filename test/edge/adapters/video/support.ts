import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import type { Viewer } from '../../../../edge/adapters/video/channel.ts';
import type { VideoProblem } from '../../../../edge/adapters/video/problems.ts';
import {
  encodeMessage,
  headerValue,
  type RtspMessage,
  RtspReader,
} from '../../../../edge/adapters/video/rtsp-message.ts';
import type { Segment, StreamHead } from '../../../../edge/adapters/video/source.ts';

/** Somebody who looks, and keeps what happened. */
export class Watcher implements Viewer {
  readonly heads: StreamHead[] = [];
  readonly segments: Segment[] = [];
  readonly problems: Array<VideoProblem & { retryInMs: number | undefined }> = [];
  /** Of each stream, whether it began with a keyframe. */
  readonly begins: boolean[] = [];
  bytes = 0;

  started(head: StreamHead): void {
    this.heads.push(head);
  }

  segment(segment: Segment): void {
    if (this.begins.length < this.heads.length) this.begins.push(segment.keyframe);
    this.segments.push(segment);
    this.bytes += segment.data.length;
  }

  failed(problem: VideoProblem, retryInMs?: number): void {
    this.problems.push({ ...problem, retryInMs });
  }
}

/** A logger that keeps its lines. */
export function keptLog(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { logger: pino({ level: 'trace' }, sink), lines };
}

/** How many processes of this machine have these words on their command line; the lines themselves are not shown. */
export function commandLinesWith(words: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(words);
    } catch {
      return false;
    }
  }).length;
}

/** Ids of running (not stopped, not dead) children of this process whose command line has these words. */
export function children(words: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^PPid:\s+(\d+)/m)?.[1];
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return Number(parent) === process.pid && line.includes(words) ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
}

/** An RTSP server whose answers a test writes; it keeps what it was asked. */
export class ScriptedCamera {
  readonly asked: RtspMessage[] = [];
  readonly sockets = new Set<Socket>();
  port = 0;
  readonly #server: Server;

  private constructor(answer: (request: RtspMessage, socket: Socket) => string | undefined) {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      const reader = new RtspReader({
        message: (request) => {
          this.asked.push(request);
          const startLine = answer(request, socket);
          if (startLine === undefined) return;
          const [first = '', ...lines] = startLine.split('\n');
          const headers = lines.map((line): [string, string] => [
            line.slice(0, line.indexOf(':')),
            line.slice(line.indexOf(':') + 1).trim(),
          ]);
          const cseq = headerValue(request, 'cseq') ?? '0';
          socket.write(
            encodeMessage({ startLine: first, headers: [['CSeq', cseq], ...headers], body: Buffer.alloc(0) }),
          );
        },
        media: () => undefined,
      });
      socket.on('data', (chunk) => reader.push(chunk));
    });
  }

  /** `answer`: status line and, on further lines, headers; undefined: says nothing. */
  static async start(
    answer: (request: RtspMessage, socket: Socket) => string | undefined,
    host = '127.0.0.1',
  ): Promise<ScriptedCamera> {
    const camera = new ScriptedCamera(answer);
    await new Promise<void>((resolve) => camera.#server.listen(0, host, resolve));
    const address = camera.#server.address();
    if (typeof address === 'object' && address !== null) camera.port = address.port;
    return camera;
  }

  /** Authorization headers that were sent. */
  get authorisations(): string[] {
    return this.asked.flatMap((request) => headerValue(request, 'authorization') ?? []);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
