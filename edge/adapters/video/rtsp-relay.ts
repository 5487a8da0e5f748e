import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { CameraStream } from './camera-streams.ts';
import { problems } from './problems.ts';
import { encodeMessage, headerValue, RtspFault, type RtspMessage, RtspReader } from './rtsp-message.ts';
import {
  defaultSessionTimes,
  RtspSession,
  type SessionEvents,
  type SessionTimes,
  streamAddress,
} from './rtsp-session.ts';

/** Who connects says at once what it wants. */
const FIRST_REQUEST_MS = 5_000;
/** 192 bits. */
const TOKEN_BYTES = 24;
/** Connections at once; each stream that is shown has one. */
const MAX_CONNECTIONS = 64;

/** Leave to fetch one camera's stream, once. */
export interface Grant {
  /** For ffmpeg's command line: no password and nothing of the camera in it. */
  readonly url: string;
  /** Ends the leave, and the connection that used it. */
  revoke(): void;
}

interface Waiting {
  stream: CameraStream;
  address: URL;
  events: SessionEvents;
  session?: RtspSession;
  revoked: boolean;
}

/**
 * An RTSP server on the loopback interface that fetches from cameras with their passwords, so that these stand on no
 * command line. It admits who knows a token, and each token once: the command line of ffmpeg, where others of this
 * machine may read it, opens nothing any more by then.
 */
export class RtspRelay {
  readonly #times: SessionTimes;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #listening: Promise<number> | undefined;
  /** Connections that were turned away. */
  refused = 0;

  constructor(times: Partial<SessionTimes> = {}) {
    this.#times = { ...defaultSessionTimes, ...times };
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Rejects when this machine gives no port. A stream whose address is no RTSP fails through `events`. */
  async grant(stream: CameraStream, events: SessionEvents): Promise<Grant | undefined> {
    const address = streamAddress(stream);
    if (address === undefined) {
      events.failed(problems.badAddress());
      return undefined;
    }
    this.#listening ??= this.#listen();
    const port = await this.#listening;
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    const waiting: Waiting = { stream, address, events, revoked: false };
    this.#waiting.set(token, waiting);
    return {
      url: `rtsp://127.0.0.1:${port}/${token}`,
      revoke: () => {
        this.#waiting.delete(token);
        waiting.revoked = true;
        waiting.session?.end();
      },
    };
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#waiting.clear();
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    this.#listening = undefined;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.#admit(socket));
      server.maxConnections = MAX_CONNECTIONS;
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0 }, () => {
        this.#server = server;
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  #admit(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const timer = setTimeout(() => this.#turnAway(socket), FIRST_REQUEST_MS);
    socket.on('close', () => clearTimeout(timer));
    const later: Buffer[] = [];
    let first: RtspMessage | undefined;
    const reader = new RtspReader({
      message: (message) => {
        if (first === undefined) first = message;
        else later.push(encodeMessage(message));
      },
      media: (bytes) => later.push(bytes),
    });
    const onData = (chunk: Buffer): void => {
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof RtspFault)) throw error;
        this.#turnAway(socket);
        return;
      }
      if (first === undefined) return;
      socket.off('data', onData);
      clearTimeout(timer);
      this.#begin(socket, first, Buffer.concat(later));
    };
    socket.on('data', onData);
  }

  #begin(socket: Socket, first: RtspMessage, rest: Buffer): void {
    const uri = first.startLine.split(' ', 2)[1] ?? '';
    const own = uri.match(/^rtsp:\/\/127\.0\.0\.1:\d+\/([0-9a-f]+)/);
    const waiting = this.#waiting.get(own?.[1] ?? '');
    if (own === null || waiting === undefined) {
      const cseq = headerValue(first, 'cseq') ?? '0';
      this.#turnAway(socket, `RTSP/1.0 404 Not Found\r\nCSeq: ${cseq}\r\n\r\n`);
      return;
    }
    this.#waiting.delete(own[1] as string);
    const { stream, address, events } = waiting;
    waiting.session = new RtspSession(socket, own[0], address, stream, events, this.#times);
    waiting.session.begin(first, rest);
    if (waiting.revoked) waiting.session.end();
  }

  #turnAway(socket: Socket, answer = ''): void {
    this.refused++;
    socket.end(answer);
    setTimeout(() => socket.destroy(), 1_000).unref();
  }
}
