import type { CloudEvent } from '../../contract/cloud-event.ts';
import type { LiveFrame } from '../../contract/live.ts';
import { FeedReader } from '../bench/feed-reader.ts';
import { Publisher } from '../bench/paced-publisher.ts';
import { percentiles } from '../bench/statistics.ts';
import type { Gateway, Session } from './gateway.ts';
import { passwords } from './test-campus.ts';

/** Longer than any alarm may take: a press that is not seen by then is lost. */
const LOST_AFTER_MS = 20_000;

/** Input 1 of a wired module of the test campus, and a guard who looks at the live feed. */
export class PanicButton {
  readonly id: string;
  /** Every panic event that the guard was shown, as it came. */
  readonly shown: CloudEvent[] = [];
  readonly #device: Publisher;
  readonly #feed: FeedReader;
  #seq = 0;
  #seenAt: number | undefined;
  #onStored: ((at: number) => void) | undefined;

  private constructor(id: string, device: Publisher, feed: FeedReader) {
    this.id = id;
    this.#device = device;
    this.#feed = feed;
    feed.onFrame = (frame, at) => {
      // a flood is most of what comes: it is not parsed
      if (!frame.includes('"EMG.PANIC"')) return;
      const parsed = JSON.parse(frame.toString('utf8')) as LiveFrame;
      // with a slow disk the guard sees an alarm before it is stored
      if (
        parsed.k === 'unsaved' &&
        parsed.alarms.some(({ type, device }) => type === 'EMG.PANIC' && device === id)
      )
        this.#seenAt ??= at;
      if (parsed.k !== 'commit') return;
      const mine = parsed.events.filter(
        ({ type, data }) => type.includes('EMG.PANIC') && data.origin.device === id,
      );
      this.shown.push(...mine);
      if (mine.length > 0) this.#onStored?.(this.#seenAt ?? at);
    };
  }

  static async open({ mqttPort }: Gateway, guard: Session, id = 'io-1'): Promise<PanicButton> {
    const feed = await FeedReader.open(guard);
    const device = await Publisher.open(mqttPort, id, id, passwords.device);
    return new PanicButton(id, device, feed);
  }

  /** Presses and releases so many times, each after the one before was stored; says how long the presses took. */
  async press(times: number): Promise<{ p50: number; p99: number; max: number }> {
    const latencies: number[] = [];
    for (let i = 0; i < times; i++) {
      latencies.push(await this.#report('alarm'));
      await this.#report('normal');
    }
    const { p50, p99, max } = percentiles(latencies);
    return { p50, p99, max };
  }

  close(): void {
    this.#device.close();
    this.#feed.close();
  }

  #report(state: 'alarm' | 'normal'): Promise<number> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error(`${this.id}: "${state}" is not on the live feed`));
      const timer = setTimeout(lost, LOST_AFTER_MS);
      const began = performance.now();
      this.#seenAt = undefined;
      this.#onStored = (at) => {
        clearTimeout(timer);
        resolve(at - began);
      };
      const payload = JSON.stringify({ ch: { 1: state }, seq: ++this.#seq });
      this.#device.publish({ topic: `io/${this.id}/state`, payload });
    });
  }
}
