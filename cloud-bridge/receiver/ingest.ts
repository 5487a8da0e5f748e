import type { Logger } from 'pino';
import { lanes } from '../../contract/event.ts';
import { FRAME_MAX_WIRE_BYTES, type Receipt } from '../../contract/frame.ts';
import { gatewayStateSchema, type Hello } from '../../contract/gateway-state.ts';
import { type UplinkPath, uplinkTopic } from '../../contract/uplink-topic.ts';
import { type EnrolledGateway, Enrolment, identityFault, pathFault, regionAfter } from './identity.ts';
import { laneName } from './lane-record.ts';
import { type ArrivedFrame, type OpenedFrame, openFrame } from './open-frame.ts';
import { MISSING_AFTER_MS, missingAt, Receipts } from './receipts.ts';
import type {
  DeadLetter,
  FrameOutcome,
  LaneKey,
  LaneState,
  ReceivedFrame,
  ReceivedState,
  ReceiverStore,
  StoredRejection,
} from './store.ts';

/** Frames waiting for the store. More are not taken; the gateways send them again. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Of one transaction: about 50 ms, so that an alarm never waits long for a bulk frame. */
const BATCH_ALARM_FRAMES = 64;
const BATCH_BULK_FRAMES = 8;
/** Bulk frames have their turn after this many transactions of alarms. */
const ALARM_BATCHES_IN_A_ROW = 4;
/** Of a message that is no frame for its size alone this much is kept. */
const OVERSIZE_KEPT_BYTES = 4096;
const STORE_RETRY_MS = 1_000;
/** Holes are asked for while the lane was heard of this recently. */
const ASK_WITHIN_MS = 60_000;

/** Monotonic counters of a receiver since its start. */
export interface IngestCounters {
  frames: number;
  events: number;
  duplicates: number;
  rejected: number;
  deadLetters: number;
  /** Frames for another recipient. */
  foreign: number;
  /** Frames not taken because the store could not follow. */
  dropped: number;
  transactions: number;
  storeErrors: number;
  receipts: number;
}

export interface IngestOptions {
  store: ReceiverStore;
  recipient: string;
  /** Gateways whose county is told; the others are bound to the one they are first seen in. */
  gateways?: readonly EnrolledGateway[] | undefined;
  logger: Logger;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Publishes a receipt, QoS 0; whether it arrives is not the receiver's business. */
  publish(topic: string, receipt: Receipt): void;
}

