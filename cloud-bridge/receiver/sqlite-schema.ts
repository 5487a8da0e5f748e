/** Rises with every change of the tables; a file of a later version is refused, never altered. */
export const SCHEMA_VERSION = 1;

export const schema = `
CREATE TABLE gateway (
  school TEXT NOT NULL, gateway TEXT NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY (school, gateway)
) WITHOUT ROWID;

CREATE TABLE lane (
  school TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
  ack INTEGER NOT NULL,
  have TEXT NOT NULL, -- [[from, to], ...] above ack
  holes TEXT NOT NULL, -- [{from, to, since}, ...]
  tail_seq INTEGER NOT NULL, tail_hash TEXT NOT NULL, -- end of the frame stored last
  head_seq INTEGER NOT NULL, head_hash TEXT NOT NULL, -- as the last heartbeat said
  stored INTEGER NOT NULL, duplicates INTEGER NOT NULL, skipped INTEGER NOT NULL,
  rejected INTEGER NOT NULL, conflicts INTEGER NOT NULL, chain_breaks INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (school, gateway, epoch, lane)
) WITHOUT ROWID;

CREATE TABLE event (
  position INTEGER PRIMARY KEY, -- order of arrival
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  digest BLOB NOT NULL, -- the chain goes over it
  hash BLOB NOT NULL, -- h(seq)
  altered INTEGER NOT NULL, -- 1: a field policy changed the body, so digest is that of the original
  type TEXT NOT NULL, severity INTEGER NOT NULL, time TEXT NOT NULL,
  school TEXT NOT NULL, region TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX event_place ON event (epoch, lane, seq, gateway, school);
CREATE UNIQUE INDEX event_id ON event (gateway, id);

CREATE TABLE skip (
  school TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
  to_seq INTEGER NOT NULL, from_seq INTEGER NOT NULL,
  why TEXT NOT NULL, count INTEGER NOT NULL, hash TEXT NOT NULL,
  counts TEXT NOT NULL, -- {type: n}
  received_at INTEGER NOT NULL,
  PRIMARY KEY (school, gateway, epoch, lane, to_seq)
) WITHOUT ROWID;

CREATE TABLE rejection (
  school TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
  code TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (school, gateway, epoch, lane, seq)
) WITHOUT ROWID;

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY,
  received_at INTEGER NOT NULL, last_at INTEGER NOT NULL, times INTEGER NOT NULL,
  topic TEXT NOT NULL, gateway TEXT, school TEXT, epoch TEXT, lane TEXT, from_seq INTEGER, to_seq INTEGER,
  reason TEXT NOT NULL, detail TEXT NOT NULL,
  sha256 TEXT NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL
);
CREATE UNIQUE INDEX dead_letter_same ON dead_letter (topic, reason, sha256);

CREATE TABLE dead_letter_dropped (n INTEGER NOT NULL); -- the oldest, given up for room
INSERT INTO dead_letter_dropped VALUES (0);

CREATE TABLE tally (
  gateway TEXT NOT NULL, school TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL,
  events INTEGER NOT NULL, counted INTEGER NOT NULL,
  PRIMARY KEY (gateway, school, region, type)
) WITHOUT ROWID;

CREATE TABLE alarm (
  school TEXT NOT NULL, gateway TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  severity INTEGER NOT NULL, open INTEGER NOT NULL, first_at TEXT NOT NULL, region TEXT NOT NULL,
  received_at INTEGER NOT NULL, alarm TEXT NOT NULL,
  PRIMARY KEY (school, gateway, id)
) WITHOUT ROWID;
CREATE INDEX alarm_open ON alarm (severity, first_at) WHERE open = 1;

PRAGMA user_version = ${SCHEMA_VERSION};
`;
