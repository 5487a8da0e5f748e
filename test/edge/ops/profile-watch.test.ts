import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import { ProfileWatch } from '../../../edge/ops/profile-watch.ts';

type Open = Pick<Alarm, 'type' | 'condition' | 'sources'>;

function watch(open: Open[] = []) {
  const profiles = new Set(['io.wired']);
  const devices = [
    { id: 'gate', profile: 'io.wired' },
    { id: 'lab', profile: 'acme.smoke' },
  ];
  const told: string[] = [];
  const profileWatch = new ProfileWatch({
    book: { open: () => open },
    registry: { devices: () => devices },
    hasProfile: (id) => profiles.has(id),
    emit: async ({ type, edge, input }, device) => {
      told.push(`${type} ${edge} ${device} ${input}`);
    },
    clock: () => 0,
    logger: pino({ level: 'silent' }),
  });
  return { profileWatch, profiles, devices, told };
}

test('a site profile with a typo does not blind its devices silently: they have a fault until it is mended', () => {
  const { profileWatch, profiles, told } = watch();
  profileWatch.check();
  profileWatch.check();
  expect(told).toEqual(['DEV.FAULT raise lab $profile']);
  profiles.add('acme.smoke');
  profileWatch.check();
  expect(told.slice(1)).toEqual(['DEV.FAULT clear lab $profile']);
});

test('what the last run raised is not raised again, and is cleared when the profile is there', () => {
  const before: Open = { type: 'DEV.FAULT', condition: 'active', sources: ['lab#$profile', 'gate#1'] };
  const { profileWatch, profiles, told } = watch([before]);
  profileWatch.check();
  expect(told).toEqual([]);
  profiles.add('acme.smoke');
  profileWatch.check();
  expect(told).toEqual(['DEV.FAULT clear lab $profile']);
});
