import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import { emptyLog, merged } from '../../edge/console/event-log.ts';
import { evidenceOf } from '../../edge/console/evidence/evidence.ts';

const media = (id: string) => ({
  kind: 'snapshot' as const,
  id,
  sha256: '0'.repeat(64),
  at: '2026-12-01T08:00:00.000Z',
});
const at = '2026-12-01T08:00:00.000Z';

describe('what a card shows of the cameras', () => {
  test('the newest picture first, with its camera where that is known', () => {
    const { shown, missing } = evidenceOf({
      media: [media('m1'), media('m2')],
      evidence: [{ camera: 'cam-2', kind: 'snapshot', result: 'taken', at, media: 'm2' }],
    });
    expect(shown.map(({ id, camera }) => [id, camera])).toEqual([
      ['m2', 'cam-2'],
      ['m1', undefined],
    ]);
    expect(missing).toEqual([]);
  });

  test('offers no camera that gave nothing either, and ends where all did', () => {
    const failed = (camera: string, instead?: string) =>
      ({ camera, kind: 'snapshot', result: 'unreachable', at, ...(instead && { instead }) }) as const;
    const { missing } = evidenceOf({
      evidence: [failed('a', 'b'), failed('b', 'c'), failed('x', 'y'), failed('y', 'x')],
    });
    expect(missing.map(({ camera, instead }) => [camera, instead])).toEqual([
      ['a', 'c'],
      ['b', 'c'],
      ['x', undefined],
      ['y', undefined],
    ]);
  });
});

test('that somebody looked at a picture does not push out what happened', () => {
  const event = (type: string, command: string) =>
    ({ id: command, type, kind: 'event', data: { data: { command } } }) as unknown as CloudEvent;
  const log = merged(emptyLog, [
    { position: 1, event: event('DEV.OUTPUT', 'view-evidence') },
    { position: 2, event: event('DEV.OUTPUT', 'siren') },
  ]);
  expect(log.event.map(({ position }) => position)).toEqual([2]);
});
