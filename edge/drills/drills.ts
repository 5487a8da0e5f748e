import type { Alarm, AlarmActionRequest } from '../../contract/alarm.ts';
import { subjectOf } from '../../contract/cloud-event.ts';
import type { DrillReport, DrillView } from '../../contract/drill.ts';
import type { Event, EventDraft, Origin } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { AlarmBook } from '../alarms/book.ts';
import { type Author, authorOf, type Change, changed, timerAuthor } from '../alarms/change.ts';
import { modeClass } from '../alarms/key.ts';
import type { Armed } from '../alarms/lifecycle.ts';
import { becameReal } from '../alarms/make-real.ts';
import type { ActResult } from '../alarms/refusal.ts';
import type { Actor } from '../alarms/rights.ts';
import { deviceOfSource, sourceOf } from '../alarms/sources.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { SamePress } from '../pipeline/same-press.ts';
import { type Drill, heard, madeReal, type Press, pressKey, type Signal, stillHeld } from './drill-state.ts';
import { DrillStore } from './drill-store.ts';
import { type Names, reportOf, summaryOf, viewOf } from './report.ts';

export interface DrillsOptions {
  book: Pick<AlarmBook, 'act' | 'amend' | 'instances' | 'get'>;
  names: Names;
  /** What the last run kept. */
  states: ReadonlyMap<string, string>;
  /** Milliseconds since 1970, and monotonic. */
  clock: () => number;
  monotonic: () => number;
  /** Drills have changed: consoles should be told. */
  onChange: () => void;
}

const TYPES = { drill: 'TST.DRILL', walktest: 'TST.WALK' } as const;

/**
 * Drills and walk tests (CONTRACT section 4): decides for each signal of a listed point whether it is practice, ends them
 * in time, and turns into real what is no practice any more. Whatever it does not know is real.
 */
export class Drills implements Machine {
  readonly #o: DrillsOptions;
  readonly #store: DrillStore;
  readonly #samePress: SamePress;
  /** What the event that is being stored has made real. */
  #turned: { drill: Drill; press: Press } | undefined;
  /** What is raised now was practice once, and is real. */
  #raising = false;

  constructor(options: DrillsOptions) {
    this.#o = options;
    this.#samePress = new SamePress(options.monotonic);
    this.#store = new DrillStore(options.states, options.clock, options.monotonic);
  }

  running(): readonly Drill[] {
    return this.#store.running();
  }

