import { lanes } from '../../contract/event.ts';
import { PROTECTION_TYPES } from './history-rows.ts';
import type { Queries } from './sqlite.ts';

/** `PRAGMA application_id` of a journal: "CSJ1". */
export const APPLICATION_ID = 0x43534a31;

const columns1 = [
  'first',
  'rows',
  'hashes',
  'bytes',
  'hours',
  'alarms',
  'states',
  'retained',
  'cursors',
] as const;

/** Columns of `batch`, the one statement of a commit, in the order of its values. */
export const BATCH_COLUMNS = [...columns1, 'audit', 'audit_hashes'] as const;

const batchView = (columns: readonly string[]): string =>
  `CREATE VIEW batch (${columns.join(', ')}) AS SELECT ${columns.map(() => 'NULL').join(', ')} WHERE 0;`;

// Every text of a commit (bodies, states, payloads) is cut from the one buffer `bytes`; the JSON arrays carry the
// small fields and where to cut. substr counts bytes because `bytes` is a BLOB.
const cut = (offset: number): string =>
  `CAST(substr(NEW.bytes, value->>${offset}, value->>${offset + 1}) AS TEXT)`;

/** What a commit writes, as of version 1. */
const writeBatch = `  INSERT INTO journal
    SELECT NEW.first + key, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7,
      substr(NEW.hashes, key * 32 + 1, 32), ${cut(8)}
    FROM json_each(NEW.rows);
  INSERT INTO hour SELECT value->>0, value->>1 FROM json_each(NEW.hours);
  INSERT INTO alarm (id, version, open, changed, body)
    SELECT value->>0, value->>1, value->>2, value->>3, ${cut(4)} FROM json_each(NEW.alarms) WHERE true
    ON CONFLICT (id) DO UPDATE SET
      version = excluded.version, open = excluded.open, changed = excluded.changed, body = excluded.body
    WHERE excluded.version >= alarm.version;
  INSERT INTO state (key, value)
    SELECT value->>0, ${cut(1)} FROM json_each(NEW.states) WHERE value->>2 >= 0
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;
  DELETE FROM state WHERE key IN (SELECT value->>0 FROM json_each(NEW.states) WHERE value->>2 < 0);
  INSERT INTO retained (topic, qos, payload)
    SELECT value->>0, value->>1, substr(NEW.bytes, value->>2, value->>3) FROM json_each(NEW.retained)
    WHERE value->>3 > 0
    ON CONFLICT (topic) DO UPDATE SET qos = excluded.qos, payload = excluded.payload;
  DELETE FROM retained WHERE topic IN (SELECT value->>0 FROM json_each(NEW.retained) WHERE value->>3 = 0);
  INSERT INTO cursor (recipient, lane, ack, have, hash)
    SELECT value->>0, value->>1, value->>2, value->>3,
      (SELECT h FROM journal WHERE lane = value->>1 AND seq = value->>2)
    FROM json_each(NEW.cursors) WHERE true
    ON CONFLICT (recipient, lane) DO UPDATE SET ack = excluded.ack, have = excluded.have,
      hash = coalesce(excluded.hash, CASE WHEN ack = excluded.ack THEN hash END);
`;

/**
 * Version 1. `journal` is the truth; `alarm` and `hour` are folded from it; `state`, `retained` and `cursor` are written with the
 * rows that caused them. Writing goes through the views `batch` and `prune`: one statement is one transaction.
 */
const version1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  position  INTEGER PRIMARY KEY,
  lane      TEXT NOT NULL CHECK (lane IN (${lanes.map((lane) => `'${lane}'`).join(', ')})),
  seq       INTEGER NOT NULL,
  at        INTEGER NOT NULL, -- receipt, ms since 1970
  type      TEXT NOT NULL,
  severity  INTEGER NOT NULL,
  freshness TEXT NOT NULL,
  alarm     TEXT,             -- of a transition: its alarm
  dup       TEXT,             -- JSON array of keys by which a redelivery is recognised
  h         BLOB NOT NULL,    -- sha256(h(seq-1) || u64be(seq) || sha256(body)), per lane
  body      TEXT NOT NULL     -- what travels, byte for byte
) STRICT;
CREATE UNIQUE INDEX journal_seq ON journal (lane, seq);
CREATE INDEX journal_alarm ON journal (alarm) WHERE alarm IS NOT NULL;

-- From this position on rows were received in this hour (ms / 3,600,000), until the next mark. A clock that is set
-- back makes another mark, so looking up a time never misses a row.
CREATE TABLE hour (position INTEGER PRIMARY KEY, hour INTEGER NOT NULL) STRICT;
CREATE INDEX hour_hour ON hour (hour);

