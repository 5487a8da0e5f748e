import type { Event, EventDraft } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { AlarmTimes } from './alarm-times.ts';
import type { AlarmBook } from './book.ts';
import { BurstCounter } from './burst.ts';
import { type Change, changed, gatewayAuthor, instant, timerAuthor } from './change.ts';
import { Deadlines } from './deadlines.ts';
import { keyOf, keyOfEvent, opensAlarms } from './key.ts';
import { closesItself } from './shelving.ts';
import { deviceOfSource, sourceOf } from './sources.ts';

export const CHATTER_KEY = 'alarms:chatter';

/** A source whose raises are recorded only. */
interface Shut {
  type: string;
  /** Device, or `device#input`. */
  source: string;
  /** Of the alarm. */
  key: string;
  /** The last it said was a raise. */
  active: boolean;
}

export interface ChatterWatchOptions {
  book: AlarmBook;
  times: Pick<AlarmTimes, 'chatter'>;
  /** Milliseconds since 1970. */
  clock: () => number;
  monotonic: () => number;
  /** What the last run kept under `CHATTER_KEY`. */
  kept: string | undefined;
}

/**
 * Sources that raise again and again (a loose contact, a branch before a sensor): after so many raises further ones are
 * recorded only, until the source has been calm for a while. Never what concerns life, nor severity 1: those are heard
 * each time.
 */
export class ChatterWatch implements Machine {
  readonly #o: ChatterWatchOptions;
  readonly #counters = new Map<string, BurstCounter>();
  readonly #shut = new Map<string, Shut>();
  readonly #calm = new Deadlines();
  /** A start ends everything at once: protection comes back early rather than late. */
  #leftovers: boolean;

  constructor(options: ChatterWatchOptions) {
    this.#o = options;
    for (const shut of storedShut(options.kept)) {
      this.#shut.set(nameOf(shut), shut);
      this.#calm.set(nameOf(shut), options.monotonic());
    }
    this.#leftovers = options.book
      .open()
      .some(({ chattering, type, device }) => chattering !== undefined || (type === 'SYS.FLOOD' && device));
  }

  isShut(event: Event): boolean {
    return this.#shut.size > 0 && event.mode === 'live' && this.#shut.has(nameOfEvent(event));
  }

  follow(event: Event, changes: readonly Change[], moves: Moves): void {
    if (event.mode !== 'live' || !mayChatter(event)) return;
    const shut = this.#shut.get(nameOfEvent(event));
    if (shut !== undefined) this.#hear(shut, event, moves);
    else if (changes.length > 0 && isRaise(event)) this.#count(event, moves);
  }

  dueAt(): number | undefined {
    return this.#leftovers ? 0 : this.#calm.next();
  }

