import { CHAIN_START, chainNext, digestOf } from '../../contract/chain.ts';
import type { Lane } from '../../contract/event.ts';
import type { Range } from '../../contract/frame.ts';
import { addRange, subtract } from '../ranges.ts';
import { openSqlite, type Sqlite } from './sqlite.ts';
import type { LaneKey, StoreCheck } from './store.ts';

const PAGE = 2_000;
const MAX_FAULTS = 100;

interface EventRow {
  seq: number;
  body: string;
  digest: Buffer;
  hash: Buffer;
  altered: number;
}

interface LaneRow extends LaneKey {
  ack: number;
  have: string;
  stored: number;
  chain_breaks: number;
}

/**
 * Reads the whole store and proves it: every number up to `ack` is an event, a skip or a rejection; each body has the
 * digest that the chain was made of; each hash follows from the one before it; the counts are those of the rows.
 */
export async function checkStore(db: Sqlite): Promise<StoreCheck> {
  const result: StoreCheck = {
    gateways: 0,
    lanes: 0,
    events: 0,
    skipped: 0,
    rejected: 0,
    chainBreaks: 0,
    faults: [],
  };
  const fault = (text: string) => {
    if (result.faults.length < MAX_FAULTS) result.faults.push(text);
  };
  result.gateways = (await db.get<{ n: number }>('SELECT count(*) AS n FROM gateway'))?.n ?? 0;
  for (const lane of await db.all<LaneRow>('SELECT * FROM lane ORDER BY school, gateway, epoch, lane')) {
    result.lanes += 1;
    result.chainBreaks += lane.chain_breaks;
    await checkLane(db, lane, result, fault);
  }
  const off = await db.all<{ school: string; type: string; events: number; rows: number }>(
    `SELECT school, type, sum(events) AS events, sum(rows) AS rows FROM (
       SELECT school, type, events, 0 AS rows FROM tally
       UNION ALL SELECT school, type, 0, count(*) FROM event GROUP BY school, type
     ) GROUP BY school, type HAVING sum(events) <> sum(rows)`,
  );
  for (const { school, type, events, rows } of off)
    fault(`count of ${type} at ${school} is ${events}, its rows are ${rows}`);
  const integrity = await db.all<{ integrity_check: string }>('PRAGMA integrity_check(10)');
  for (const { integrity_check: text } of integrity) if (text !== 'ok') fault(`SQLite: ${text}`);
  return result;
}

async function checkLane(
  db: Sqlite,
  lane: LaneRow,
  result: StoreCheck,
  fault: (text: string) => void,
): Promise<void> {
  const name = `${lane.school}/${lane.gateway} lane ${lane.lane} of epoch ${lane.epoch}`;
  const place = [lane.school, lane.gateway, lane.epoch, lane.lane as Lane] as const;
  const PLACE = 'school = ? AND gateway = ? AND epoch = ? AND lane = ?';
  const skips = await db.all<{ from_seq: number; to_seq: number; hash: string }>(
    `SELECT from_seq, to_seq, hash FROM skip WHERE ${PLACE} ORDER BY to_seq`,
    ...place,
  );
  const rejected = await db.all<{ seq: number }>(
    `SELECT seq FROM rejection WHERE ${PLACE} ORDER BY seq`,
    ...place,
  );
  result.rejected += rejected.length;
  let covered: Range[] = [];
  for (const { from_seq, to_seq } of skips) {
    covered = addRange(covered, from_seq, to_seq);
    result.skipped += to_seq - from_seq + 1;
  }
  for (const { seq } of rejected) covered = addRange(covered, seq, seq);
  const hashes = new Map(skips.map(({ to_seq, hash }) => [to_seq, Buffer.from(hash, 'hex')]));
  let before: { seq: number; hash: Uint8Array } = { seq: 0, hash: Buffer.from(CHAIN_START, 'hex') };
  let events = 0;
  let breaks = 0;
  for (let seq = 0; ; ) {
    const page = await db.all<EventRow>(
      `SELECT seq, body, digest, hash, altered FROM event WHERE ${PLACE} AND seq > ? ORDER BY seq LIMIT ${PAGE}`,
      ...[...place, seq],
    );
    for (const row of page) {
      seq = row.seq;
      events += 1;
      covered = addRange(covered, seq, seq);
      if (row.altered === 0 && !digestOf(row.body).equals(row.digest))
        fault(`${name}: body of seq ${seq} was altered`);
      const skipped = hashes.get(seq - 1);
      const previous = before.seq === seq - 1 ? before.hash : skipped;
      if (previous !== undefined && !chainNext(previous, seq, row.digest).equals(row.hash)) breaks += 1;
      before = { seq, hash: row.hash };
    }
    if (page.length < PAGE) break;
  }
  result.events += events;
  // A break that the receiver saw when it stored the frame is the gateway's, and told elsewhere.
  if (breaks > lane.chain_breaks)
    fault(`${name}: the chain of hashes breaks at ${breaks - lane.chain_breaks} place(s)`);
  await unknownElsewhere(db, lane, subtract(1, lane.ack, covered), name, fault);
  for (const [from, to] of JSON.parse(lane.have) as Range[]) {
    await unknownElsewhere(db, lane, subtract(from, to, covered), name, fault);
  }
  if (events !== lane.stored) fault(`${name}: ${lane.stored} events were stored, ${events} are there`);
}

/** Numbers without a row are right when their events are known from an earlier epoch: then they count as duplicates. */
async function unknownElsewhere(
  db: Sqlite,
  { school, gateway, epoch, lane }: LaneRow,
  holes: Range[],
  name: string,
  fault: (text: string) => void,
): Promise<void> {
  for (const [from, to] of holes) {
    const row = await db.get<{ n: number }>(
      'SELECT count(DISTINCT seq) AS n FROM event WHERE gateway = ? AND lane = ? AND seq BETWEEN ? AND ? AND NOT (epoch = ? AND school = ?)',
      ...[gateway, lane, from, to, epoch, school],
    );
    if ((row?.n ?? 0) < to - from + 1) fault(`${name}: ${from}..${to} is confirmed but not stored`);
  }
}

/** Checks a file without writing to it, whether a receiver is running on it or not. */
export async function checkSqliteFile(file: string): Promise<StoreCheck> {
  const db = await openSqlite(file, true);
  try {
    // One read transaction: a running receiver goes on, the check sees one moment.
    await db.exec('BEGIN');
    return await checkStore(db);
  } finally {
    await db.close();
  }
}
