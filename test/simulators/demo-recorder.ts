import { eventType } from '../../contract/event-type.ts';
import type { Gateway } from './gateway.ts';
import type { LiveClient } from './live-client.ts';
import { type ReceiverProcess, receivedEvents } from './receiver.ts';
import { waitFor } from './wait.ts';

/** One press, hop by hop, in milliseconds after it. */
interface Hops {
  acknowledged: number;
  feed: number;
  receipted: number;
}

/** Follows presses through console feed and province, and sums up the demo. */
export class DemoRecorder {
  readonly #live: LiveClient;
  readonly #province: ReceiverProcess;
  readonly #presses: Hops[] = [];

  constructor(live: LiveClient, province: ReceiverProcess) {
    this.#live = live;
    this.#province = province;
  }

  /** Follows one panic press until the province has receipted it. */
  async follow(press: () => Promise<number>): Promise<void> {
    const isPanic = (event: { type: string; edge: string }) =>
      event.type === 'EMG.PANIC' && event.edge === 'raise';
    const before = this.#live.events().filter(({ event }) => isPanic(event)).length;
    const began = performance.now();
    const acknowledged = await press();
    const seen = await waitFor(
      'the press on the console feed',
      () => this.#live.events().filter(({ event }) => isPanic(event))[before],
    );
    const { id } = seen.event;
    const receipted = await waitFor(
      'the receipt of the province',
      async () => {
        const marked = this.#live.receiptedAt(id);
        if (marked !== undefined) return marked;
        // a press of an alarm that is open already has no mark of its own
        const there = await receivedEvents(this.#province, 'gw-test');
        return there.some((event) => event.id === id) ? performance.now() : undefined;
      },
      15_000,
    );
    this.#presses.push({ acknowledged, feed: seen.at - began, receipted: receipted - began });
  }

  /** Prints what happened; 0 when alarms reached the console feed and every event was receipted, else 1. */
  async summary(gateway: Gateway): Promise<number> {
    const events = this.#live.events();
    // motion and its like leave as a count, or stay on campus
    const own = events.flatMap(({ event }) => (eventType(event.type)?.uplink === 'full' ? event.id : []));
    const received = await waitFor(
      'the province to have everything',
      async () => {
        const ids = (await receivedEvents(this.#province, 'gw-test')).map((event) => event.id);
        return own.every((id) => ids.includes(id)) ? ids : undefined;
      },
      15_000,
      200,
    ).catch(() => undefined);
    const twice = repeated(received ?? []) + repeated(events.map(({ event }) => event.id));
    const alarms = [...this.#live.alarms.values()];
    const delivered = alarms.filter((alarm) => alarm.delivery?.province?.state === 'receipted');
    console.log(`\n经过 what happened
  gateway started in           ${Math.round(gateway.startMs)} ms
  events on the console feed   ${events.length}
  of these for the province    ${own.length}, ${received === undefined ? 'NOT ALL there' : `all there, ${twice === 0 ? 'each once' : `${twice} MORE THAN ONCE`}`}
  alarms                       ${alarms.length} (${[...new Set(alarms.map((alarm) => alarm.type))].join(', ')})
  delivered marks              ${delivered.length} of ${alarms.length}`);
    for (const { acknowledged, feed, receipted } of this.#presses) {
      console.log(
        `  panic press                  acknowledged ${ms(acknowledged)}, on the console ${ms(feed)}, receipted by the province ${ms(receipted)}`,
      );
    }
    const ok =
      received !== undefined &&
      twice === 0 &&
      alarms.length > 0 &&
      delivered.length > 0 &&
      this.#presses.length > 0;
    console.log(ok ? '\n一切正常 all is well' : '\n有缺失 something is missing, see above');
    return ok ? 0 : 1;
  }
}

function repeated(ids: readonly string[]): number {
  return ids.length - new Set(ids).size;
}

function ms(value: number): string {
  return `${Math.max(0, value).toFixed(1)} ms`;
}