/** From messages to committed rows and receipts: alarms first, many frames in one transaction, receipts after it. */
export class Ingest {
  readonly counters: IngestCounters = {
    frames: 0,
    events: 0,
    duplicates: 0,
    rejected: 0,
    deadLetters: 0,
    foreign: 0,
    dropped: 0,
    transactions: 0,
    storeErrors: 0,
    receipts: 0,
  };
  readonly #options: IngestOptions;
  readonly #receipts: Receipts;
  readonly #enrolment: Enrolment;
  readonly #frames: Record<'a' | 'e', ArrivedFrame[]> = { a: [], e: [] };
  #states: ReceivedState[] = [];
  #letters: DeadLetter[] = [];
  #waitingBytes = 0;
  #alarmBatches = 0;
  #running: Promise<void> | undefined;
  #stopping = false;
  /** Lanes with holes: asked for by receipts of their own when no frame comes. */
  readonly #holey = new Map<
    string,
    { key: LaneKey; path: UplinkPath; state: LaneState; heardAt: number; toldAt: number }
  >();
  readonly #asking: NodeJS.Timeout;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#receipts = new Receipts(options.recipient);
    this.#enrolment = new Enrolment(options.gateways);
    this.#asking = setInterval(() => this.#ask(), MISSING_AFTER_MS / 2);
    this.#asking.unref();
  }

  /** A message on `up/a` or `up/e`. */
  frame(topic: string, path: UplinkPath, lane: 'a' | 'e', wire: Buffer): void {
    if (this.#stopping) return;
    if (wire.length > FRAME_MAX_WIRE_BYTES) {
      const detail = `${wire.length} bytes on the wire, at most ${FRAME_MAX_WIRE_BYTES}`;
      this.#bury({
        topic,
        reason: 'too-large',
        detail,
        bytes: Buffer.from(wire.subarray(0, OVERSIZE_KEPT_BYTES)),
        ...owner(path),
      });
      return;
    }
    if (this.#waitingBytes + wire.length > MAX_WAITING_BYTES) {
      this.counters.dropped += 1;
      return;
    }
    this.#waitingBytes += wire.length;
    this.#frames[lane].push({ topic, path, lane, wire });
    this.#kick();
  }

  /** A message on `up/state`. */
  state(topic: string, path: UplinkPath, payload: Buffer, retained: boolean): void {
    if (this.#stopping || payload.length === 0) return;
    const state = readState(payload);
    const enrolled = this.#enrolment.regionOf(path);
    const wrong =
      pathFault(path, enrolled) ?? (state?.k === 'hello' ? identityFault(path, state) : undefined);
    const bytes = Buffer.from(payload.subarray(0, OVERSIZE_KEPT_BYTES));
    if (state !== undefined && wrong === undefined) {
      this.#states.push({ path, state, retained, bytes, enrolled: enrolled !== undefined });
      this.#kick();
      return;
    }
    const reason = wrong === undefined ? 'unparseable' : 'wrong-identity';
    this.#bury({ topic, reason, detail: wrong ?? 'not a state message', bytes, ...owner(path) });
  }

  /** Takes nothing more, and resolves when what was taken is committed and receipted. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#asking);
    await this.#running;
  }

  #bury(letter: DeadLetter): void {
    this.#letters.push(letter);
    this.#kick();
  }

  #kick(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#pending() && !this.#stopping) this.#kick();
    });
  }

  #pending(): boolean {
    const { a, e } = this.#frames;
    return a.length > 0 || e.length > 0 || this.#states.length > 0 || this.#letters.length > 0;
  }

  async #run(): Promise<void> {
    while (this.#pending()) {
      const arrived = this.#take();
      const states = this.#states.splice(0);
      const letters = this.#letters.splice(0);
      const opened = await Promise.all(
        arrived.map((frame) => openFrame(frame, this.#options.recipient, this.#enrolment)),
      );
      const at = this.#options.clock();
      const mine = opened.filter(({ frame }) => frame !== undefined);
      const deadLetters = [...letters, ...opened.flatMap(({ letter }) => letter ?? [])];
      let outcomes: Array<FrameOutcome | undefined>;
      try {
        const frames = mine.flatMap(({ frame }) => frame ?? []);
        outcomes = await this.#options.store.commit({ at, frames, deadLetters, states });
      } catch (error) {
        this.counters.storeErrors += 1;
        this.#options.logger.error(
          { err: error },
          'receiver: nothing stored; the gateways will send it again',
        );
        // Frames come again by themselves; presence does not.
        this.#states.unshift(...states);
        if (this.#stopping) return;
        await new Promise((resolve) => setTimeout(resolve, STORE_RETRY_MS));
        continue;
      }
      this.counters.transactions += 1;
      this.counters.deadLetters += deadLetters.length;
      this.#answer(opened, mine, outcomes, at);
      for (const { path, state, retained } of states)
        if (state.k === 'hello' && !retained) await this.#greet(path, state, at);
    }
  }

  #take(): ArrivedFrame[] {
    const { a, e } = this.#frames;
    const alarms = a.length > 0 && (e.length === 0 || this.#alarmBatches < ALARM_BATCHES_IN_A_ROW);
    this.#alarmBatches = alarms ? this.#alarmBatches + 1 : 0;
    const batch = alarms ? a.splice(0, BATCH_ALARM_FRAMES) : e.splice(0, BATCH_BULK_FRAMES);
    for (const { wire } of batch) this.#waitingBytes -= wire.length;
    return batch;
  }

  /** One receipt for each lane of the transaction, after its COMMIT. */
  #answer(
    opened: OpenedFrame[],
    mine: OpenedFrame[],
    outcomes: Array<FrameOutcome | undefined>,
    at: number,
  ): void {
    const told = new Map<
      string,
      { key: LaneKey; path: UplinkPath; state: LaneState; rejected: StoredRejection[] }
    >();
    for (const [i, { frame }] of mine.entries()) {
      const outcome = outcomes[i];
      if (frame === undefined || outcome === undefined) continue;
      if (outcome.wrongIdentity !== undefined) {
        this.#refused(frame, outcome, at);
        continue;
      }
      this.counters.frames += 1;
      this.counters.events += outcome.stored;
      this.counters.duplicates += outcome.duplicates;
      this.counters.rejected += outcome.rejected.length;
      const { school, gateway, epoch, lane, path } = frame;
      if (outcome.chainBreak) {
        this.#options.logger.error(
          { school, gateway, epoch, lane, from: frame.from },
          'receiver: chain of hashes breaks here',
        );
      }
      for (const { seq, code, detail } of outcome.rejected) {
        this.#options.logger.error(
          { school, gateway, epoch, lane, seq, rejection: code, detail },
          'receiver: row rejected',
        );
      }
      const name = laneName(frame);
      const earlier = told.get(name)?.rejected ?? [];
      const rejected = [...earlier, ...outcome.rejected];
      told.set(name, { key: { school, gateway, epoch, lane }, path, state: outcome, rejected });
    }
    for (const { arrived, refused, foreign, letter } of opened) {
      if (foreign) this.counters.foreign += 1;
      if (letter !== undefined) {
        const { topic, reason, detail } = letter;
        this.#options.logger.warn({ topic, reason, detail }, 'receiver: message put aside as a dead letter');
      }
      if (refused === undefined) continue;
      const { school, gateway } = arrived.path;
      const { epoch, lane } = refused.address;
      const rejected = refused.rejected.map(({ seq, reason, detail }) => ({ seq, code: reason, detail }));
      this.counters.rejected += rejected.length;
      this.#tellRefused({ school, gateway, epoch, lane }, arrived.path, rejected, at);
    }
    for (const [name, { key, path, state, rejected }] of told) {
      this.#tell(name, key, path, state, rejected, at);
      if (state.holes.length === 0) this.#holey.delete(name);
      else this.#holey.set(name, { key, path, state, heardAt: at, toldAt: at });
    }
  }

  /** The store knows the gateway from another county. */
  #refused({ school, gateway, epoch, lane, path }: ReceivedFrame, outcome: FrameOutcome, at: number): void {
    const { rejected, wrongIdentity: detail } = outcome;
    const topic = uplinkTopic(path, `up/${lane}`);
    this.#options.logger.warn(
      { topic, reason: 'wrong-identity', detail },
      'receiver: message put aside as a dead letter',
    );
    this.counters.deadLetters += 1;
    this.counters.rejected += rejected.length;
    this.#tellRefused({ school, gateway, epoch, lane }, path, rejected, at);
  }

  /** Under a name of its own, and of how the lane stands nothing: this was not said by its owner. */
  #tellRefused(key: LaneKey, path: UplinkPath, rejected: StoredRejection[], at: number): void {
    const name = `refused/${uplinkTopic(path, `up/${key.lane}`)}`;
    this.#tell(name, key, path, { ack: 0, have: [], holes: [] }, rejected, at);
  }

  /** A gateway that connects learns at once what is stored of its journal. */
  async #greet(path: UplinkPath, { epoch }: Hello, at: number): Promise<void> {
    const { school, gateway, county } = path;
    for (const lane of lanes) {
      const key = { school, gateway, epoch, lane };
      try {
        const bound = await this.#options.store.regionOf(school, gateway);
        if (bound === undefined || regionAfter(bound, county) === undefined) return;
        const view = await this.#options.store.lane(key);
        if (view !== undefined) this.#tell(laneName(key), key, path, view, [], at);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'receiver: store cannot be read');
      }
    }
  }

  #ask(): void {
    const now = this.#options.clock();
    for (const [name, lane] of this.#holey) {
      if (now - lane.heardAt > ASK_WITHIN_MS) this.#holey.delete(name);
      else if (now - lane.toldAt >= MISSING_AFTER_MS && missingAt(lane.state.holes, now).length > 0) {
        lane.toldAt = now;
        this.#tell(name, lane.key, lane.path, lane.state, [], now);
      }
    }
  }

  #tell(
    name: string,
    key: LaneKey,
    path: UplinkPath,
    state: LaneState,
    rejected: StoredRejection[],
    at: number,
  ): void {
    this.counters.receipts += 1;
    const receipt = this.#receipts.compose(key, name, state, rejected, this.#credit(), at);
    this.#options.publish(uplinkTopic(path, 'dn/rcpt'), receipt);
  }

  /** Full credit while the store follows, less with every batch that waits, never none. */
  #credit(): number {
    const waiting = this.#frames.e.length / BATCH_BULK_FRAMES;
    return Math.max(1, 8 - Math.floor(waiting));
  }
}

function owner({ school, gateway }: UplinkPath): Pick<DeadLetter, 'school' | 'gateway'> {
  return { school, gateway };
}

function readState(payload: Buffer) {
  try {
    return gatewayStateSchema.safeParse(JSON.parse(payload.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
