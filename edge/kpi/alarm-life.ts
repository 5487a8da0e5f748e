import type { Alarm, Verdict } from '../../contract/alarm.ts';
import type { KpiLevel, KpiStep } from '../../contract/kpi.ts';
import { isQuiet } from '../../contract/sounding.ts';
import { isMet } from '../alarms/service-levels.ts';
import type { AlarmFacts, TransitionRow } from '../journal/history-rows.ts';
import { clipped, type Span } from './spans.ts';

/** How a service level came out; `open`: nothing is decided yet. `void`: it did not count, put aside or raised anew before. */
export type Outcome = 'met' | 'missed' | 'open' | 'void';

/** An alarm called for people: when it opened, and each time it was `new` again. */
export interface Call {
  at: number;
  levels: Partial<Record<KpiLevel, Outcome>>;
}

/** What became of one alarm, as far as its rows tell. Times in milliseconds since 1970. */
export interface AlarmLife {
  id: string;
  /** After the last row. */
  last: AlarmFacts;
  openedAt: number;
  closedAt?: number;
  /** Closed by the gateway, when the condition was over. */
  closedItself: boolean;
  /** Times it was triggered within the period. */
  triggers: number;
  /** From opening to the first time, milliseconds. */
  took: Partial<Record<KpiStep, number>>;
  verdict?: Verdict;
  calls: Call[];
  /** Within the period. */
  shelved: Span[];
  chattering: Span[];
  /** ARM.OFF_SCHED: the zone was disarmed against its schedule. */
  offSchedule: Span[];
}

export interface LifeContext {
  period: Span;
  /** What is under way goes on until now. */
  now: number;
  /** To take a severity 1 before the second station is called, milliseconds. */
  acknowledgeMs: number;
}

const levels: readonly KpiLevel[] = ['acknowledge', 'handle', 'scene'];
const lasting = ['shelved', 'chattering', 'offSchedule'] as const;
type Lasting = (typeof lasting)[number];
const stepActions: readonly string[] = ['confirm', 'dispatch', 'arrive', 'dispose'] satisfies KpiStep[];

/**
 * Folds the life of one alarm from its transitions, in order. Knows nothing but the rows: the same figures come out on another
 * day, after a restart, and of a copy of the journal. Pure.
 */
export class LifeFold {
  readonly #context: LifeContext;
  readonly #life: AlarmLife;
  readonly #since = new Map<Lasting, number>();
  #before: AlarmFacts | undefined;
  #call: (Call & { newSince: string; quiet: boolean }) | undefined;

