import { AlarmTimers } from './alarm-timers.ts';
import type { AlarmTimes } from './alarm-times.ts';
import type { AlarmBook } from './book.ts';
import { CHATTER_KEY, ChatterWatch } from './chatter-watch.ts';
import { FloodWatch } from './flood-watch.ts';
import { ISOLATIONS_KEY, Isolations } from './isolations.ts';
import { UndeliveredWatch } from './undelivered-watch.ts';

export interface AlarmWatchOptions {
  /** As restored. */
  book: AlarmBook;
  times: AlarmTimes;
  /** Milliseconds since 1970. */
  clock: () => number;
  monotonic: () => number;
  /** What the last run kept, by key. */
  states: ReadonlyMap<string, string>;
}

/** The machines of the alarms: timers, isolation, floods, chatter, delivery. */
export function createAlarmWatch({ states, ...o }: AlarmWatchOptions) {
  const timers = new AlarmTimers(o);
  const undelivered = new UndeliveredWatch(o);
  const chatter = new ChatterWatch({ ...o, kept: states.get(CHATTER_KEY) });
  const isolations = new Isolations({ ...o, kept: states.get(ISOLATIONS_KEY) });
  o.book.watchedBy({
    changed: (alarm) => {
      timers.changed(alarm);
      undelivered.changed(alarm);
    },
    delivered: (alarm) => undelivered.delivered(alarm),
    isShut: (event) => chatter.isShut(event),
  });
  return { timers, isolations, machines: [timers, undelivered, isolations, chatter, new FloodWatch(o)] };
}
