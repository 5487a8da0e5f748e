import WebSocket from 'ws';
import type { Alarm } from '../../contract/alarm.ts';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import type { LiveFrame } from '../../contract/live.ts';
import { waitFor } from './wait.ts';

/** What a console sees of the live feed, with the time each frame came (performance.now()). */
export class LiveClient {
  readonly frames: Array<{ at: number; frame: LiveFrame }> = [];
  /** Latest state of every alarm seen. */
  readonly alarms = new Map<string, Alarm>();
  readonly #socket: WebSocket;
  closeCode: number | undefined;
  /** Called for every commit frame instead of keeping it: for measurements. */
  onCommit: ((frame: Extract<LiveFrame, { k: 'commit' }>, at: number) => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString('utf8')) as LiveFrame));
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('error', () => undefined);
  }

  /** Connects with a console's session cookie. */
  static async connect(console: { url: string; cookie: string }, query = ''): Promise<LiveClient> {
    const socket = new WebSocket(`${console.url.replace(/^http/, 'ws')}/api/v1/live${query}`, {
      headers: { cookie: console.cookie, origin: console.url },
    });
    const client = new LiveClient(socket);
    await waitFor('hello on the live feed', () => client.frames.some(({ frame }) => frame.k === 'hello'));
    return client;
  }

  /** Events of all commits so far, oldest first, with the time their frame came. */
  events(): Array<{ at: number; event: CloudEvent }> {
    return this.frames.flatMap(({ at, frame }) =>
      frame.k === 'commit' ? frame.events.map((event) => ({ at, event })) : [],
    );
  }

  /** The first alarm, past or to come, that `match` accepts. */
  alarm(what: string, match: (alarm: Alarm) => boolean, withinMs?: number): Promise<Alarm> {
    return waitFor(`alarm: ${what}`, () => [...this.alarms.values()].find(match), withinMs, 5);
  }

  event(what: string, match: (event: CloudEvent) => boolean, withinMs?: number) {
    return waitFor(`event: ${what}`, () => this.events().find(({ event }) => match(event)), withinMs, 5);
  }

  /** When (performance.now()) an alarm raised by this event was first shown as receipted by a recipient. */
  receiptedAt(eventId: string, recipient = 'province'): number | undefined {
    return this.frames.find(
      ({ frame }) =>
        frame.k === 'commit' &&
        frame.alarms.some((a) => a.raisedBy === eventId && a.delivery?.[recipient]?.state === 'receipted'),
    )?.at;
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(frame: LiveFrame): void {
    const at = performance.now();
    if (frame.k === 'commit' && this.onCommit !== undefined) {
      this.onCommit(frame, at);
      return;
    }
    this.frames.push({ at, frame });
    if (frame.k === 'snapshot' || frame.k === 'commit' || frame.k === 'unsaved') {
      for (const alarm of frame.alarms) this.alarms.set(alarm.id, alarm);
    }
  }
}
