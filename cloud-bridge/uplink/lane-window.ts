import type { Range, Receipt } from '../../contract/frame.ts';
import type { Cursor } from '../../contract/outbox.ts';
import { absorb, addRange, rangeOf, subtract, within } from '../ranges.ts';
import type { LaneLimits } from './lane-limits.ts';

/** A frame to build and send now. It may end earlier than `to` (bytes), never start elsewhere. */
export interface Plan {
  readonly from: number;
  readonly to: number;
  /** A severity 1 on its own, ahead of the cursor. */
  readonly express: boolean;
}

/** A range that must be sent (again). */
interface Due {
  from: number;
  to: number;
  express: boolean;
  /** Wanted again although the cursor has passed it: only a later receipt that names it frees it. */
  repeat: boolean;
  /** Timers that ran out on it. */
  attempts: number;
  /** Connections that ended with it in flight. */
  cuts: number;
}

interface Flight extends Due {
  /** Undefined while it is being built. */
  sentAt: number | undefined;
  deadline: number;
}

/** What a receipt said that was not known before. */
export type Rejection = Receipt['rejected'][number];

/** From here on a range may be a frame the receiver cannot take: it must not hold up the others. */
const STRAGGLER_ATTEMPTS = 2;
/** Ranges of a cursor that are kept on disk; more are only remembered until the process ends. */
const CURSOR_MAX_RANGES = 64;
const REPORTED_MAX = 10_000;
/** These may have been damaged on the way, so they are sent once more, each on its own. */
const maybeDamaged: ReadonlySet<string> = new Set(['bad-hash', 'unparseable']);

/**
 * Decides what one lane sends to one recipient, and when: from the cursor, the frames in flight, the receipts and the
 * clock. Pure; times are milliseconds of any monotonic clock, passed in.
 *
 * Every sequence number between the cursor and the highest one sent is always in exactly one place: had by the
 * receiver, in flight, or due. Only receipts make it "had", and only what was sent from here: a number that the
 * receiver knows without that may have been another row's, in a journal that lost its end and gave it out again.
 */
export class LaneWindow {
  readonly #limits: LaneLimits;
  #ack: number;
  #have: Range[];
  #head: number;
  /** First number that was never part of a frame. */
  #fresh: number;
  /** What this object sent above `#ack`: nothing else can be confirmed. */
  #sent: Range[] = [];
  #flights: Flight[] = [];
  #due: Due[] = [];
  #window: number;
  #credit: number;
  #creditAt = Number.NEGATIVE_INFINITY;
  /** Timers that ran out in a row, without progress in between. */
  #backoff = 0;
  #timeoutAt = Number.NEGATIVE_INFINITY;
  #lingerSince = Number.NEGATIVE_INFINITY;
  #quietSince: number | undefined;
  #lastReceipt = '';
  readonly #reported = new Set<number>();

  constructor(limits: LaneLimits, cursor: Cursor, head: number) {
    this.#limits = limits;
    const { ack, have } = absorb(cursor.ack, cursor.have);
    this.#ack = ack;
    this.#have = have;
    this.#head = Math.max(head, ack);
    this.#fresh = ack + 1;
    this.#window = limits.startWindow;
    this.#credit = limits.maxWindow;
  }

