import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { Journal } from '../../../edge/journal/journal.ts';
import { verifyDirectory } from '../../../edge/journal/verify.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { batchOf, rowOf } from './support/rows.ts';

const { dir, remove } = tempDir('upgrade');
const at = Date.parse('2026-11-20T09:00:00.000Z');
const open = () => Journal.open({ dir, logger: pino({ level: 'silent' }), clock: () => at, reserveBytes: 0 });

afterAll(remove);

// written by the software before there was an audit: a smoke with its alarm, two rows of a device, a state, a cursor
test('a journal of form 1 with rows is opened, loses nothing, and goes on with its chains and an audit', async () => {
  const fixture = new URL('fixtures/journal-form-1.db.gz', import.meta.url);
  writeFileSync(join(dir, 'journal.db'), gunzipSync(readFileSync(fixture)));
  let journal = await open();
  const left = await journal.load();
  expect(left.alarms).toMatchObject([{ id: '01990000-0000-7000-8000-0000000000a1', operator: 'new' }]);
  expect(left.states.get('device:dev-1')).toBe('{"values":{"x":1}}');
  expect(journal.outbox.cursor('province', 'a')).toMatchObject({ ack: 1 });
  expect([journal.outbox.head('a').seq, journal.outbox.head('e').seq]).toEqual([2, 2]);
  const body = JSON.stringify({
    at: new Date(at).toISOString(),
    user: 'li',
    act: 'session.start',
    result: 'done',
  });
  const audit = [{ at, user: 'li', object: undefined, lane: 'e' as const, body }];
  await journal.append(batchOf([rowOf(journal, { at })], { audit })).all;
  await journal.close();
  journal = await open();
  expect(journal.outbox.head('e').seq).toBe(3);
  expect((await journal.reader.audit({ limit: 10 })).lines).toMatchObject([{ n: 1 }]);
  await journal.close();
  const faults: string[] = [];
  await verifyDirectory(dir, ({ what }) => faults.push(what));
  expect(faults).toEqual([]);
});
