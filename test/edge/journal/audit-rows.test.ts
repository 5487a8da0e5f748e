import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditRow } from '../../../edge/journal/batch.ts';
import { Journal } from '../../../edge/journal/journal.ts';
import { alarmPart, restPart } from '../../../edge/journal/part.ts';
import { Retention } from '../../../edge/journal/retention.ts';
import { verifyDirectory } from '../../../edge/journal/verify.ts';
import { batchOf, rowOf } from './support/rows.ts';

const DAY = 86_400_000;
const logger = pino({ level: 'silent' });
let dir: string;
let journal: Journal;
let now: number;

const open = (): Promise<Journal> => Journal.open({ dir, logger, clock: () => now, reserveBytes: 0 });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'audit-rows-'));
  now = Date.UTC(2026, 11, 1);
  journal = await open();
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

function line(at: number, user: string, on: string, lane: 'a' | 'e' = 'e'): AuditRow {
  const body = JSON.stringify({
    at: new Date(at).toISOString(),
    user,
    act: 'alarm.close',
    on,
    result: 'done',
  });
  return { at, user, object: on, lane, body };
}

async function lines(query: object = {}): Promise<number[]> {
  return (await journal.reader.audit({ limit: 100, ...query })).lines.map(({ n }) => n);
}

async function faults(): Promise<string[]> {
  const found: string[] = [];
  await verifyDirectory(dir, ({ what }) => found.push(what));
  return found;
}

it('lines are stored with their rows, found by who, on what and when, and chained over a restart', async () => {
  await journal.append(
    batchOf([rowOf(journal)], { audit: [line(now, 'li', 'a-1'), line(now + 1, 'wang', 'a-2')] }),
  ).all;
  await journal.append(batchOf([], { audit: [line(now + 2, 'li', 'a-2')] })).all;
  await journal.close();
  journal = await open();
  await journal.append(batchOf([], { audit: [line(now + 3, 'li', 'a-3')] })).all;
  expect(await lines()).toEqual([4, 3, 2, 1]);
  expect(await lines({ user: 'li' })).toEqual([4, 3, 1]);
  expect(await lines({ object: 'a-2' })).toEqual([3, 2]);
  expect(await lines({ from: now + 1, to: now + 2 })).toEqual([3, 2]);
  expect(await journal.reader.audit({ limit: 3 })).toMatchObject({ next: 2 });
  expect(await lines({ before: 2 })).toEqual([1]);
  expect(await faults()).toEqual([]);
});

it('of a full disk what belongs to alarms is stored with them, the rest follows, and none is stored twice', () => {
  const batch = batchOf([], { audit: [line(now, 'li', 'a-1', 'a'), line(now, 'li', 'd-1', 'e')] });
  expect(alarmPart(batch).audit?.map(({ object }) => object)).toEqual(['a-1']);
  expect(restPart(batch, new Set()).audit?.map(({ object }) => object)).toEqual(['d-1']);
});

it('retention keeps 180 days whatever is set, also on a full disk, and the chain goes on', async () => {
  const old = [-200, -190, -170, 0].map((days) => line(now + days * DAY, 'li', 'x'));
  // the clock was wrong for a while: such a line goes with the plausible ones around it, not before them
  old.splice(3, 0, line(Date.UTC(1970, 0, 2), 'li', 'x'));
  await journal.append(batchOf([], { audit: old })).all;
  const retention = new Retention({
    journal,
    logger,
    clock: () => now,
    clockQuality: () => 'sync',
    keepDays: 30,
    recipients: () => [],
    onLoss: async () => undefined,
  });
  await retention.relieve();
  expect(await lines()).toEqual([5, 4, 3, 2, 1]);
  await retention.run();
  expect(await lines()).toEqual([5, 4, 3]);
  expect(await faults()).toEqual([]);
  await journal.append(batchOf([], { audit: [line(now, 'li', 'y')] })).all;
  await journal.close();
  journal = await open();
  expect(await lines()).toEqual([6, 5, 4, 3]);
  expect(await faults()).toEqual([]);
  await retention.stop();
});
