import type { WebSocket } from '@fastify/websocket';
import { liveClose, liveReportSchema } from '../../contract/live.ts';
import { type VideoNotice, type ViewRequest, viewRequestSchema } from '../../contract/live-video.ts';
import type { Audience } from './audience.ts';
import type { SharedFrame } from './live-frame.ts';
import type { Session } from './sessions.ts';

/** Text that may wait for a slow client, beside the largest it was given at once: 1 MB. */
const MAX_BUFFERED = 1_000_000;
/** A client that does not take a replayed frame within this time is too slow. */
const DRAIN_MS = 15_000;
/** From the close frame to cutting the connection. */
const CLOSE_MS = 3_000;
/** Heartbeats that may go unanswered (WebSocket ping) before the connection counts as dead. */
const MAX_SILENT_PINGS = 3;

/** A commit that was announced while the client still caught up. */
export interface PendingCommit {
  position: number;
  rows: number;
  frame: SharedFrame;
}

/** What a connection tells the hub. */
export interface LiveClientEvents {
  /** It wants to see a camera, or no longer. */
  view(client: LiveClient, request: ViewRequest): void;
  /** Its sound was switched on or off. */
  sound(client: LiveClient): void;
  /** It sent what means nothing. */
  ignored(): void;
  closed(client: LiveClient): void;
}

/** One connection of the live feed. `joining`: it catches up; commits wait in `pending`. */
export class LiveClient {
  readonly session: Session;
  readonly audience: Audience;
  readonly #socket: WebSocket;
  #largest = 0;
  #unanswered = 0;
  #state: 'new' | 'joining' | 'live' | 'closed' = 'new';
  #soundArmed = false;
  #status: string | undefined;
  /** It has everything up to here. */
  position = 0;
  pending: PendingCommit[] = [];
  pendingRows = 0;

  constructor(socket: WebSocket, session: Session, audience: Audience, events: LiveClientEvents) {
    this.#socket = socket;
    this.session = session;
    this.audience = audience;
    socket.on('pong', () => {
      this.#unanswered = 0;
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const said = isBinary ? undefined : parsed(data);
      const armed = liveReportSchema.safeParse(said).data?.armed;
      const request = armed === undefined ? viewRequestSchema.safeParse(said).data : undefined;
      if (request !== undefined) events.view(this, request);
      else if (armed === undefined) events.ignored();
      else if (armed !== this.#soundArmed) {
        this.#soundArmed = armed;
        events.sound(this);
      }
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#end();
      events.closed(this);
    });
  }

  /** It has said that it can be heard, and is there. */
  get soundArmed(): boolean {
    return this.#soundArmed && this.#state !== 'closed';
  }

  get state(): 'new' | 'joining' | 'live' | 'closed' {
    return this.#state;
  }

  /** The first frame; heartbeats may follow it. */
  greet(text: string): void {
    if (this.#state !== 'new') return;
    this.#state = 'joining';
    this.send(Buffer.from(text));
  }

  /** Keeps a commit until the client has caught up. */
  wait(commit: PendingCommit): void {
    this.pending.push(commit);
    this.pendingRows += commit.rows;
  }

  /** It has everything up to here from the journal. */
  reached(position: number): void {
    if (position > this.position) this.position = position;
    while (this.pending[0] !== undefined && this.pending[0].position <= this.position) {
      this.pendingRows -= this.pending[0].rows;
      this.pending.shift();
    }
  }

  /** It is up to date: from now on it gets each commit as it comes. */
  goLive(): void {
    if (this.#state === 'joining') this.#state = 'live';
    this.pending = [];
    this.pendingRows = 0;
  }

  /** Sends a status unless it is the one it has. */
  show(status: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.send(Buffer.from(status));
  }

  /** Queues a frame; a client that lets more than 1 MB pile up is closed with 4002. */
  send(text: Buffer): void {
    this.sendAll([text]);
  }

  /** Queues frames that belong together. */
  sendAll(texts: readonly Buffer[]): void {
    if (this.#state === 'closed') return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED + this.#largest) {
      this.close(liveClose.tooSlow, 'too slow');
      return;
    }
    let bytes = 0;
    for (const text of texts) {
      bytes += text.length;
      this.#socket.send(text, { binary: false });
    }
    if (bytes > this.#largest) this.#largest = bytes;
  }

  /** Tells of a live picture. */
  notify(notice: VideoNotice): void {
    this.send(Buffer.from(JSON.stringify(notice)));
  }

  /** Hands a piece of video to the network; `taken` once it is there, never when the client is gone. */
  sendVideo(frame: Uint8Array, taken: () => void): void {
    if (this.#state === 'closed') return;
    this.#socket.send(frame, { binary: true }, (error) => {
      if (error == null) taken();
    });
  }

  /** Sends a frame and waits until the network took it; false once the client is gone or too slow. */
  sendAndDrain(text: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#state === 'closed') return resolve(false);
      const timer = setTimeout(() => {
        this.close(liveClose.tooSlow, 'too slow');
        resolve(false);
      }, DRAIN_MS);
      this.#socket.send(text, { binary: false }, (error) => {
        clearTimeout(timer);
        resolve(!error && this.#state !== 'closed');
      });
    });
  }

  /** Asks whether the other side is there; cuts the connection when it did not answer for some time. */
  ping(): void {
    if (this.#state === 'closed') return;
    if (this.#unanswered++ >= MAX_SILENT_PINGS) this.#socket.terminate();
    else this.#socket.ping();
  }

  close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.#end();
    this.#socket.close(code, reason);
    // who does not read does not see the close frame either
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  #end(): void {
    this.#state = 'closed';
    this.pending = [];
  }
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
