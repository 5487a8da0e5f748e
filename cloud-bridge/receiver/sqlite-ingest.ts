import { CHAIN_START, chainNext } from '../../contract/chain.ts';
import type { Range, Skip } from '../../contract/frame.ts';
import type { FrameRow } from '../frame-chain.ts';
import { rangeOf, subtract } from '../ranges.ts';
import { alarmOf } from './alarm-projection.ts';
import { hadRanges, type LaneRecord, laneName, newLane, withRange } from './lane-record.ts';
import type { Sqlite } from './sqlite.ts';
import type { DeadLetter, FrameOutcome, LaneKey, ReceivedFrame, StoredRejection } from './store.ts';

interface LaneRow {
  ack: number;
  have: string;
  holes: string;
  tail_seq: number;
  tail_hash: string;
  head_seq: number;
  head_hash: string;
  stored: number;
  duplicates: number;
  skipped: number;
  rejected: number;
  conflicts: number;
  chain_breaks: number;
  updated_at: number;
}

const PLACE = 'school = ? AND gateway = ? AND epoch = ? AND lane = ?';

const INSERT_EVENTS = `
INSERT INTO event (gateway, epoch, lane, seq, id, digest, hash, altered, type, severity, time, school, region, body,
                   received_at)
SELECT ?3, ?4, ?5, value ->> 0, value ->> 1, unhex(value ->> 2), unhex(value ->> 3), value ->> 4, value ->> 5,
       value ->> 6, value ->> 7, ?6, ?7, CAST(substr(?2, value ->> 8, value ->> 9) AS TEXT), ?8
FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING`;

const UPSERT_TALLY = `
INSERT INTO tally (gateway, school, region, type, events, counted)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
ON CONFLICT (gateway, school, region, type) DO UPDATE
SET events = events + excluded.events, counted = counted + excluded.counted`;

/** The frames of one transaction. What it read of a lane it keeps until `finish` writes it back. */
export class SqliteIngest {
  readonly #db: Sqlite;
  readonly #at: number;
  readonly #lanes = new Map<string, LaneRecord>();
  readonly #tally = new Map<string, [string, string, string, string, number, number]>();
  /** Bodies that contradict what is stored. */
  readonly conflicts: DeadLetter[] = [];

  constructor(db: Sqlite, at: number) {
    this.#db = db;
    this.#at = at;
  }

