import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { lanes as laneNames } from '../../contract/event.ts';
import { uplinkTopic } from '../../contract/uplink-topic.ts';
import { regionAfter } from './identity.ts';
import { numbers } from './open-frame.ts';
import { applyFrame, applyState, type GatewayRecord } from './presence.ts';
import { openSqlite, type Sqlite, type SqlValue } from './sqlite.ts';
import { checkStore } from './sqlite-check.ts';
import { laneRecord, readLane, SqliteIngest } from './sqlite-ingest.ts';
import * as queries from './sqlite-queries.ts';
import { SCHEMA_VERSION, schema } from './sqlite-schema.ts';
import type {
  AlarmView,
  CountKey,
  CountView,
  DeadLetter,
  DeadLetterView,
  EventQuery,
  EventView,
  FrameOutcome,
  IngestBatch,
  LaneKey,
  LaneView,
  ReceivedFrame,
  ReceivedState,
  ReceiverStore,
  StoreCheck,
} from './store.ts';

export interface SqliteStoreOptions {
  file: string;
  /** Bytes of dead letters kept; the oldest go first. */
  deadLetterBytes: number;
}

/**
 * A receiver's store in one SQLite file (WAL, FULL): the default for a demo or one county. One connection writes, one
 * reads, so that a query sees only what is committed.
 */
