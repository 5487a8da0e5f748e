import WebSocket from 'ws';
import { type LiveFrame, liveFrameSchema } from '../../../contract/live.ts';

type FrameOf<K extends LiveFrame['k']> = Extract<LiveFrame, { k: K }>;

/** A client of the live feed that keeps every frame, checked against the contract. */
export class LiveProbe {
  readonly frames: LiveFrame[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;
  #waiting = new Set<() => void>();

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, rejectUnauthorized: false });
    this.socket.on('message', (data) => {
      this.frames.push(liveFrameSchema.parse(JSON.parse(String(data))));
      this.#wake();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    this.socket.on('error', () => undefined);
  }

  of<K extends LiveFrame['k']>(k: K): Array<FrameOf<K>> {
    return this.frames.filter((frame): frame is FrameOf<K> => frame.k === k);
  }

  /** Ids of all events, in the order they came. */
  eventIds(): string[] {
    return this.of('commit').flatMap(({ events }) => events.map(({ id }) => id));
  }

  /** Resolves as soon as `done` holds. */
  async until(done: () => boolean, ms = 10_000): Promise<this> {
    const deadline = Date.now() + ms;
    while (!done()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`timed out; frames: ${this.frames.map(({ k }) => k).join(' ')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this;
  }

  /** Has said hello and is up to date. */
  joined(): Promise<this> {
    return this.until(() => this.of('status').length > 0);
  }

  ended(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed !== undefined).then(() => this.closed ?? { code: 0, reason: '' });
  }

  close(): void {
    this.socket.terminate();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