  /** The lane as it is within this transaction. */
  async lane(key: LaneKey): Promise<LaneRecord> {
    const name = laneName(key);
    let record = this.#lanes.get(name);
    if (record === undefined) {
      record = (await readLane(this.#db, key)) ?? newLane(key);
      this.#lanes.set(name, record);
    }
    return record;
  }

  /** Undefined when the lane is in too many pieces to take it. */
  async take(frame: ReceivedFrame): Promise<FrameOutcome | undefined> {
    const lane = await this.lane(frame);
    const state = withRange(lane, frame.from, frame.to, this.#at);
    if (state === undefined) return undefined;
    const had = hadRanges(lane);
    const isNew = subtract(frame.from, frame.to, had).length > 0;
    const { fresh, rejected, duplicates } = await this.#sort(frame, had);
    const stored = await this.#insert(frame, fresh, rejected);
    if (lane.rejected > 0 && stored.length > 0) lane.rejected -= await this.#heal(frame, stored);
    await this.#reject(lane, rejected);
    for (const skip of frame.skips) await this.#skip(lane, frame, skip, had);
    for (const row of stored) {
      this.#count(frame, row.type, 1, 0);
      if (row.type === 'ALM.TRANSITION') await this.#alarm(frame, row);
    }
    const contradicts = frame.proven && isNew && (await this.#breaks(frame, lane, had));
    const breaks = Math.max(contradicts ? 1 : 0, await this.#innerBreaks(frame, lane, stored, had));
    lane.chainBreaks += breaks;
    // After a conflict the end of the frame need not be the end of what is stored.
    const taken = rejected.every(({ code }) => code !== 'conflict');
    if (frame.proven && taken) lane.tail = { seq: frame.to, hash: frame.hash };
    const again = duplicates + fresh.length - stored.length;
    lane.stored += stored.length;
    lane.duplicates += again;
    Object.assign(lane, state);
    return { ...state, stored: stored.length, duplicates: again, rejected, chainBreak: breaks > 0 };
  }

  /** A heartbeat says where a lane ends. An end that moved back, or has another hash, is a chain break. */
  async head(key: LaneKey, seq: number, hash: string): Promise<void> {
    const lane = await this.lane(key);
    if (lane.head === seq && lane.headHash === hash) return;
    const stored = seq > 0 ? await this.#hashAt(key, lane, seq) : undefined;
    if (seq < lane.head || (stored !== undefined && stored !== hash)) lane.chainBreaks += 1;
    lane.head = seq;
    lane.headHash = hash;
  }

  /** Writes lanes and counts. */
  async finish(): Promise<void> {
    for (const lane of this.#lanes.values()) await writeLane(this.#db, { ...lane, updatedAt: this.#at });
    if (this.#tally.size > 0) await this.#db.run(UPSERT_TALLY, JSON.stringify([...this.#tally.values()]));
  }

  /** Parts what is stored at these places already from what is not. */
  async #sort(frame: ReceivedFrame, had: Range[]) {
    const rejected: StoredRejection[] = frame.rejected.map(({ seq, reason, detail }) => ({
      seq,
      code: reason,
      detail,
    }));
    const outside = had.every(([low, high]) => high < frame.from || low > frame.to);
    if (outside || frame.rows.length === 0) return { fresh: frame.rows, rejected, duplicates: 0 };
    const known = new Map<number, string>();
    const { school, gateway, epoch, lane, from, to } = frame;
    const rows = await this.#db.all<{ seq: number; digest: string }>(
      `SELECT seq, hex(digest) AS digest FROM event WHERE ${PLACE} AND seq BETWEEN ? AND ?`,
      ...[school, gateway, epoch, lane, from, to],
    );
    for (const { seq, digest } of rows) known.set(seq, digest.toLowerCase());
    const fresh: FrameRow[] = [];
    let duplicates = 0;
    for (const row of frame.rows) {
      const digest = known.get(row.seq);
      if (digest === undefined) fresh.push(row);
      else if (digest === row.digest.toString('hex')) duplicates += 1;
      else this.#conflict(frame, row, rejected, `place is taken by digest ${digest.slice(0, 16)}...`);
    }
    return { fresh, rejected, duplicates };
  }

  /** Stores rows; those whose id is known from another place are duplicates or conflicts. Returns what was stored. */
  async #insert(frame: ReceivedFrame, fresh: FrameRow[], rejected: StoredRejection[]): Promise<FrameRow[]> {
    if (fresh.length === 0) return [];
    const { school, gateway, epoch, lane, region } = frame;
    let offset = 1;
    const bodies: Buffer[] = [];
    const meta = fresh.map((row) => {
      const body = Buffer.from(row.body);
      const place = offset;
      bodies.push(body);
      offset += body.length;
      const { seq, id, digest, hash, altered, type, severity, time } = row;
      const hex = [digest.toString('hex'), hash.toString('hex')];
      return [seq, id, ...hex, altered ? 1 : 0, type, severity, time, place, body.length];
    });
    const changes = await this.#db.run(
      INSERT_EVENTS,
      ...[JSON.stringify(meta), Buffer.concat(bodies), gateway, epoch, lane, school, region, this.#at],
    );
    if (changes === fresh.length) return fresh;
    const ids = JSON.stringify(fresh.map(({ id }) => id));
    const elsewhere = new Map<string, string>();
    const own = JSON.stringify(fresh.map(({ seq }) => seq));
    const rows = await this.#db.all<{ id: string; digest: string }>(
      `SELECT id, hex(digest) AS digest FROM event WHERE gateway = ? AND id IN (SELECT value FROM json_each(?))
       AND NOT (school = ? AND epoch = ? AND lane = ? AND seq IN (SELECT value FROM json_each(?)))`,
      ...[gateway, ids, school, epoch, lane, own],
    );
    for (const { id, digest } of rows) elsewhere.set(id, digest.toLowerCase());
    return this.#stored(frame, fresh, elsewhere, rejected);
  }

  #stored(
    frame: ReceivedFrame,
    fresh: FrameRow[],
    elsewhere: Map<string, string>,
    rejected: StoredRejection[],
  ) {
    const here = new Set<string>();
    return fresh.filter((row) => {
      const digest = elsewhere.get(row.id);
      if (digest === undefined && !here.has(row.id)) {
        here.add(row.id);
        return true;
      }
      if (digest !== row.digest.toString('hex')) {
        this.#conflict(frame, row, rejected, `id ${row.id} is taken by another event`);
      }
      return false;
    });
  }

  #conflict(frame: ReceivedFrame, row: FrameRow, rejected: StoredRejection[], detail: string): void {
    rejected.push({ seq: row.seq, code: 'conflict', detail });
    const { school, gateway, epoch, lane, path } = frame;
    const topic = `cs/v1/${path.city}/${path.county}/${path.school}/${path.gateway}/up/${lane}`;
    const bytes = Buffer.from(row.body);
    const at = { from: row.seq, to: row.seq };
    this.conflicts.push({ topic, reason: 'conflict', detail, bytes, school, gateway, epoch, lane, ...at });
  }

  async #reject(lane: LaneRecord, rejected: StoredRejection[]): Promise<void> {
    if (rejected.length === 0) return;
    const { school, gateway, epoch, lane: name } = lane;
    const changes = await this.#db.run(
      `INSERT INTO rejection (school, gateway, epoch, lane, seq, code, detail, at)
       SELECT ?2, ?3, ?4, ?5, value ->> 'seq', value ->> 'code', value ->> 'detail', ?6 FROM json_each(?1) WHERE true
       ON CONFLICT DO NOTHING`,
      ...[JSON.stringify(rejected), school, gateway, epoch, name, this.#at],
    );
    lane.rejected += changes;
    // Sent again, a conflict is no new one.
    if (changes > 0) lane.conflicts += rejected.filter(({ code }) => code === 'conflict').length;
  }

