import type { Alarm, AlarmActionRequest, Isolation } from '../../contract/alarm.ts';
import type { Event, EventDraft } from '../../contract/event.ts';
import type { IsolationView } from '../../contract/live.ts';
import { remainingMs } from '../ops/deadline.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { AlarmBook } from './book.ts';
import { type Author, authorOf, type Change, timerAuthor } from './change.ts';
import { Deadlines } from './deadlines.ts';
import { isolatedToo, isolationOver } from './isolation.ts';
import { keyOf, keyOfEvent } from './key.ts';
import type { ActResult } from './refusal.ts';
import type { Actor } from './rights.ts';
import { pausedMs } from './shelving.ts';
import { deviceOfSource, sourceName, sourceOf } from './sources.ts';

export const ISOLATIONS_KEY = 'alarms:isolations';

/** A detector that is isolated: one type at one slot. */
interface Isolated extends Isolation {
  key: string;
  /** The alarm it was isolated from. */
  alarm: string;
  type: string;
  device?: string;
  /** Device, or `device#input`: this one alone. */
  detector?: string;
  slot?: string;
  place?: string;
  /** What would hold an alarm active now. */
  sources: string[];
}

export interface IsolationsOptions {
  book: AlarmBook;
  /** Milliseconds since 1970. */
  clock: () => number;
  monotonic: () => number;
  /** What the last run kept under `ISOLATIONS_KEY`. */
  kept: string | undefined;
}

/** Detectors that are isolated (CONTRACT section 4): told as FIR.SHIELD, ended by their time or by a person. */
export class Isolations implements Machine {
  readonly #o: IsolationsOptions;
  readonly #isolated = new Map<string, Isolated>();
  readonly #ends = new Deadlines();

  constructor(options: IsolationsOptions) {
    this.#o = options;
    for (const isolated of stored(options)) this.#add(isolated);
  }

  /** What is not watched now, for everybody to see. */
  view(): IsolationView[] {
    return [...this.#isolated.values()].map(
      ({ alarm, type, slot, device, place, at, until, reason, patrol }) => ({
        alarm,
        type,
        at,
        until,
        reason,
        patrol,
        ...(slot === undefined ? {} : { slot }),
        ...(device === undefined ? {} : { device }),
        ...(place === undefined ? {} : { place }),
      }),
    );
  }