-- What retention removed, one row a lane and UTC day: everything up to seq, where h = hash.
CREATE TABLE checkpoint (
  lane     TEXT NOT NULL,
  day      TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  removed  INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (lane, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  id      TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  open    INTEGER NOT NULL,
  changed INTEGER NOT NULL,   -- receipt of its last transition, ms since 1970
  body    TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_open ON alarm (id) WHERE open = 1;
CREATE INDEX alarm_closed ON alarm (changed) WHERE open = 0;

CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE retained (topic TEXT PRIMARY KEY, qos INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;

CREATE TABLE cursor (
  recipient TEXT NOT NULL,
  lane      TEXT NOT NULL,
  ack       INTEGER NOT NULL,
  have      TEXT NOT NULL,    -- JSON array of ranges above ack
  hash      BLOB,             -- h(ack), so that a frame can continue there when retention was faster
  PRIMARY KEY (recipient, lane)
) STRICT, WITHOUT ROWID;

${batchView(columns1)}
CREATE TRIGGER batch_commit INSTEAD OF INSERT ON batch BEGIN
${writeBatch}END;

CREATE VIEW prune (lane, upto, day, at) AS SELECT NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER prune_commit INSTEAD OF INSERT ON prune BEGIN
  INSERT INTO checkpoint (lane, day, seq, position, hash, removed, at)
    SELECT lane, NEW.day, seq, position, h,
      (SELECT count(*) FROM journal WHERE lane = NEW.lane AND seq <= NEW.upto), NEW.at
    FROM journal WHERE lane = NEW.lane AND seq = NEW.upto
    ON CONFLICT (lane, day) DO UPDATE SET
      seq = excluded.seq, position = excluded.position, hash = excluded.hash, at = excluded.at,
      removed = removed + excluded.removed;
  DELETE FROM alarm WHERE open = 0
    AND id IN (SELECT alarm FROM journal WHERE lane = NEW.lane AND seq <= NEW.upto AND alarm IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.alarm = alarm.id AND NOT (j.lane = NEW.lane AND j.seq <= NEW.upto));
  DELETE FROM journal WHERE lane = NEW.lane AND seq <= NEW.upto;
END;
`;

/**
 * Version 2. `audit`: who did what, chained as a lane is, written by the commit that makes it true. Lines are never changed,
 * and removed only from the front, behind `audit_removed`.
 */
const version2 = `
CREATE TABLE audit (
  n      INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL, -- ms since 1970
  user   TEXT,
  object TEXT,
  h      BLOB NOT NULL,    -- sha256(h(n-1) || u64be(n) || sha256(body))
  body   TEXT NOT NULL
) STRICT;
CREATE INDEX audit_user ON audit (user, n);
CREATE INDEX audit_object ON audit (object, n);

-- What retention removed: everything up to n, where h = hash.
CREATE TABLE audit_removed (
  id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_removed WHERE n >= OLD.n)
BEGIN SELECT RAISE(ABORT, 'the audit is removed by retention only'); END;

DROP TRIGGER batch_commit;
DROP VIEW batch;
${batchView(BATCH_COLUMNS)}
CREATE TRIGGER batch_commit INSTEAD OF INSERT ON batch BEGIN
${writeBatch}
  INSERT INTO audit (n, at, user, object, h, body)
    SELECT value->>0, value->>1, value->>2, value->>3, substr(NEW.audit_hashes, key * 32 + 1, 32), ${cut(4)}
    FROM json_each(NEW.audit);
END;

CREATE VIEW prune_audit (upto, at) AS SELECT NULL, NULL WHERE 0;
CREATE TRIGGER prune_audit_commit INSTEAD OF INSERT ON prune_audit BEGIN
  INSERT OR REPLACE INTO audit_removed (id, n, hash, at) SELECT 1, n, h, NEW.at FROM audit WHERE n = NEW.upto;
  DELETE FROM audit WHERE n <= NEW.upto;
END;
`;

/**
 * Version 3. What says which zone or detector is watched is found without reading everything else: the state of a zone on a day
 * follows from whatever was said of it before, however long ago.
 */
const version3 = `
CREATE INDEX journal_protection ON journal (position) WHERE type IN (${PROTECTION_TYPES});
`;

/** Step n leads from `user_version` n to n + 1. Steps that were released never change. */
const migrations: readonly string[] = [version1, version2, version3];

/** `user_version` of a journal that this software writes. */
export const SCHEMA_VERSION = migrations.length;

/** Brings an open transaction's database from `version` to `SCHEMA_VERSION`. */
export async function migrate(queries: Queries, version: number): Promise<void> {
  for (const step of migrations.slice(version)) await queries.exec(step);
  await queries.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}