  /** A row that was rejected came again, sound. Returns how many rejections that ended. */
  #heal(frame: ReceivedFrame, rows: FrameRow[]): Promise<number> {
    return this.#db.run(
      `DELETE FROM rejection WHERE ${PLACE} AND seq IN (SELECT value FROM json_each(?))`,
      ...[frame.school, frame.gateway, frame.epoch, frame.lane, JSON.stringify(rows.map(({ seq }) => seq))],
    );
  }

  /** A skip that is had already adds nothing; one that contains earlier ones adds the difference. */
  async #skip(lane: LaneRecord, frame: ReceivedFrame, skip: Skip, had: Range[]): Promise<void> {
    const parts = subtract(skip.from, skip.to, had);
    if (parts.length === 0) return;
    const { school, gateway, epoch, lane: name } = frame;
    const place = [school, gateway, epoch, name] as const;
    lane.skipped += parts.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    const counts = new Map(Object.entries(skip.counts ?? {}));
    const inside = await this.#db.all<{ counts: string }>(
      `DELETE FROM skip WHERE ${PLACE} AND from_seq >= ? AND to_seq <= ? RETURNING counts`,
      ...[...place, skip.from, skip.to],
    );
    for (const earlier of inside) {
      for (const [type, n] of Object.entries(JSON.parse(earlier.counts) as Record<string, number>)) {
        counts.set(type, Math.max(0, (counts.get(type) ?? 0) - n));
      }
    }
    for (const [type, n] of counts) if (n > 0) this.#count(frame, type, 0, n);
    await this.#db.run(
      'INSERT OR REPLACE INTO skip (school, gateway, epoch, lane, to_seq, from_seq, why, count, hash, counts, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[
        ...place,
        skip.to,
        skip.from,
        skip.why,
        skip.count,
        skip.hash,
        JSON.stringify(skip.counts ?? {}),
        this.#at,
      ],
    );
  }

  #count({ gateway, school, region }: ReceivedFrame, type: string, events: number, counted: number): void {
    const key = `${school}/${gateway}/${region}/${type}`;
    const entry = this.#tally.get(key);
    if (entry === undefined) this.#tally.set(key, [gateway, school, region, type, events, counted]);
    else {
      entry[4] += events;
      entry[5] += counted;
    }
  }

  async #alarm(frame: ReceivedFrame, row: FrameRow): Promise<void> {
    const alarm = alarmOf(row.event);
    if (alarm === undefined) return;
    const { id, version, severity, operator, firstAt } = alarm;
    await this.#db.run(
      `INSERT INTO alarm (school, gateway, id, version, severity, open, first_at, region, received_at, alarm)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (school, gateway, id) DO UPDATE SET version = excluded.version, severity = excluded.severity,
         open = excluded.open, received_at = excluded.received_at, alarm = excluded.alarm
       WHERE excluded.version > version`,
      ...[
        frame.school,
        frame.gateway,
        id,
        version,
        severity,
        operator === 'closed' ? 0 : 1,
        firstAt,
        frame.region,
      ],
      ...[this.#at, JSON.stringify(alarm)],
    );
  }

  /** Does the frame contradict the hashes that are stored next to it? What is not known cannot contradict. */
  async #breaks(frame: ReceivedFrame, lane: LaneRecord, had: Range[]): Promise<boolean> {
    const [first] = frame.skips;
    // The sender of rows that are gone need not know the hash before them any more.
    const forgotten = frame.prev === CHAIN_START && first?.from === frame.from && first.why !== 'filter';
    if (!forgotten) {
      const before = await this.#hashAt(frame, lane, frame.from - 1);
      if (before !== undefined && before !== frame.prev) return true;
    }
    if (rangeOf(frame.to + 1, had) === undefined) return false;
    return this.#breaksAfter(frame, frame.to, Buffer.from(frame.hash, 'hex'));
  }

  /**
   * Places where a row that was just stored, or a skip, does not fit its neighbour that was stored before: what
   * `receiver verify` finds when it reads everything. Rows of one frame fit each other, that is proven.
   */
  async #innerBreaks(
    frame: ReceivedFrame,
    lane: LaneRecord,
    stored: FrameRow[],
    had: Range[],
  ): Promise<number> {
    if (!frame.proven || had.length === 0) return 0;
    const here = new Set(stored.map(({ seq }) => seq));
    const ends = new Set(frame.skips.map(({ to }) => to));
    let breaks = 0;
    for (const { seq, hash, digest } of stored) {
      if (!here.has(seq - 1) && !ends.has(seq - 1) && (seq === 1 || rangeOf(seq - 1, had) !== undefined)) {
        const before = await this.#hashAt(frame, lane, seq - 1);
        const fits = before === undefined || chainNext(Buffer.from(before, 'hex'), seq, digest).equals(hash);
        if (!fits) breaks += 1;
      }
      if (here.has(seq + 1) || rangeOf(seq + 1, had) === undefined) continue;
      if (await this.#breaksAfter(frame, seq, hash)) breaks += 1;
    }
    for (const { from, to, hash } of frame.skips) {
      if (subtract(from, to, had).length === 0 || rangeOf(to, had) !== undefined) continue;
      if (here.has(to + 1) || rangeOf(to + 1, had) === undefined) continue;
      if (await this.#breaksAfter(frame, to, Buffer.from(hash, 'hex'))) breaks += 1;
    }
    return breaks;
  }

  /** Is there an event after `seq` that does not follow from `hash`? */
  async #breaksAfter(key: LaneKey, seq: number, hash: Buffer): Promise<boolean> {
    const next = await this.#db.get<{ digest: Buffer; hash: Buffer }>(
      `SELECT digest, hash FROM event WHERE ${PLACE} AND seq = ?`,
      ...[key.school, key.gateway, key.epoch, key.lane, seq + 1],
    );
    return next !== undefined && !chainNext(hash, seq + 1, next.digest).equals(next.hash);
  }

  async #hashAt(key: LaneKey, { tail }: LaneRecord, seq: number): Promise<string | undefined> {
    if (seq === 0) return CHAIN_START;
    if (tail.seq === seq) return tail.hash;
    const place = [key.school, key.gateway, key.epoch, key.lane];
    const row = await this.#db.get<{ hash: string }>(
      `SELECT lower(hex(hash)) AS hash FROM event WHERE ${PLACE} AND seq = ?
       UNION ALL SELECT hash FROM skip WHERE ${PLACE} AND to_seq = ? LIMIT 1`,
      ...[...place, seq, ...place, seq],
    );
    return row?.hash;
  }
}