  constructor(first: TransitionRow, context: LifeContext) {
    this.#context = context;
    this.#life = {
      id: first.alarm,
      last: first.after,
      // the rows of its beginning may be gone: its id says when that was
      openedAt: first.version === 1 ? first.at : (timeOfId(first.alarm) ?? first.at),
      closedItself: false,
      triggers: 0,
      took: {},
      calls: [],
      shelved: [],
      chattering: [],
      offSchedule: [],
    };
  }

  add(row: TransitionRow): void {
    const life = this.#life;
    const { at, after } = row;
    // a picture of a closed alarm, or somebody who has seen that it was over
    if (life.closedAt !== undefined) return;
    this.#count(row);
    this.#time(row);
    this.#follow(row);
    this.#span('shelved', after.shelved && Date.parse(after.shelved.at), at, this.#before?.shelved?.until);
    this.#span('chattering', after.chattering === undefined ? undefined : at, at);
    if (after.type === 'ARM.OFF_SCHED')
      this.#span('offSchedule', after.condition === 'active' ? at : undefined, at);
    if (after.operator === 'closed') {
      life.closedAt = at;
      life.closedItself = row.role === 'system' && after.disposition === undefined;
      for (const what of lasting) this.#span(what, undefined, at);
    }
    if (after.disposition !== undefined) life.verdict = after.disposition.verdict;
    life.last = after;
    this.#before = after;
  }

  end(): AlarmLife {
    const { now, acknowledgeMs } = this.#context;
    const life = this.#life;
    const until = life.last.shelved?.until;
    for (const what of lasting) this.#span(what, undefined, now, what === 'shelved' ? until : undefined);
    const call = this.#call;
    if (call?.levels.acknowledge === 'open' && !call.quiet && now - call.at > acknowledgeMs)
      call.levels.acknowledge = life.closedAt === undefined ? 'missed' : 'void';
    return life;
  }

  #count({ at, version, after }: TransitionRow): void {
    const { from, to } = this.#context.period;
    const before = this.#before?.count ?? (version === 1 ? 0 : after.count);
    if (at >= from && at < to) this.#life.triggers += Math.max(0, after.count - before);
  }

  /** How long people took, of what they did first. */
  #time({ at, role, action, after }: TransitionRow): void {
    const { took, openedAt } = this.#life;
    if (role === 'system') return;
    const since = Math.max(0, at - openedAt);
    if (after.operator !== 'new') took.acknowledge ??= since;
    if (stepActions.includes(action)) took[action as KpiStep] ??= since;
  }

  /** Service levels of the call that is under way. */
  #follow({ at, action, reason, after }: TransitionRow): void {
    const { due, newSince, operator, severity } = after;
    if (due !== undefined && newSince !== undefined && newSince !== this.#call?.newSince) {
      this.#drop();
      const call: Call = {
        at: Date.parse(newSince),
        levels: { handle: 'open', scene: 'open', ...(severity === 1 ? { acknowledge: 'open' } : {}) },
      };
      this.#call = Object.assign(call, { newSince, quiet: false });
      this.#life.calls.push(call);
    }
    const call = this.#call;
    if (call === undefined) return;
    call.quiet ||= isQuiet(after);
    if (call.levels.acknowledge === 'open' && operator !== 'new')
      this.#decide('acknowledge', at - call.at <= this.#context.acknowledgeMs);
    for (const level of ['handle', 'scene'] as const) {
      if (call.levels[level] === undefined) continue;
      // the clock of the gateway has told it: that counts, whatever was before
      if (action === 'overdue' && reason === level) call.levels[level] = 'missed';
      else if (call.levels[level] === 'open' && due !== undefined && isMet(after, level))
        this.#decide(level, at <= Date.parse(due[level]));
    }
  }

  /** Late while it was put aside is not late. */
  #decide(level: KpiLevel, inTime: boolean): void {
    const call = this.#call;
    if (call !== undefined) call.levels[level] = inTime ? 'met' : call.quiet ? 'void' : 'missed';
  }

  /** It was raised anew before anything was decided: the next call counts. */
  #drop(): void {
    const call = this.#call;
    if (call === undefined) return;
    for (const level of levels) if (call.levels[level] === 'open') call.levels[level] = 'void';
  }

  /** Begins, goes on or ends something that lasts; `until`: it has ended then at the latest. */
  #span(what: Lasting, since: number | undefined, at: number, until?: string): void {
    const began = this.#since.get(what);
    const isAnother = what === 'shelved' && since !== began;
    if (began !== undefined && (since === undefined || isAnother)) {
      this.#since.delete(what);
      const to = until === undefined ? at : Math.min(at, Date.parse(until));
      const span = clipped({ from: began, to }, this.#context.period);
      if (span !== undefined) this.#life[what].push(span);
    }
    if (since !== undefined && !this.#since.has(what)) this.#since.set(what, since);
  }
}

/** When an alarm was opened, from its id (UUIDv7, RFC 9562); undefined for another kind of id. */
function timeOfId(id: string): number | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}

/** The smallest id of an alarm that was opened then. */
export function idAt(ms: number): string {
  const hex = Math.max(0, Math.trunc(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7`;
}

/** What is known of an alarm whose rows are all gone and which is still open. */
export function restOf(alarm: Alarm): TransitionRow {
  const at = timeOfId(alarm.id) ?? Date.parse(alarm.firstAt);
  const { id, version } = alarm;
  return { alarm: id, position: 0, at, version, action: 'attach', role: 'system', after: alarm };
}
