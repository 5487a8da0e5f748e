import { uuidv7 } from 'uuidv7';
import { absorb, addRange } from '../../cloud-bridge/ranges.ts';
import { CHAIN_START, chainNext, digestOf } from '../../contract/chain.ts';
import { encodeBody } from '../../contract/cloud-event.ts';
import type { Event, Lane, Severity } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { Appended, Cursor, LaneHead, Outbox, OutboxRow, OutboxSlice } from '../../contract/outbox.ts';

/** What a test says of an event; the rest is filled in. */
export interface EventSpec {
  type?: string;
  severity?: Severity;
  edge?: Event['edge'];
  lane?: Lane;
  id?: string;
  at?: number;
  data?: Record<string, unknown>;
}

interface Log {
  rows: OutboxRow[];
  /** Rows up to here were removed by retention. */
  removed: number;
}

/** An outbox in memory, for tests of the bridge without a journal. */
export class MemoryOutbox implements Outbox {
  epoch: string;
  predecessor?: string;
  readonly origin: { gateway: string; school: string; region: string };
  readonly #logs: Record<Lane, Log> = { a: { rows: [], removed: 0 }, e: { rows: [], removed: 0 } };
  readonly #cursors = new Map<string, Cursor>();
  readonly #listeners = new Set<(appended: Appended) => void>();
  readonly #renewed = new Set<() => void>();
  /** Cursor moves, in order. */
  readonly moves: Array<{ recipient: string; lane: Lane; cursor: Cursor }> = [];
  /** Set to make reads fail. */
  readError: Error | undefined;

  constructor(
    options: { epoch?: string; predecessor?: string; origin?: Partial<MemoryOutbox['origin']> } = {},
  ) {
    this.epoch = options.epoch ?? uuidv7();
    if (options.predecessor !== undefined) this.predecessor = options.predecessor;
    this.origin = { gateway: 'gw-01', school: '4137010001', region: '370102', ...options.origin };
  }

  /** Adds events in one commit; returns them. */
  append(...specs: EventSpec[]): OutboxRow[] {
    const urgent: number[] = [];
    const added = specs.map((spec) => {
      const row = this.#add(spec);
      if (row.severity === 1 && spec.edge !== 'clear' && row.type !== 'ALM.TRANSITION') urgent.push(row.seq);
      return row;
    });
    for (const listener of this.#listeners)
      listener({ heads: { a: this.head('a'), e: this.head('e') }, urgent });
    return added;
  }

  /** Adds a body as it is, for rows that no gateway of ours would write. */
  appendBody(lane: Lane, body: string, type = 'DEV.ONLINE', severity = 4): OutboxRow {
    const row = this.#push(lane, body, type, severity, Date.now());
    for (const listener of this.#listeners)
      listener({ heads: { a: this.head('a'), e: this.head('e') }, urgent: [] });
    return row;
  }

  /** Retention: forgets a prefix of a lane. */
  remove(lane: Lane, to: number): void {
    this.#logs[lane].removed = to;
  }

  rows(lane: Lane): readonly OutboxRow[] {
    return this.#logs[lane].rows;
  }

  head(lane: Lane): LaneHead {
    const row = this.#logs[lane].rows.at(-1);
    return { seq: row?.seq ?? 0, hash: row?.hash ?? CHAIN_START };
  }

  async read(lane: Lane, from: number, limit: number, maxBytes: number): Promise<OutboxSlice> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.readError !== undefined) throw this.readError;
    const { rows, removed } = this.#logs[lane];
    const first = Math.max(from, removed + 1);
    const slice: OutboxRow[] = [];
    let bytes = 0;
    for (const row of rows.slice(first - 1, first - 1 + limit)) {
      bytes += row.body.length;
      if (slice.length > 0 && bytes > maxBytes) break;
      slice.push(row);
    }
    const hash = (seq: number) => rows[seq - 1]?.hash ?? CHAIN_START;
    if (removed < from) return { prev: hash(from - 1), rows: slice };
    // As after a restart: the hash before what is gone is gone, too.
    return { prev: CHAIN_START, rows: slice, removed: { from, to: removed, hash: hash(removed) } };
  }

  cursor(recipient: string, lane: Lane): Cursor {
    return this.#cursors.get(`${recipient}/${lane}`) ?? { ack: 0, have: [] };
  }

  async advance(recipient: string, lane: Lane, cursor: Cursor): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const known = this.cursor(recipient, lane);
    const have = cursor.have.reduce((all, [from, to]) => addRange(all, from, to), known.have);
    this.#cursors.set(`${recipient}/${lane}`, absorb(Math.max(known.ack, cursor.ack), have));
    this.moves.push({ recipient, lane, cursor: structuredClone(cursor) });
  }

  onAppend(listener: (appended: Appended) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onRenewed(listener: () => void): () => void {
    this.#renewed.add(listener);
    return () => this.#renewed.delete(listener);
  }

  /** Begins a new epoch: the rows stay, the cursors start anew. */
  renew(): void {
    this.predecessor = this.epoch;
    this.epoch = uuidv7();
    this.#cursors.clear();
    for (const listener of this.#renewed) listener();
  }

  /** Loses what came after `seq` on a lane, as a power cut with a lying disk does; cursors go back with it. */
  lose(lane: Lane, after: number): void {
    this.#logs[lane].rows.length = after;
    for (const [key, { ack }] of this.#cursors)
      if (key.endsWith(`/${lane}`)) this.#cursors.set(key, { ack: Math.min(ack, after), have: [] });
  }

  #add(spec: EventSpec): OutboxRow {
    const code = spec.type ?? 'DEV.ONLINE';
    const type = eventType(code);
    const lane = spec.lane ?? type?.lane ?? 'e';
    const at = spec.at ?? Date.now();
    const time = new Date(at).toISOString();
    const seq = this.head(lane).seq + 1;
    const event: Event = {
      v: 1,
      id: spec.id ?? uuidv7(),
      type: code,
      kind: type?.kind ?? 'event',
      severity: spec.severity ?? type?.severity ?? 4,
      edge: spec.edge ?? 'pulse',
      mode: 'live',
      freshness: 'live',
      occurredAt: time,
      receivedAt: time,
      clock: { source: 'gateway', quality: 'sync' },
      lane,
      seq,
      origin: {
        ...this.origin,
        device: `dev-${seq % 97}`,
        slot: `slot-${seq % 97}`,
        place: `dorm-${seq % 7}`,
      },
      readings: [{ name: 'battery', value: (seq * 7) % 100, unit: '%' }],
      ...(spec.data === undefined ? {} : { data: spec.data }),
    };
    return this.#push(lane, encodeBody(event), code, event.severity, at);
  }

  #push(lane: Lane, body: string, type: string, severity: number, at: number): OutboxRow {
    const { seq, hash } = this.head(lane);
    const next = chainNext(Buffer.from(hash, 'hex'), seq + 1, digestOf(body)).toString('hex');
    const row = { seq: seq + 1, body, hash: next, type, severity, freshness: 'live', at };
    this.#logs[lane].rows.push(row);
    return row;
  }
}