/** The stored record of a lane. */
export async function readLane(db: Sqlite, key: LaneKey): Promise<LaneRecord | undefined> {
  const { school, gateway, epoch, lane } = key;
  const row = await db.get<LaneRow>(`SELECT * FROM lane WHERE ${PLACE}`, school, gateway, epoch, lane);
  return row === undefined ? undefined : laneRecord({ school, gateway, epoch, lane }, row);
}

/** A row of the lane table as a record. */
export function laneRecord(key: LaneKey, row: LaneRow): LaneRecord {
  return {
    ...key,
    ack: row.ack,
    have: JSON.parse(row.have),
    holes: JSON.parse(row.holes),
    tail: { seq: row.tail_seq, hash: row.tail_hash },
    head: row.head_seq,
    headHash: row.head_hash,
    stored: row.stored,
    duplicates: row.duplicates,
    skipped: row.skipped,
    rejected: row.rejected,
    conflicts: row.conflicts,
    chainBreaks: row.chain_breaks,
    updatedAt: row.updated_at,
  };
}

async function writeLane(db: Sqlite, lane: LaneRecord): Promise<void> {
  await db.run(
    `INSERT OR REPLACE INTO lane (school, gateway, epoch, lane, ack, have, holes, tail_seq, tail_hash, head_seq,
       head_hash, stored, duplicates, skipped, rejected, conflicts, chain_breaks, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[lane.school, lane.gateway, lane.epoch, lane.lane, lane.ack, JSON.stringify(lane.have)],
    ...[JSON.stringify(lane.holes), lane.tail.seq, lane.tail.hash, lane.head, lane.headHash],
    ...[
      lane.stored,
      lane.duplicates,
      lane.skipped,
      lane.rejected,
      lane.conflicts,
      lane.chainBreaks,
      lane.updatedAt,
    ],
  );
}
