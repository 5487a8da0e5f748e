import { beforeEach, expect, test } from 'vitest';
import type { Alarm, Evidence } from '../../../contract/alarm.ts';
import { transitionSchema } from '../../../contract/alarm.ts';
import type { Event } from '../../../contract/event.ts';
import { MemoryGateway } from '../api/memory-gateway.ts';

const media = (n: number) => ({
  kind: 'snapshot' as const,
  id: `m${n}`,
  sha256: String(n).repeat(64),
  at: '2026-12-01T08:00:00.000Z',
});
const taken: Evidence = { camera: 'cam-1', kind: 'snapshot', result: 'taken', at: media(1).at, media: 'm1' };
const actor = { user: 'wang', role: 'guard', station: 'duty' } as const;

let gateway: MemoryGateway;
let alarm: Alarm;
beforeEach(() => {
  gateway = new MemoryGateway();
  alarm = raise();
});

function raise(): Alarm {
  const event = gateway.event('EMG.PANIC', 's-panic', 'pulse');
  return gateway.book.onEvent(event, { armed: 'always' }).at(-1)!.alarm;
}

function update(more: Partial<Event>): Event {
  return { ...gateway.event('EMG.PANIC', 's-panic', 'update'), ...more };
}

const attach = (more: Partial<Event>) => gateway.book.onEvent(update(more), { armed: 'always' });

test('a picture and what became of it are one transition, which the contract knows', () => {
  const [change] = attach({ media: [media(1)], data: { alarm: alarm.id, evidence: taken } });
  expect(change?.alarm).toMatchObject({ version: 2, media: [media(1)], evidence: [taken], sameSince: 1 });
  expect(transitionSchema.parse(change?.transition).action).toBe('attach');
});

test('a picture that came meanwhile makes no conflict of what a guard does', () => {
  attach({ media: [media(1)], data: { alarm: alarm.id, evidence: taken } });
  attach({ data: { alarm: alarm.id, evidence: { ...taken, result: 'unreachable', camera: 'cam-2' } } });
  expect(gateway.book.get(alarm.id)).toMatchObject({ version: 3, sameSince: 1 });
  const done = gateway.book.act(alarm.id, 'acknowledge', { version: 1 }, actor);
  expect(done).toMatchObject({ alarm: { version: 4, operator: 'acknowledged' } });
  expect(gateway.book.get(alarm.id)?.sameSince).toBeUndefined();
  const stale = gateway.book.act(alarm.id, 'dispatch', { version: 3 }, actor);
  expect(stale).toMatchObject({ refused: 'version-conflict' });
});

test('a new trigger is news, also after a picture', () => {
  attach({ media: [media(1)], data: { alarm: alarm.id } });
  raise();
  const refused = gateway.book.act(alarm.id, 'acknowledge', { version: 1 }, actor);
  expect(refused).toMatchObject({ refused: 'version-conflict' });
});

test('a picture belongs to the alarm that it names, not to one that came after', () => {
  gateway.book.act(alarm.id, 'dispose', { version: 1, verdict: 'real' }, { ...actor, role: 'shift-leader' });
  const next = raise();
  expect(next.id).not.toBe(alarm.id);
  attach({ media: [media(1)], data: { alarm: alarm.id, evidence: taken } });
  expect(gateway.book.get(alarm.id)?.media).toHaveLength(1);
  expect(gateway.book.get(next.id)?.media).toBeUndefined();
});

test('the newest failure of a camera replaces the one before; what was taken stays', () => {
  const failed: Evidence = { ...taken, result: 'no-answer', camera: 'cam-2' };
  delete failed.media;
  attach({ media: [media(1)], data: { alarm: alarm.id, evidence: taken } });
  attach({ data: { alarm: alarm.id, evidence: failed } });
  attach({ data: { alarm: alarm.id, evidence: { ...failed, result: 'unreachable' } } });
  const results = gateway.book.get(alarm.id)?.evidence?.map(({ result }) => result);
  expect(results).toEqual(['taken', 'unreachable']);
});

test('what says nothing of a picture changes nothing', () => {
  expect(attach({ data: { alarm: alarm.id } })).toEqual([]);
  expect(attach({ data: { alarm: alarm.id, evidence: { camera: 1 } } })).toEqual([]);
  expect(attach({ data: { alarm: 'nobody' } })).toEqual([]);
});
