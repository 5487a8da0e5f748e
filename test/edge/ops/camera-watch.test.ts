import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { HealthState } from '../../../edge/adapters/onvif/health.ts';
import { CameraWatch } from '../../../edge/ops/camera-watch.ts';

let said: string[];
let registered: Set<string>;
beforeEach(() => {
  said = [];
  registered = new Set(['cam-1', 'cam-2']);
});

function make(open: Array<Partial<Alarm>> = []): CameraWatch {
  const watch = new CameraWatch({
    book: { open: () => open as Alarm[] },
    isWatched: (device) => registered.has(device),
    emit: async ({ type, edge }, device) => void said.push(`${device} ${type} ${edge}`),
    logger: pino({ level: 'silent' }),
  });
  watch.start();
  return watch;
}

const take = (watch: CameraWatch, ...states: HealthState[]): void => {
  for (const state of states) watch.take('cam-1', { state, reason: 'x', at: 1_000 });
};

describe('what the state of an event channel raises', () => {
  test('nothing while it works', () => {
    take(make(), 'ok', 'ok');
    expect(said).toEqual([]);
  });

  test('one fault at a time: the new one comes before the old one goes', () => {
    take(make(), 'silent', 'offline', 'refused', 'ok');
    expect(said).toEqual([
      'cam-1 DEV.SILENT raise',
      'cam-1 DEV.OFFLINE raise',
      'cam-1 DEV.SILENT clear',
      'cam-1 DEV.AUTH raise',
      'cam-1 DEV.OFFLINE clear',
      'cam-1 DEV.AUTH clear',
    ]);
  });

  test('silent and unsupported are the same fault', () => {
    take(make(), 'unsupported', 'silent', 'ok');
    expect(said).toEqual(['cam-1 DEV.SILENT raise', 'cam-1 DEV.SILENT clear']);
  });

  test('what the last run raised is not raised again, and cleared when it is over', () => {
    const watch = make([
      { type: 'DEV.SILENT', condition: 'active', device: 'cam-1' },
      { type: 'DEV.AUTH', condition: 'returned', device: 'cam-1' },
      { type: 'DEV.OFFLINE', condition: 'active', device: 'not-ours' },
    ]);
    take(watch, 'silent');
    expect(said).toEqual([]);
    take(watch, 'ok');
    expect(said).toEqual(['cam-1 DEV.SILENT clear']);
  });

  test('a device that was removed and comes back begins anew', () => {
    const watch = make();
    take(watch, 'silent');
    registered.delete('cam-1');
    watch.prune();
    registered.add('cam-1');
    take(watch, 'ok');
    expect(said).toEqual(['cam-1 DEV.SILENT raise']);
  });
});