  /** What the recipient has confirmed, for the disk. */
  get cursor(): Cursor {
    return { ack: this.#ack, have: this.#have.slice(0, CURSOR_MAX_RANGES) };
  }

  get head(): number {
    return this.#head;
  }

  /** Frames on their way. */
  get inFlight(): number {
    return this.#flights.length;
  }

  /** Since when something is on its way and nothing was heard; undefined when nothing is outstanding. */
  get quietSince(): number | undefined {
    return this.#quietSince;
  }

  /** The lane grew. */
  appended(head: number, now: number): void {
    if (head <= this.#head) return;
    if (this.#fresh > this.#head) this.#lingerSince = now;
    this.#head = head;
  }

  /** This number holds a severity 1: it goes at once, ahead of everything. */
  urgent(seq: number): void {
    const known = [...this.#flights, ...this.#due.filter((due) => due.express)];
    if (seq <= this.#ack || rangeOf(seq, this.#have) || known.some((due) => due.from <= seq && seq <= due.to))
      return;
    this.#withdraw(seq, seq);
    this.#push({ from: seq, to: seq, express: true, repeat: false, attempts: 0, cuts: 0 });
  }

  /** Sends a range once more, whether the recipient said it has it or not. */
  repeat(from: number, to: number): void {
    this.#push({ from, to, express: false, repeat: true, attempts: 0, cuts: 0 });
  }

  /** The next frame to build, or undefined: then ask again at `nextAt` or after news. Answer with `sent` or `failed`. */
  next(now: number): Plan | undefined {
    this.#expire(now);
    const due = this.#takeExpress(now) ?? this.#takeDue(now) ?? this.#takeFresh(now);
    if (due === undefined) return undefined;
    const flight: Flight = { ...due, sentAt: undefined, deadline: Number.POSITIVE_INFINITY };
    this.#flights.push(flight);
    return flight;
  }

  /** When a timer of the window runs out; infinite when only news can bring something to send. */
  nextAt(now: number): number {
    const times = this.#flights.map((flight) => flight.deadline);
    const pending = this.#due.length > 0 || this.#fresh <= this.#head;
    const probeAt = this.#creditAt + this.#limits.firstResendMs;
    if (pending && this.#credit === 0 && probeAt > now) times.push(probeAt);
    if (this.#fresh <= this.#head) {
      const lingerEnd = this.#lingerSince + this.#limits.lingerMs;
      if (lingerEnd > now) times.push(lingerEnd);
    }
    return Math.min(...times, Number.POSITIVE_INFINITY);
  }

  /** The frame of a plan was handed to the transport; it covers the plan's `from` to `to`. */
  sent(plan: Plan, to: number, now: number): void {
    const flight = this.#flights.find((candidate) => candidate === plan);
    if (flight === undefined) return;
    if (to < flight.to) this.#push({ ...this.#asDue(flight), from: to + 1 });
    flight.to = to;
    if (to > this.#ack) this.#sent = addRange(this.#sent, Math.max(flight.from, this.#ack + 1), to);
    this.#fresh = Math.max(this.#fresh, flight.express ? 0 : to + 1);
    if (!flight.repeat && this.#missing(flight.from, to).length === 0) {
      this.#flights = this.#flights.filter((other) => other !== flight);
      return;
    }
    // While others get through, a range is cut smaller rather than waited for; a single row waits ever longer.
    const own = to > flight.from ? Math.min(flight.attempts, STRAGGLER_ATTEMPTS) : flight.attempts;
    const doublings = Math.max(own, this.#backoff);
    flight.sentAt = now;
    flight.deadline = now + Math.min(this.#limits.firstResendMs * 2 ** doublings, this.#limits.maxResendMs);
    this.#quietSince ??= now;
  }

  /** The frame of a plan could not be built: its range is due as before. */
  failed(plan: Plan): void {
    const flight = this.#flights.find((candidate) => candidate === plan);
    if (flight === undefined) return;
    this.#flights = this.#flights.filter((other) => other !== flight);
    this.#push(this.#asDue(flight));
  }

  /** The connection ended: what was in flight is due, and the next connection starts slowly. */
  disconnected(): void {
    const flights = this.#flights;
    this.#flights = [];
    for (const flight of flights) {
      this.#push({ ...this.#asDue(flight), cuts: flight.cuts + (flight.sentAt === undefined ? 0 : 1) });
    }
    for (const due of this.#due) due.attempts = 0;
    this.#window = this.#limits.startWindow;
    this.#credit = this.#limits.maxWindow;
    this.#backoff = 0;
    this.#quietSince = undefined;
  }

  /** Takes a receipt of this recipient, epoch and lane; returns the rejections that are new. */
  take(receipt: Receipt, now: number): Rejection[] {
    const rejected = receipt.rejected.filter(({ seq }) => this.#isOurs(seq) && !this.#reported.has(seq));
    const progress = this.#mark(receipt);
    const freed = this.#land(receipt);
    if (progress || freed > 0) this.#backoff = 0;
    this.#window = Math.min(this.#limits.maxWindow, this.#window + freed);
    this.#credit = receipt.credit;
    this.#creditAt = now;
    // A receipt that was overtaken says nothing about what is missing now.
    if (receipt.at >= this.#lastReceipt) {
      this.#lastReceipt = receipt.at;
      for (const [from, to] of receipt.missing) this.#miss(from, to, now);
    }
    for (const { seq, code } of rejected) {
      this.#report(seq);
      if (maybeDamaged.has(code)) this.repeat(seq, seq);
    }
    this.#quietSince = this.#flights.length > 0 ? now : undefined;
    return rejected;
  }

  /** The highest number that a receipt says is stored, or was skipped over, although it was never given out. */
  beyond({ ack, have, missing }: Receipt): number | undefined {
    const highest = Math.max(ack, ...have.map(([, to]) => to), ...missing.map(([, to]) => to));
    return highest > this.#head ? highest : undefined;
  }

  /** Moves the cursor by what a receipt confirms of what was sent; true if that was news. */
  #mark(receipt: Receipt): boolean {
    const before = JSON.stringify([this.#ack, this.#have]);
    const named = [...receipt.have, ...receipt.rejected.map(({ seq }): Range => [seq, seq])];
    let have = this.#have;
    for (const [from, to] of [[1, receipt.ack], ...named] as Range[])
      for (const [low, high] of within(from, to, this.#sent)) have = addRange(have, low, high);
    const moved = absorb(this.#ack, have);
    this.#ack = moved.ack;
    this.#have = moved.have;
    this.#sent = within(this.#ack + 1, Number.POSITIVE_INFINITY, this.#sent);
    return before !== JSON.stringify([this.#ack, this.#have]);
  }

  /** A number that this object sent, or an earlier run whose cursor was kept. */
  #isOurs(seq: number): boolean {
    return (
      seq <= this.#ack || rangeOf(seq, this.#sent) !== undefined || rangeOf(seq, this.#have) !== undefined
    );
  }

  /** Ends the flights that a receipt covers; returns how many of the window's. */
  #land(receipt: Receipt): number {
    const named: Range[] = [...receipt.have].sort((a, b) => a[0] - b[0]);
    if (receipt.ack > 0) named.unshift([1, receipt.ack]);
    let freed = 0;
    this.#flights = this.#flights.filter((flight) => {
      if (flight.sentAt === undefined) return true;
      const rest = flight.repeat
        ? subtract(flight.from, flight.to, named)
        : this.#missing(flight.from, flight.to);
      if (rest.length > 0) return true;
      if (!flight.express) freed += 1;
      return false;
    });
    const due = this.#due;
    this.#due = [];
    for (const item of due) this.#push(item);
    return freed;
  }

  /** The receiver names a hole: what is not on its way is due, and what was sent long enough ago is due again. */
  #miss(from: number, to: number, now: number): void {
    const late = this.#flights.filter(
      ({ from: low, to: high, sentAt }) =>
        low <= to && high >= from && sentAt !== undefined && sentAt + this.#limits.firstResendMs <= now,
    );
    this.#flights = this.#flights.filter((flight) => !late.includes(flight));
    for (const flight of late) this.#push({ ...this.#asDue(flight), attempts: flight.attempts + 1 });
    const known = [...this.#flights, ...this.#due].reduce<Range[]>(
      (all, d) => addRange(all, d.from, d.to),
      [],
    );
    for (const [low, high] of subtract(from, Math.min(to, this.#fresh - 1), known)) this.repeat(low, high);
  }

  #expire(now: number): void {
    const late = this.#flights.filter((flight) => flight.deadline <= now);
    if (late.length === 0) return;
    this.#flights = this.#flights.filter((flight) => flight.deadline > now);
    for (const flight of late) this.#push({ ...this.#asDue(flight), attempts: flight.attempts + 1 });
    if (late.some((flight) => !flight.express && flight.attempts < STRAGGLER_ATTEMPTS)) {
      this.#window = Math.max(1, this.#window >> 1);
    }
    // Frames sent side by side that time out together are one sign of trouble, not several.
    if (late.some((flight) => (flight.sentAt ?? 0) >= this.#timeoutAt)) this.#backoff += 1;
    this.#timeoutAt = now;
  }

  #takeExpress(now: number): Due | undefined {
    const first = this.#due.find((due) => due.express);
    if (first === undefined) return undefined;
    if (first.from === this.#fresh && this.#room(now) > 0 && this.#due.length === 1) {
      // Next in order anyway: the ordinary frame carries it, with what follows.
      this.#due = [];
      return undefined;
    }
    if (this.#flights.filter((flight) => flight.express).length >= this.#limits.maxExpress) return undefined;
    this.#due = this.#due.filter((due) => due !== first);
    return first;
  }

  #takeDue(now: number): Due | undefined {
    const ordinary =
      this.#room(now) > 0 ? this.#due.find((item) => !item.express && !isStraggler(item)) : undefined;
    const due = ordinary ?? this.#nextStraggler();
    if (due === undefined) return undefined;
    this.#due = this.#due.filter((item) => item !== due);
    // A range that failed repeatedly is cut smaller, until the row that cannot pass stands alone.
    const halvings = Math.max(0, due.attempts - STRAGGLER_ATTEMPTS, due.cuts - 1);
    const to = Math.min(due.to, due.from + Math.max(1, this.#limits.maxEvents >> halvings) - 1);
    if (to < due.to) this.#push({ ...due, from: to + 1 });
    return { ...due, to };
  }

  /** One at a time, the one that failed least first. */
  #nextStraggler(): Due | undefined {
    const isOne = (due: Due) => !due.express && isStraggler(due);
    if (this.#flights.some(isOne)) return undefined;
    return this.#due.filter(isOne).sort((a, b) => a.attempts - b.attempts)[0];
  }

  #takeFresh(now: number): Due | undefined {
    const taken = [...this.#flights, ...this.#due].filter((other) => !other.repeat);
    const blocked = taken.reduce<Range[]>((all, { from, to }) => addRange(all, from, to), this.#have);
    const [range] = subtract(Math.max(this.#fresh, this.#ack + 1), this.#head, blocked);
    if (range === undefined) {
      this.#fresh = this.#head + 1;
      return undefined;
    }
    const [from, end] = range;
    const to = Math.min(end, from + this.#limits.maxEvents - 1);
    const full = to - from + 1 === this.#limits.maxEvents;
    if (this.#room(now) <= 0 || (!full && now < this.#lingerSince + this.#limits.lingerMs)) return undefined;
    this.#fresh = to + 1;
    return { from, to, express: false, repeat: false, attempts: 0, cuts: 0 };
  }

  /** Frames that may be added now. Without credit one frame per timer asks whether there is some again. */
  #room(now: number): number {
    const probe = now - this.#creditAt >= this.#limits.firstResendMs ? 1 : 0;
    const limit = this.#credit > 0 ? Math.min(this.#window, this.#credit) : probe;
    return limit - this.#flights.filter((flight) => !flight.express && !isStraggler(flight)).length;
  }

  #missing(from: number, to: number): Range[] {
    return subtract(Math.max(from, this.#ack + 1), to, this.#have);
  }

  #asDue({ from, to, express, repeat, attempts, cuts }: Due): Due {
    return { from, to, express, repeat, attempts, cuts };
  }

  /** Adds what the receiver does not have of a range, in order. */
  #push(due: Due): void {
    const parts: Range[] = due.repeat ? [[due.from, due.to]] : this.#missing(due.from, due.to);
    for (const [from, to] of parts) this.#due.push({ ...due, from, to });
    this.#due.sort((a, b) => a.from - b.from);
  }

  #withdraw(from: number, to: number): void {
    this.#due = this.#due.flatMap((due) =>
      due.repeat
        ? [due]
        : subtract(due.from, due.to, [[from, to]]).map((part) => ({ ...due, from: part[0], to: part[1] })),
    );
  }

  #report(seq: number): void {
    this.#reported.add(seq);
    if (this.#reported.size <= REPORTED_MAX) return;
    const [oldest] = this.#reported;
    if (oldest !== undefined) this.#reported.delete(oldest);
  }
}

function isStraggler(due: Due): boolean {
  return due.attempts >= STRAGGLER_ATTEMPTS;
}
