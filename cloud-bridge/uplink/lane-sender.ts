import type { Logger } from 'pino';
import type { Lane } from '../../contract/event.ts';
import type { Receipt } from '../../contract/frame.ts';
import type { Outbox } from '../../contract/outbox.ts';
import { LinkError } from '../mqtt-link.ts';
import { Pause } from '../pause.ts';
import { rangeOf } from '../ranges.ts';
import { FrameBuilder } from './frame-builder.ts';
import type { LaneLimits } from './lane-limits.ts';
import { LaneWindow, type Plan, type Rejection } from './lane-window.ts';
import type { RecipientConfig } from './recipient.ts';
import type { LaneStatus, UplinkCounters } from './status.ts';
import type { TransportConnection } from './transport.ts';

/** Frames read and compressed side by side, so that the next one is ready when the window opens. */
const MAX_BUILDS = 2;
/** After a journal that cannot be read. */
const READ_RETRY_MS = 1_000;
/** A cursor is written at most this often; what a crash forgets is sent again and known there. */
const CURSOR_MS = 100;
/** Longest wait of a Node timer. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** Severity 1 rows that are remembered until their receipt; of more the newest. */
const MAX_URGENT = 256;
/** Newest rows that are searched for severity 1 at the start. */
const URGENT_SCAN_ROWS = 200;

/** What a recipient has is not what the journal has: the journal's newest rows were lost, and numbers given out again. */
export interface Contradiction {
  lane: Lane;
  /** Last number of the journal. */
  head: number;
  /** Beyond `head`, or a number under which the recipient has another row. */
  known: number;
}

export interface LaneSenderOptions {
  lane: Lane;
  recipient: RecipientConfig;
  outbox: Outbox;
  limits: LaneLimits;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Milliseconds that never jump. */
  monotonic: () => number;
  counters: UplinkCounters;
  logger: Logger;
  /** A row that fits in no frame, or that the recipient refused. */
  onRejected(lane: Lane, rejection: Rejection): void;
  /** The recipient has another row under a number of ours, or one that was never given out. */
  onContradiction(contradiction: Contradiction): void;
}

/** Sends one lane to one recipient: the window decides, the builder cuts, the connection carries. */
export class LaneSender {
  readonly #options: LaneSenderOptions;
  readonly #window: LaneWindow;
  readonly #builder: FrameBuilder;
  #connection: TransportConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #builds = 0;
  #turn: Promise<void> = Promise.resolve();
  #pausedUntil = Number.NEGATIVE_INFINITY;
  readonly #pause = new Pause();
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;
  #written: number;
  #moves = 0;
  #urgent: Array<{ seq: number; at: number }> = [];
  #oldest = { seq: 0, at: 0 };
  /** The last row that fitted in no frame. */
  #oversize = 0;
  #ended = false;

  constructor(options: LaneSenderOptions) {
    const { outbox, lane, recipient, limits, clock } = options;
    this.#options = options;
    this.#window = new LaneWindow(limits, outbox.cursor(recipient.recipient, lane), outbox.head(lane).seq);
    this.#builder = new FrameBuilder(outbox, lane, recipient, clock);
    this.#written = this.#moves;
  }

  /** Since when frames are out and nothing is heard, on the monotonic clock. */
  get quietSince(): number | undefined {
    return this.#window.quietSince;
  }

  get cursor(): LaneWindow['cursor'] {
    return this.#window.cursor;
  }