  act(moves: Moves): void {
    const calm = this.#calm.take(this.#o.monotonic());
    for (const name of calm) {
      const shut = this.#shut.get(name);
      if (shut !== undefined) this.#end(shut, moves);
    }
    if (calm.length > 0) this.#keep(moves);
    if (this.#leftovers) this.#clearLeftovers(moves);
  }

  /** Marks of which a journal that was damaged does not know the source any more. */
  #clearLeftovers(moves: Moves): void {
    this.#leftovers = false;
    const shut = [...this.#shut.values()];
    for (const alarm of this.#o.book.open()) {
      const { id, chattering, type, device, condition } = alarm;
      if (chattering !== undefined && !shut.some(({ key }) => key === keyOf(alarm))) this.#unmark(id, moves);
      const isKnown = shut.some(({ source }) => deviceOfSource(source).device === device);
      if (type === 'SYS.FLOOD' && device !== undefined && condition === 'active' && !isKnown)
        moves.emit(ownDraft('SYS.FLOOD', 'clear', this.#o.clock()), { device });
    }
  }

  #count(event: Event, moves: Moves): void {
    const { chatter } = this.#o.times;
    const name = nameOfEvent(event);
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      counter = new BurstCounter(chatter);
      this.#counters.set(name, counter);
    }
    const now = this.#o.monotonic();
    if (!counter.add(now)) return;
    this.#counters.delete(name);
    const key = keyOfEvent(event);
    const shut: Shut = { type: event.type, source: sourceOf(event), key, active: event.edge === 'raise' };
    this.#shut.set(name, shut);
    this.#calm.set(name, now + chatter.calmMs);
    this.#keep(moves);
    for (const { id } of this.#o.book.instances(key).slice(-1)) {
      const at = instant(this.#o.clock());
      moves.change(
        this.#o.book.amend(id, (alarm) => [changed(alarm, { chattering: at }, 'chatter', gatewayAuthor)]),
        [event.id],
      );
    }
    const told = { chatters: event.type, over: chatter.count, minutes: chatter.windowMs / 60_000 };
    moves.emit(this.#draft('SYS.FLOOD', 'raise', shut, told), { device: deviceOfSource(shut.source).device });
  }

  #hear(shut: Shut, event: Event, moves: Moves): void {
    if (isRaise(event)) this.#calm.set(nameOf(shut), this.#o.monotonic() + this.#o.times.chatter.calmMs);
    const active = event.edge === 'raise' || (shut.active && event.edge !== 'clear');
    if (active === shut.active) return;
    shut.active = active;
    // an open alarm knows itself
    if (this.#o.book.instances(shut.key).length === 0) this.#keep(moves);
  }

  #end(shut: Shut, moves: Moves): void {
    const { book, clock } = this.#o;
    this.#shut.delete(nameOf(shut));
    const others = [...this.#shut.values()];
    if (!others.some(({ key }) => key === shut.key))
      for (const { id, chattering } of book.instances(shut.key))
        if (chattering !== undefined) this.#unmark(id, moves);
    const { device } = deviceOfSource(shut.source);
    if (!others.some(({ source }) => source === shut.source))
      moves.emit(this.#draft('SYS.FLOOD', 'clear', shut), { device });
    // its alarm was closed meanwhile, and it is in alarm again
    if (shut.active && book.instances(shut.key).length === 0)
      moves.emit(this.#draft(shut.type, 'raise', shut, { afterChatter: instant(clock()) }), { device });
  }

  #unmark(id: string, moves: Moves): void {
    const { book, clock } = this.#o;
    moves.change(
      book.amend(id, (alarm) => {
        const calm = changed(alarm, { chattering: undefined }, 'calm', timerAuthor);
        return [calm, ...closesItself(calm.alarm, clock())];
      }),
    );
  }

  #draft(
    type: string,
    edge: 'raise' | 'clear',
    { source }: Shut,
    data?: Record<string, unknown>,
  ): EventDraft {
    const { input } = deviceOfSource(source);
    const draft = ownDraft(type, edge, this.#o.clock(), data);
    // one source that needs repair wakes nobody
    if (type === 'SYS.FLOOD') draft.severity = 3;
    return input === undefined ? draft : { ...draft, input };
  }

  #keep(moves: Moves): void {
    const shut = [...this.#shut.values()];
    moves.keep(CHATTER_KEY, shut.length === 0 ? undefined : JSON.stringify(shut));
  }
}

function isRaise({ edge }: Event): boolean {
  return edge === 'raise' || edge === 'pulse';
}

function mayChatter({ type, kind, severity, origin }: Event): boolean {
  if (!opensAlarms(kind) || severity === 1 || origin.device === undefined) return false;
  return type !== 'SYS.FLOOD' && eventType(type)?.lifeSafety === false;
}

function nameOf({ type, source }: Pick<Shut, 'type' | 'source'>): string {
  return `${type}|${source}`;
}

function nameOfEvent(event: Event): string {
  return nameOf({ type: event.type, source: sourceOf(event) });
}

function storedShut(kept: string | undefined): Shut[] {
  try {
    return kept === undefined ? [] : (JSON.parse(kept) as Shut[]);
  } catch {
    return [];
  }
}
