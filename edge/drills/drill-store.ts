import { type DrillReport, drillReportSchema } from '../../contract/drill.ts';
import { Deadlines } from '../alarms/deadlines.ts';
import { remainingMs } from '../ops/deadline.ts';
import type { Moves } from '../pipeline/machine.ts';
import { type Drill, restoredDrill } from './drill-state.ts';

const KEY = 'drill:';
const ENDED_KEY = 'drills:ended';
/** Reports at hand; older ones are in the journal, as the end of their drill. */
const ENDED_KEPT = 20;

/**
 * Drills in memory and as they are kept: each with what was practised, in the commit of it. After a restart they go on for
 * what is left of their time, early rather than late; one that cannot be read is over.
 */
export class DrillStore {
  readonly #drills = new Map<string, Drill>();
  readonly #ends = new Deadlines();
  readonly #monotonic: () => number;
  readonly #dueAt = new Map<string, number>();
  readonly #dirty = new Set<string>();
  #ended: DrillReport[];
  #keepEnded = false;

  constructor(states: ReadonlyMap<string, string>, clock: () => number, monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#ended = storedReports(states.get(ENDED_KEY));
    for (const [key, value] of states) {
      const drill = key.startsWith(KEY) ? storedDrill(value) : undefined;
      if (drill !== undefined) this.#put(drill, remainingMs(drill.deadline, clock()));
      else if (key.startsWith(KEY)) this.#dirty.add(key.slice(KEY.length));
    }
  }

  get isEmpty(): boolean {
    return this.#drills.size === 0;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  running(): readonly Drill[] {
    return [...this.#drills.values()];
  }

  /** Over, the newest first. */
  ended(): readonly DrillReport[] {
    return this.#ended;
  }

  /** Milliseconds until it ends by itself. */
  leftMs(id: string): number {
    return Math.max(0, (this.#dueAt.get(id) ?? 0) - this.#monotonic());
  }

  add(drill: Drill): void {
    this.#put(drill, drill.deadline.ofMs);
    this.#dirty.add(drill.id);
  }

  /** Takes over a drill that runs; the same one again changes nothing. */
  set(drill: Drill): void {
    if (this.#drills.get(drill.id) === drill) return;
    this.#drills.set(drill.id, drill);
    this.#dirty.add(drill.id);
  }

  remove(id: string): void {
    this.#drills.delete(id);
    this.#ends.delete(id);
    this.#dueAt.delete(id);
    this.#dirty.add(id);
  }

  close(report: DrillReport): void {
    this.#ended = [report, ...this.#ended].slice(0, ENDED_KEPT);
    this.#keepEnded = true;
  }

  /** In the commit of what has changed. */
  keep(moves: Moves): void {
    for (const id of this.#dirty) {
      const drill = this.#drills.get(id);
      moves.keep(`${KEY}${id}`, drill === undefined ? undefined : JSON.stringify(drill));
    }
    this.#dirty.clear();
    if (!this.#keepEnded) return;
    this.#keepEnded = false;
    moves.keep(ENDED_KEY, JSON.stringify(this.#ended));
  }

  dueAt(): number | undefined {
    return this.#ends.next();
  }

  /** Those whose time is over. */
  due(): Drill[] {
    return this.#ends.take(this.#monotonic()).flatMap((id) => this.#drills.get(id) ?? []);
  }

  #put(drill: Drill, leftMs: number): void {
    const at = this.#monotonic() + leftMs;
    this.#drills.set(drill.id, drill);
    this.#ends.set(drill.id, at);
    this.#dueAt.set(drill.id, at);
  }
}

function storedDrill(kept: string): Drill | undefined {
  try {
    return restoredDrill(JSON.parse(kept) as Drill);
  } catch {
    return undefined;
  }
}

function storedReports(kept: string | undefined): DrillReport[] {
  try {
    return drillReportSchema.array().parse(JSON.parse(kept ?? '[]'));
  } catch {
    return [];
  }
}