  get status(): LaneStatus {
    const { ack } = this.#window.cursor;
    const { head, inFlight } = this.#window;
    // Until the next look into the journal a receipted row stands for the one after it: rather too old than too young.
    const known = ack < head && this.#oldest.seq > 0;
    const oldestS = known ? Math.max(0, (this.#options.clock() - this.#oldest.at) / 1000) : 0;
    return { head, ack, inFlight, oldestS: Math.round(oldestS) };
  }

  /** Severity 1 that an earlier run left behind goes ahead of what else it left. */
  async findUrgent(): Promise<void> {
    const { outbox, lane } = this.#options;
    const { ack } = this.#window.cursor;
    const from = Math.max(ack + 1, this.#window.head - URGENT_SCAN_ROWS + 1);
    if (this.#options.limits.maxExpress === 0 || from > this.#window.head) return;
    const { rows } = await outbox.read(lane, from, URGENT_SCAN_ROWS, Number.POSITIVE_INFINITY);
    for (const { seq, at, severity, type } of rows) {
      if (severity !== 1 || type === 'ALM.TRANSITION') continue;
      this.#window.urgent(seq);
      this.#urgent.push({ seq, at });
    }
    this.wake();
  }

  attach(connection: TransportConnection): void {
    this.#connection = connection;
    this.wake();
  }

  detach(): void {
    this.#connection = undefined;
    clearTimeout(this.#timer);
    this.#window.disconnected();
  }

  /** The epoch that it sent is over: nothing of it may be confirmed or written any more. */
  end(): void {
    this.#ended = true;
    this.detach();
    this.#stop.abort();
  }

  appended(head: number, urgent: readonly number[]): void {
    const { ack } = this.#window.cursor;
    if (ack === this.#window.head) this.#oldest = { seq: ack + 1, at: this.#options.clock() };
    this.#window.appended(head, this.#options.monotonic());
    const at = this.#options.clock();
    for (const seq of urgent) {
      this.#window.urgent(seq);
      this.#urgent.push({ seq, at });
    }
    if (this.#urgent.length > MAX_URGENT) this.#urgent = this.#urgent.slice(-MAX_URGENT);
    this.wake();
  }

  /** Is there a severity 1 younger than `youngMs` that the recipient has not confirmed? */
  urgentWaits(youngMs: number): boolean {
    const { ack, have } = this.#window.cursor;
    const since = this.#options.clock() - youngMs;
    this.#urgent = this.#urgent.filter(
      ({ seq, at }) => at > since && seq > ack && rangeOf(seq, have) === undefined,
    );
    return this.#urgent.length > 0;
  }

  /** Sends a row once more, for example a refused one. */
  repeat(seq: number): void {
    this.#window.repeat(seq, seq);
    this.wake();
  }

  /** Takes a receipt for this recipient, epoch and lane. True if it confirmed something new. */
  take(receipt: Receipt): boolean {
    const before = JSON.stringify(this.#window.cursor);
    const { lane, onRejected, onContradiction } = this.#options;
    const { head } = this.#window;
    const beyond = this.#window.beyond(receipt);
    if (beyond !== undefined) onContradiction({ lane, head, known: beyond });
    for (const rejection of this.#window.take(receipt, this.#options.monotonic())) {
      onRejected(lane, rejection);
      if (rejection.code === 'conflict') onContradiction({ lane, head, known: rejection.seq });
    }
    const moved = JSON.stringify(this.#window.cursor) !== before;
    if (moved) {
      this.#moves += 1;
      this.#writing ??= this.#writeCursor();
    }
    this.wake();
    return moved;
  }

  /** At the end: resolves when the cursor on disk is the one in memory, or cannot be written any more. */
  async settled(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  /** Reads how old the oldest row without a receipt is, for status and heartbeat. */
  async refreshOldest(): Promise<void> {
    const seq = this.#window.cursor.ack + 1;
    if (seq > this.#window.head || this.#oldest.seq === seq) return;
    const { rows } = await this.#options.outbox.read(this.#options.lane, seq, 1, 1);
    const [row] = rows;
    if (row !== undefined) this.#oldest = { seq, at: row.at };
  }

  /** Sends what may be sent now, and sets the timer for what may be later. */
  wake(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    clearTimeout(this.#timer);
    const now = this.#options.monotonic();
    let next = this.#pausedUntil;
    if (next <= now) {
      while (this.#builds < MAX_BUILDS) {
        const plan = this.#window.next(now);
        if (plan === undefined) break;
        this.#builds += 1;
        void this.#send(plan, connection);
      }
      next = this.#window.nextAt(now);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(1, next - now), TIMER_MAX_MS));
  }

  async #send(plan: Plan, connection: TransportConnection): Promise<void> {
    const { lane, counters, logger, monotonic } = this.#options;
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      const frame = await this.#builder.build(plan.from, plan.to, connection.maxFrameBytes);
      // Frames leave in the order they were planned, whichever was compressed first.
      await before;
      if (this.#connection !== connection) return;
      this.#window.sent(plan, frame.to, monotonic());
      counters.frames += 1;
      counters.events += frame.events;
      counters.bytes += frame.wire.length;
      for (const seq of frame.oversize) this.#tooLarge(seq);
      connection.sendFrame(lane, frame.wire).catch((error: Error) => {
        // With the connection lost, everything is sent again anyway.
        if (error instanceof LinkError && error.failure === 'lost') return;
        counters.publishFailures += 1;
        logger.warn(
          { lane, from: plan.from, to: frame.to, reason: error.message },
          'uplink: the broker did not take a frame',
        );
      });
    } catch (error) {
      if (this.#connection !== connection) return;
      this.#window.failed(plan);
      this.#pausedUntil = monotonic() + READ_RETRY_MS;
      logger.error(
        { lane, from: plan.from, err: error },
        'uplink: cannot build a frame, trying again in 1 s',
      );
    } finally {
      done();
      this.#builds -= 1;
      this.wake();
    }
  }

  #tooLarge(seq: number): void {
    // Rows only ever get further: a resend tells nothing new.
    if (seq <= this.#oversize) return;
    this.#oversize = seq;
    const detail = 'the row fits in no frame; its place is named as lost';
    this.#options.onRejected(this.#options.lane, { seq, code: 'too-large', detail });
  }

  /** One write at a time, always of the newest cursor. */
  async #writeCursor(): Promise<void> {
    const { outbox, recipient, lane, logger } = this.#options;
    try {
      while (this.#written !== this.#moves && !this.#ended) {
        this.#written = this.#moves;
        await outbox.advance(recipient.recipient, lane, this.#window.cursor);
        if (this.#written !== this.#moves) await this.#pause.wait(CURSOR_MS, this.#stop.signal);
      }
    } catch (error) {
      logger.warn({ lane, err: error }, 'uplink: cursor not written; what it covers will be sent again');
    } finally {
      this.#writing = undefined;
    }
  }
}