export class SqliteStore implements ReceiverStore {
  readonly #write: Sqlite;
  readonly #read: Sqlite;
  readonly #deadLetterLimit: number;
  #deadLetterBytes: number;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(write: Sqlite, read: Sqlite, limit: number, bytes: number) {
    this.#write = write;
    this.#read = read;
    this.#deadLetterLimit = limit;
    this.#deadLetterBytes = bytes;
  }

  /** Opens or makes the file. Rejects if it is none of ours, or of a later version; it is never altered then. */
  static async open({ file, deadLetterBytes }: SqliteStoreOptions): Promise<SqliteStore> {
    mkdirSync(dirname(file), { recursive: true });
    const write = await openSqlite(file);
    try {
      await write.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      const version = (await write.get<{ user_version: number }>('PRAGMA user_version'))?.user_version ?? 0;
      if (version > SCHEMA_VERSION) {
        throw new Error(
          `version ${version} is newer than this program's ${SCHEMA_VERSION}; update campus-gateway`,
        );
      }
      if (version === 0) await write.exec(`BEGIN; ${schema} COMMIT;`);
      const sum = await write.get<{ bytes: number }>(
        'SELECT coalesce(sum(size), 0) AS bytes FROM dead_letter',
      );
      return new SqliteStore(write, await openSqlite(file, true), deadLetterBytes, sum?.bytes ?? 0);
    } catch (error) {
      await write.close();
      throw new Error(`receiver store ${file}: ${(error as Error).message}`, { cause: error });
    }
  }

  commit(batch: IngestBatch): Promise<Array<FrameOutcome | undefined>> {
    const result = this.#tail.then(() => this.#transaction(batch));
    this.#tail = result.catch(() => {});
    return result;
  }

  lane(key: LaneKey): Promise<LaneView | undefined> {
    return readLane(this.#read, key);
  }

  async lanes(): Promise<LaneView[]> {
    const rows = await this.#read.all<Parameters<typeof laneRecord>[1] & LaneKey>(
      'SELECT * FROM lane ORDER BY school, gateway, epoch, lane',
    );
    return rows.map((row) =>
      laneRecord({ school: row.school, gateway: row.gateway, epoch: row.epoch, lane: row.lane }, row),
    );
  }

  async gateways(): Promise<GatewayRecord[]> {
    const rows = await this.#read.all<{ record: string }>(
      'SELECT record FROM gateway ORDER BY school, gateway',
    );
    return rows.map(({ record }) => JSON.parse(record) as GatewayRecord);
  }

  async regionOf(school: string, gateway: string): Promise<string | undefined> {
    const row = await this.#read.get<{ region: string }>(
      "SELECT record ->> 'region' AS region FROM gateway WHERE school = ? AND gateway = ?",
      ...[school, gateway],
    );
    return row?.region;
  }

  counts(by: CountKey): Promise<CountView[]> {
    return queries.counts(this.#read, by);
  }

  events(query: EventQuery): Promise<EventView[]> {
    return queries.events(this.#read, query);
  }

  alarms(query: { state: 'open' | 'all'; severity: number; limit: number }): Promise<AlarmView[]> {
    return queries.alarms(this.#read, query);
  }

  deadLetters(query: {
    before: number;
    limit: number;
  }): Promise<{ letters: DeadLetterView[]; dropped: number }> {
    return queries.deadLetters(this.#read, query);
  }

  check(): Promise<StoreCheck> {
    return checkStore(this.#read);
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#read.close();
    await this.#write.close();
  }

  async #transaction(batch: IngestBatch): Promise<Array<FrameOutcome | undefined>> {
    await this.#write.exec('BEGIN IMMEDIATE');
    try {
      const ingest = new SqliteIngest(this.#write, batch.at);
      const gateways = new Map<string, GatewayRecord>();
      const misplaced: DeadLetter[] = [];
      for (const state of batch.states) {
        const detail = await this.#state(state, batch.at, gateways, ingest);
        if (detail !== undefined) misplaced.push(letterOf(state, 'state', state.bytes, detail));
      }
      const outcomes: Array<FrameOutcome | undefined> = [];
      for (const frame of batch.frames) {
        const place = await this.#place(frame, gateways);
        if ('fault' in place) {
          const { epoch, lane, from, to } = frame;
          misplaced.push({ ...letterOf(frame, lane, frame.wire, place.fault), epoch, lane, from, to });
          outcomes.push(refusal(frame, place.fault));
          continue;
        }
        outcomes.push(await ingest.take(frame));
        const record = { ...applyFrame(place.record, frame.path, batch.at), region: place.region };
        gateways.set(`${frame.school}/${frame.gateway}`, record);
      }
      await ingest.finish();
      for (const record of gateways.values()) {
        const values: SqlValue[] = [record.school, record.gateway, JSON.stringify(record)];
        await this.#write.run(
          'INSERT OR REPLACE INTO gateway (school, gateway, record) VALUES (?, ?, ?)',
          ...values,
        );
      }
      for (const letter of [...batch.deadLetters, ...misplaced, ...ingest.conflicts])
        await this.#bury(letter, batch.at);
      await this.#write.exec('COMMIT');
      return outcomes;
    } catch (error) {
      // Some failures (disk full) have rolled back already; the first error is the one to tell.
      await this.#write.exec('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async #gateway(school: string, gateway: string, known: Map<string, GatewayRecord>) {
    const record = known.get(`${school}/${gateway}`);
    if (record !== undefined) return record;
    const row = await this.#write.get<{ record: string }>(
      'SELECT record FROM gateway WHERE school = ? AND gateway = ?',
      ...[school, gateway],
    );
    return row === undefined ? undefined : (JSON.parse(row.record) as GatewayRecord);
  }

  /** Where a gateway is bound after it came from a path, or why that path is not its own. */
  async #place(
    { path, enrolled }: Pick<ReceivedFrame, 'path' | 'enrolled'>,
    known: Map<string, GatewayRecord>,
  ): Promise<{ record: GatewayRecord | undefined; region: string } | { fault: string }> {
    const record = await this.#gateway(path.school, path.gateway, known);
    const bound = enrolled ? path.county : (record?.region ?? path.county);
    const region = regionAfter(bound, path.county);
    if (region !== undefined) return { record, region };
    const how = 'if it is there now, name it under "gateways" in receiver.yaml';
    return { fault: `the topic is of county ${path.county}, the gateway belongs to ${bound}; ${how}` };
  }

  /** Returns why the message was not taken. */
  async #state(
    received: ReceivedState,
    at: number,
    known: Map<string, GatewayRecord>,
    ingest: SqliteIngest,
  ): Promise<string | undefined> {
    const { path, state, retained } = received;
    const { school, gateway } = path;
    const place = await this.#place(received, known);
    if ('fault' in place) return place.fault;
    const record = { ...applyState(place.record, path, state, at, retained), region: place.region };
    known.set(`${school}/${gateway}`, record);
    if (state.k !== 'hb' || retained) return undefined;
    for (const lane of laneNames) {
      const { seq, head } = state.lanes[lane];
      await ingest.head({ school, gateway, epoch: state.epoch, lane }, seq, head);
    }
    return undefined;
  }

  async #bury(letter: DeadLetter, at: number): Promise<void> {
    const { topic, reason, detail, gateway = null, school = null, epoch = null, lane = null } = letter;
    const bytes = Buffer.from(letter.bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const again = await this.#write.run(
      'UPDATE dead_letter SET times = times + 1, last_at = ? WHERE topic = ? AND reason = ? AND sha256 = ?',
      ...[at, topic, reason, sha256],
    );
    if (again > 0) return;
    await this.#write.run(
      `INSERT INTO dead_letter (received_at, last_at, times, topic, gateway, school, epoch, lane, from_seq, to_seq, reason,
         detail, sha256, size, bytes) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[
        at,
        at,
        topic,
        gateway,
        school,
        epoch,
        lane,
        letter.from ?? null,
        letter.to ?? null,
        reason,
        detail,
      ],
      ...[sha256, bytes.length, bytes],
    );
    this.#deadLetterBytes += bytes.length;
    while (this.#deadLetterBytes > this.#deadLetterLimit) {
      const oldest = await this.#write.get<{ size: number }>(
        'DELETE FROM dead_letter WHERE id = (SELECT min(id) FROM dead_letter) RETURNING size',
      );
      if (oldest === undefined) break;
      await this.#write.run('UPDATE dead_letter_dropped SET n = n + 1');
      this.#deadLetterBytes -= oldest.size;
    }
  }
}

function letterOf(
  { path }: Pick<ReceivedFrame, 'path'>,
  leaf: 'a' | 'e' | 'state',
  bytes: Uint8Array,
  detail: string,
): DeadLetter {
  const { school, gateway } = path;
  return { topic: uplinkTopic(path, `up/${leaf}`), reason: 'wrong-identity', detail, bytes, school, gateway };
}

function refusal(frame: ReceivedFrame, detail: string): FrameOutcome {
  const rejected = (numbers(frame, 'wrong-identity', detail) ?? []).map(({ seq, reason }) => ({
    seq,
    code: reason,
    detail,
  }));
  const nothing = { ack: 0, have: [], holes: [], stored: 0, duplicates: 0, chainBreak: false };
  return { ...nothing, rejected, wrongIdentity: detail };
}