  view(): DrillView[] {
    return this.running().map((drill) => viewOf(drill, this.#store.leftMs(drill.id)));
  }

  /** Of one that runs, or is over; the newest first. */
  reports(): DrillReport[] {
    return [...this.running().map((drill) => reportOf(drill, this.#o.names)), ...this.#store.ended()];
  }

  begin(drill: Drill, actor: Actor, place: string | undefined, moves: Moves): void {
    this.#store.add(drill);
    this.#store.keep(moves);
    const { reason, types, places, zone, points, deadline, second, notice } = drill;
    this.#tell('raise', drill, place, moves, {
      by: actor.user,
      role: actor.role,
      station: actor.station,
      ...(second === undefined ? {} : { second }),
      reason,
      types,
      places,
      ...(zone === undefined ? {} : { zone }),
      slots: points.flatMap(({ slot }) => slot ?? []),
      until: deadline.until,
      ...(notice === undefined ? {} : { notice }),
    });
    this.#o.onChange();
  }

  /** What still holds becomes live first, then it is over. */
  end(drill: Drill, author: Author, place: string | undefined, moves: Moves): void {
    const { clock, names } = this.#o;
    this.#store.remove(drill.id);
    const real = stillHeld(drill).filter((press) =>
      this.#promote(drill, press, author, moves, 'active at the end'),
    );
    const presses = real.map((press) => [pressKey(press), { ...press, real: true }] as const);
    const after = { ...drill, presses: { ...drill.presses, ...Object.fromEntries(presses) } };
    const report = {
      ...reportOf(after, names),
      ended: new Date(clock()).toISOString(),
      endedBy: author.actor,
    };
    this.#store.close(report);
    this.#store.keep(moves);
    const { actor: by, role, station } = author;
    this.#tell('clear', drill, place, moves, { by, role, station, ...summaryOf(report) });
    this.#o.onChange();
  }

  mark(draft: EventDraft, origin: Origin, way?: string): void {
    if (this.#raising || this.#store.isEmpty) return;
    const signal = signalOf(draft, origin);
    if (signal === undefined) return;
    for (const drill of this.running()) {
      const circumstances = {
        openReal: this.#isOpenReal(signal),
        echo: this.#isEcho(drill, draft, origin, way),
      };
      const found = heard(drill, signal, circumstances);
      if (found === undefined) continue;
      draft.mode = found.mode;
      if (found.turned !== undefined) this.#turned = { drill: found.drill, press: found.turned };
      this.#store.set(found.drill);
      return;
    }
  }

  /** A walk test shows on its list that a detector reports; only severity 1 makes a card, so that it can be made real. */
  armed({ mode, severity }: Event): Armed | undefined {
    return mode === 'walktest' && severity > 1 ? 'never' : undefined;
  }

  follow(event: Event, _changes: readonly Change[], moves: Moves): void {
    const turned = this.#turned;
    this.#turned = undefined;
    if (turned !== undefined) {
      const { drill, press } = turned;
      this.#promote(drill, press, authorOf(event), moves, 'a second press in the drill', event);
    }
    if (!this.#store.isDirty) return;
    this.#store.keep(moves);
    this.#o.onChange();
  }

  dueAt(): number | undefined {
    return this.#store.dueAt();
  }

  act(moves: Moves): void {
    for (const drill of this.#store.due())
      this.end(drill, timerAuthor, this.#o.names.commonPlace(drill.places), moves);
  }

  /** 转为实警: the drill alarm ends, and a real one is raised in the same commit. `actor` may be refused. */
  makeReal(moves: Moves, id: string, request: AlarmActionRequest, actor: Actor): ActResult {
    const { book } = this.#o;
    const result = book.act(id, 'make-real', request, actor);
    if ('refused' in result) return result;
    moves.change(result.changes);
    const { alarm } = result;
    for (const drill of this.running()) this.#store.set(madeReal(drill, pressKey(alarm)));
    const { user, role, station } = actor;
    this.#raise(alarm, { by: user, role, station, madeReal: id }, { actor: user, role, station }, moves);
    if (this.#store.isDirty) this.#store.keep(moves);
    return { ...result, alarm: book.get(id) ?? alarm };
  }

  /** Practice goes on as a real alarm. `event`: what made it so, which has raised it already. */
  #promote(drill: Drill, press: Press, author: Author, moves: Moves, reason: string, event?: Event): boolean {
    const { book, clock } = this.#o;
    const practice = newest(book.instances(`${press.type}|${modeClass(drill.kind)}|${press.subject}`));
    if (event === undefined && practice?.condition === 'returned') return false;
    const cause = event === undefined ? (practice === undefined ? [] : [practice.raisedBy]) : [event.id];
    if (practice !== undefined)
      moves.change(
        book.amend(practice.id, (alarm) => becameReal(alarm, author, clock(), reason)),
        cause,
      );
    const told = event === undefined ? undefined : sourceOf(event);
    const raises = event === undefined ? [] : [event.id];
    for (const source of press.held.filter((one) => one !== told)) {
      const draft = this.#draft(press.type, 'raise', { reason, drill: drill.id }, cause);
      if (practice !== undefined) draft.severity = practice.severity;
      // whether it still holds after a restart nobody knows: people are told, no machine acts on it
      if (press.restored === true) draft.freshness = 'initial';
      raises.push(this.#emit(draft, source, practice, press, moves).id);
    }
    this.#link(press, practice, raises, author, moves);
    return true;
  }

  /** The real alarm of one that a person made real. */
  #raise(alarm: Alarm, data: Record<string, unknown>, author: Author, moves: Moves): void {
    const { type, condition, sources = [], device, raisedBy, severity } = alarm;
    const holds = condition !== 'returned' && sources.length > 0;
    const raises: string[] = [];
    for (const source of holds ? sources : [device]) {
      const draft = this.#draft(type, holds ? 'raise' : 'pulse', data, [raisedBy]);
      draft.severity = severity;
      const event = this.#emit(draft, source, alarm, alarm, moves);
      raises.push(event.id);
      // a person says so: no zone keeps it back
      if (this.#real(alarm) === undefined) moves.judge(event, 'always');
    }
    this.#link(alarm, alarm, raises, author, moves);
  }

  #draft(type: string, edge: 'raise' | 'pulse', data: Record<string, unknown>, cause: string[]): EventDraft {
    return { ...ownDraft(type, edge, this.#o.clock(), data), cause };
  }

  #emit(
    draft: EventDraft,
    source: string | undefined,
    alarm: Pick<Alarm, 'place' | 'unit' | 'slot'> | undefined,
    { device: id, slot }: { device?: string | undefined; slot?: string | undefined },
    moves: Moves,
  ): Event {
    const found = source === undefined ? undefined : deviceOfSource(source);
    const device = found?.device ?? id;
    const wired =
      device === undefined || slot === undefined ? undefined : this.#o.names.inputAt(device, slot);
    const input = found?.input ?? wired;
    if (input !== undefined) draft.input = input;
    const origin = {
      ...(device === undefined ? {} : { device }),
      ...(slot === undefined ? {} : { slot }),
      ...(alarm?.place === undefined ? {} : { place: alarm.place }),
      ...(alarm?.unit === undefined ? {} : { unit: alarm.unit }),
    };
    this.#raising = true;
    try {
      return moves.emit(draft, device === undefined ? { origin } : { device, origin });
    } finally {
      this.#raising = false;
    }
  }

  /** The real alarm that these events have raised names the practice that it follows. */
  #link(
    what: Pick<Press, 'type' | 'subject'>,
    practice: Alarm | undefined,
    raises: readonly string[],
    author: Author,
    moves: Moves,
  ): void {
    const real = this.#real(what);
    if (practice === undefined || real?.previous !== undefined) return;
    if (real === undefined || !raises.includes(real.raisedBy)) return;
    const link = (alarm: Alarm) => [changed(alarm, { previous: practice.id }, 'make-real', author)];
    moves.change(this.#o.book.amend(real.id, link), raises.slice(0, 1));
  }

  /** The real alarm that waits to be handled. */
  #real({ type, subject }: Pick<Press, 'type' | 'subject'>): Alarm | undefined {
    const real = newest(this.#o.book.instances(`${type}|real|${subject}`));
    return real?.operator === 'disposed' ? undefined : real;
  }

  #isOpenReal({ type, subject }: Signal): boolean {
    const real = this.#o.book.instances(`${type}|real|${subject}`);
    return real.some(({ operator, condition }) => operator !== 'disposed' || condition !== 'returned');
  }

  #isEcho(drill: Drill, draft: EventDraft, origin: Origin, way: string | undefined): boolean {
    if (way === undefined || !drill.points.some(({ slot }) => slot === origin.slot)) return false;
    return this.#samePress.isEcho({ ...draft, origin } as Event, way);
  }

  #tell(
    edge: 'raise' | 'clear',
    drill: Drill,
    place: string | undefined,
    moves: Moves,
    data: Record<string, unknown>,
  ): void {
    const told = ownDraft(TYPES[drill.kind], edge, this.#o.clock(), { drill: drill.id, ...data });
    const draft = { ...told, input: drill.id };
    moves.emit(draft, place === undefined ? {} : { origin: { place } });
  }
}

function newest(alarms: readonly Alarm[]): Alarm | undefined {
  return alarms.at(-1);
}

/** What a drill looks at; undefined: a device says nothing of this kind. */
function signalOf(draft: EventDraft, origin: Origin): Signal | undefined {
  const { device, slot } = origin;
  if (device === undefined || (draft.kind !== 'alarm' && draft.kind !== 'request')) return undefined;
  // a picture that came later belongs to an alarm that has its mode
  if (draft.edge === 'update' && typeof draft.data?.alarm === 'string') return undefined;
  const { type, kind, edge, mode, freshness, input, occurredAt: at } = draft;
  return {
    type,
    kind,
    lifeSafety: eventType(type)?.lifeSafety ?? true,
    silent: eventType(type)?.silent === true,
    edge,
    mode,
    freshness,
    device,
    slot,
    subject: subjectOf({ origin, ...(input === undefined ? {} : { input }) }),
    source: input === undefined ? device : `${device}#${input}`,
    at,
  };
}