  /** Isolates the detector of an alarm, or restores it. `actor` may be refused. */
  perform(
    moves: Moves,
    id: string,
    action: 'isolate' | 'restore',
    request: AlarmActionRequest,
    actor: Actor,
  ): ActResult {
    const { book } = this.#o;
    const result = book.act(id, action, request, actor);
    if ('refused' in result) return result;
    moves.change(result.changes);
    const key = keyOf(result.alarm);
    if (action === 'restore')
      this.#end(key, moves, {
        actor: actor.user,
        role: actor.role,
        station: actor.station,
      });
    else this.#begin(result.alarm, moves);
    return { ...result, alarm: book.get(id) ?? result.alarm };
  }

  follow(event: Event, changes: readonly Change[], moves: Moves): void {
    if (this.#isolated.size === 0) return;
    const key = keyOfEvent(event);
    const isolated = this.#isolated.get(key);
    if (isolated === undefined) return;
    const source = sourceOf(event);
    if (event.edge === 'raise' || event.edge === 'pulse') {
      // another detector of the same slot says so too: that is no false alarm of the first
      if (!isDetector(isolated, event)) {
        this.#end(key, moves, authorOf(event), 'another detector of the same slot is in alarm');
        return;
      }
    }
    const others = isolated.sources.filter((one) => one !== source);
    if (event.edge === 'raise') isolated.sources = [...others, source];
    else if (event.edge === 'clear') isolated.sources = others;
    this.#keep(moves);
    for (const { alarm } of changes) {
      if (alarm.version !== 1) continue;
      const { at, until, reason, patrol, by, second } = isolated;
      const mark = (fresh: Alarm) => [isolatedToo(fresh, { at, until, reason, patrol, by, second })];
      moves.change(this.#o.book.amend(alarm.id, mark), [event.id]);
    }
  }

  dueAt(): number | undefined {
    return this.#ends.next();
  }

  act(moves: Moves): void {
    for (const key of this.#ends.take(this.#o.monotonic())) this.#end(key, moves, timerAuthor);
  }

  #begin(alarm: Alarm, moves: Moves): void {
    const { id, type, slot, place, condition, sources = [], isolated } = alarm;
    if (isolated === undefined) return;
    const detector = detectorOf(alarm);
    const device = detector === undefined ? alarm.device : deviceOfSource(detector).device;
    const held = sources.length > 0 || device === undefined ? sources : [device];
    const entry: Isolated = {
      ...isolated,
      key: keyOf(alarm),
      alarm: id,
      type,
      sources: condition === 'returned' ? [] : held,
      ...(device === undefined ? {} : { device }),
      ...(detector === undefined ? {} : { detector }),
      ...(slot === undefined ? {} : { slot }),
      ...(place === undefined ? {} : { place }),
    };
    this.#add(entry);
    for (const other of this.#o.book.instances(entry.key))
      if (other.id !== id)
        moves.change(this.#o.book.amend(other.id, (open) => [isolatedToo(open, isolated)]));
    const { by, second, reason, patrol, until } = isolated;
    this.#shield('raise', entry, moves, { by, second, reason, patrol, until });
    this.#keep(moves);
  }

  #add(entry: Isolated): void {
    const { at, until, key } = entry;
    this.#isolated.set(key, entry);
    const ofMs = Date.parse(until) - Date.parse(at);
    this.#ends.set(key, this.#o.monotonic() + remainingMs({ until, ofMs }, this.#o.clock()));
  }

  #end(key: string, moves: Moves, author: Author, reason?: string): void {
    const isolated = this.#isolated.get(key);
    if (isolated === undefined) return;
    const { book, clock } = this.#o;
    this.#isolated.delete(key);
    this.#ends.delete(key);
    const open = book.instances(key);
    const ids = new Set([...open.map(({ id }) => id), isolated.alarm]);
    const words = reason === undefined ? {} : { reason };
    const over = (alarm: Alarm) => isolationOver(alarm, clock(), book.levels, { author, ...words });
    for (const id of ids) moves.change(book.amend(id, over));
    const minutes = Math.round(pausedMs(isolated, clock()) / 60_000);
    this.#shield('clear', isolated, moves, { by: author.actor, ...words, unprotectedMinutes: minutes });
    this.#keep(moves);
    // its alarm was closed meanwhile and the detector still holds: people must see it, machines must not act on it
    if (open.length > 0) return;
    for (const source of isolated.sources) {
      const { device, input } = deviceOfSource(source);
      const draft: EventDraft = {
        ...ownDraft(isolated.type, 'raise', clock(), { afterIsolation: true }),
        freshness: 'initial',
      };
      if (input !== undefined) draft.input = input;
      moves.emit(draft, { device });
    }
  }

  #shield(edge: 'raise' | 'clear', entry: Isolated, moves: Moves, data: Record<string, unknown>): void {
    const { alarm, type, device, slot, place } = entry;
    const draft = ownDraft('FIR.SHIELD', edge, this.#o.clock(), { alarm, isolates: type, ...data });
    const origin = {
      ...(slot === undefined ? {} : { slot }),
      ...(place === undefined ? {} : { place }),
    };
    moves.emit(draft, device === undefined ? { origin } : { device });
  }

  #keep(moves: Moves): void {
    const all = [...this.#isolated.values()];
    moves.keep(ISOLATIONS_KEY, all.length === 0 ? undefined : JSON.stringify(all));
  }
}

/** What holds the alarm, or else has raised it. */
function detectorOf({ device, input, sources = [] }: Alarm): string | undefined {
  return sources[0] ?? (device === undefined ? undefined : sourceName(device, input));
}

/** An entry that was kept before its detector was named knows the device alone. */
function isDetector({ device, detector }: Isolated, event: Event): boolean {
  return detector === undefined ? event.origin.device === device : sourceOf(event) === detector;
}

/** What cannot be read is not isolated any more: protection comes back early rather than late. */
function stored({ kept }: IsolationsOptions): Isolated[] {
  try {
    return kept === undefined ? [] : (JSON.parse(kept) as Isolated[]);
  } catch {
    return [];
  }
}
