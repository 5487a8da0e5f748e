import { jitterAboveFirst } from '../../contract/back-off.ts';
import type { LiveFrame, LiveReport } from '../../contract/live.ts';
import { LIVE_WATCHDOG_MS, liveClose } from '../../contract/live-timing.ts';
import type { VideoNotice, ViewRequest } from '../../contract/live-video.ts';

/** Pause before connecting again, milliseconds: random below a limit that doubles from the first to the second. */
export const RECONNECT_MS = { firstMs: 500, maxMs: 5_000 } as const;
/** A connection that has not said hello within this time is given up. */
const HELLO_WITHIN_MS = 8_000;

/** `up`: the gateway talks. `down`: not now, for less than 12 s. `lost`: longer; the screen can no longer be trusted. */
export type Link = 'up' | 'down' | 'lost';

/** What the feed needs of a WebSocket. */
export interface Socket {
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LiveOptions {
  open(resume: { since: number; epoch: string } | undefined): Socket;
  /** Where to go on; undefined asks for a snapshot. Read at every connection. */
  resume(): { since: number; epoch: string } | undefined;
  onFrame(frame: LiveFrame): void;
  /** A live picture: what is said of it, or a binary frame of it. */
  onVideo(message: VideoNotice | ArrayBuffer): void;
  onLink(link: Link): void;
  /** The gateway refused the position: forget it. */
  onBadSince(): void;
  onSessionEnded(): void;
  /** Asked when a connection fails before its hello, since a browser does not tell why: has the session ended? */
  isSessionEnded(): Promise<boolean>;
  /** Milliseconds from anywhere, never stepping back. */
  monotonic(): number;
  /** 0 to 1. */
  random(): number;
}

/**
 * The one WebSocket of this tab: resumes, watches for silence, and connects again for ever. It has no timer of its own:
 * `tick` is called at least once a second.
 */
export class LiveFeed {
  readonly #o: LiveOptions;
  #socket: Socket | undefined;
  #openedAt = 0;
  #greeted = false;
  #connectAt: number | undefined;
  #failures = 0;
  #heardAt = 0;
  #link: Link = 'down';
  #running = false;
  #soundArmed = false;

  constructor(options: LiveOptions) {
    this.#o = options;
  }

  get link(): Link {
    return this.#link;
  }

  start(): void {
    this.#running = true;
    this.#heardAt = this.#o.monotonic();
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#connectAt = undefined;
    this.#drop();
  }

  /** Watchdog, waiting hellos and reconnects. */
  tick(): void {
    if (!this.#running) return;
    const now = this.#o.monotonic();
    const silent = now - this.#heardAt >= LIVE_WATCHDOG_MS;
    if (silent) this.#setLink('lost');
    if (this.#socket !== undefined) {
      const mute = this.#greeted ? silent : now - this.#openedAt >= HELLO_WITHIN_MS;
      if (mute) {
        this.#drop();
        this.#retry();
      }
    } else if (this.#connectAt !== undefined && now >= this.#connectAt) {
      this.#connect();
    }
  }

  /** The computer's network is back: do not wait. */
  hurry(): void {
    if (this.#running && this.#socket === undefined) this.#connect();
  }

  /** Can this screen be heard? The gateway is told of each change, and again after each hello. */
  tellSound(armed: boolean): void {
    if (armed === this.#soundArmed) return;
    this.#soundArmed = armed;
    if (this.#greeted) this.#report();
  }

  /** Asks for a live picture; without a connection nothing: each hello is the time to ask. */
  ask(request: ViewRequest): void {
    if (this.#greeted) this.#socket?.send(JSON.stringify(request));
  }

  #report(): void {
    const report: LiveReport = { k: 'sound', armed: this.#soundArmed };
    this.#socket?.send(JSON.stringify(report));
  }

  #connect(): void {
    this.#connectAt = undefined;
    this.#greeted = false;
    this.#openedAt = this.#o.monotonic();
    const socket = this.#o.open(this.#o.resume());
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      if (data instanceof ArrayBuffer) this.#takeVideo(data);
      else this.#take(String(data));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
  }

  #takeVideo(frame: ArrayBuffer): void {
    this.#heardAt = this.#o.monotonic();
    this.#o.onVideo(frame);
  }

  #take(text: string): void {
    this.#heardAt = this.#o.monotonic();
    const frame = parsed(text);
    if (frame === undefined) {
      // not a gateway, or a broken one: begin anew
      this.#o.onBadSince();
      this.#drop();
      this.#retry();
      return;
    }
    if (frame.k === 'view-started' || frame.k === 'view-failed') {
      this.#o.onVideo(frame);
      return;
    }
    if (frame.k === 'hello') {
      this.#greeted = true;
      this.#failures = 0;
      this.#report();
    }
    this.#o.onFrame(frame);
    if (this.#greeted) this.#setLink('up');
  }

  #closed(code: number): void {
    const greeted = this.#greeted;
    this.#drop();
    if (code === liveClose.sessionEnded) {
      this.stop();
      this.#o.onSessionEnded();
      return;
    }
    if (code === liveClose.badSince) this.#o.onBadSince();
    this.#retry();
    if (!greeted) void this.#askSession();
  }

  async #askSession(): Promise<void> {
    if (!(await this.#o.isSessionEnded()) || !this.#running) return;
    this.stop();
    this.#o.onSessionEnded();
  }

  #retry(): void {
    const pause = jitterAboveFirst(this.#failures, RECONNECT_MS, this.#o.random);
    this.#failures += 1;
    this.#connectAt = this.#o.monotonic() + pause;
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    if (this.#link === 'up') this.#setLink('down');
  }

  #setLink(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    this.#o.onLink(link);
  }
}

function parsed(text: string): LiveFrame | VideoNotice | undefined {
  try {
    return JSON.parse(text) as LiveFrame | VideoNotice;
  } catch {
    return undefined;
  }
}
