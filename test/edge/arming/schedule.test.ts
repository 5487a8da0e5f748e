import { describe, expect, test } from 'vitest';
import { zoneSchema } from '../../../contract/zone.ts';
import { Calendar } from '../../../edge/arming/calendar.ts';
import { localTime } from '../../../edge/arming/local-time.ts';
import { previewOf } from '../../../edge/arming/preview.ts';
import { publicHolidays } from '../../../edge/arming/public-holidays.ts';
import { scheduledAt } from '../../../edge/arming/schedule.ts';
import { ArmingWorld, dormitory, guard } from './arming-world.ts';

const year = new Calendar([
  { id: 'autumn', kind: 'term', name: '秋季学期', from: '2026-09-01', to: '2027-01-15' },
  { id: 'summer', kind: 'vacation', name: '暑假', from: '2026-07-05', to: '2026-08-31' },
  { id: 'sports', kind: 'holiday', name: '运动会放假', from: '2026-10-30', to: '2026-10-30' },
  { id: 'swap', kind: 'makeup', name: '运动会补课', day: '2026-10-31' },
  { id: 'opening', kind: 'period', what: 'opening', name: '秋季开学', from: '2026-08-28', to: '2026-09-10' },
  { id: 'nap', kind: 'band', what: 'nap', name: '午休', from: '12:30', to: '14:00' },
  {
    id: 'lights',
    kind: 'band',
    what: 'lights-out',
    name: '熄灯',
    from: '22:30',
    to: '06:00',
    days: ['school-day', 'weekend'],
  },
]);

describe('calendar', () => {
  test.each([
    ['2026-09-07', 'school-day', '秋季学期'],
    ['2026-09-12', 'weekend', '秋季学期'],
    ['2026-10-01', 'holiday', '国庆节'],
    ['2026-10-10', 'school-day', '国庆节'],
    ['2026-10-30', 'holiday', '运动会放假'],
    ['2026-10-31', 'school-day', '运动会补课'],
    ['2026-08-15', 'vacation', '暑假'],
    ['2027-03-01', undefined, undefined],
  ])('%s is %s (%s)', (day, kind, name) => {
    expect(year.dayOf(day)).toMatchObject({ kind, name });
  });

  test('a year whose notice is not out yet is told, and the own entries make it known', () => {
    expect(publicHolidays.has('2026')).toBe(true);
    expect(year.dayOf('2027-01-04')).toMatchObject({ kind: 'school-day', yearKnown: false });
    const own = new Calendar([
      { id: 'new-year-2027', kind: 'holiday', name: '元旦', from: '2027-01-01', to: '2027-01-03' },
      { id: 'autumn', kind: 'term', name: '秋季学期', from: '2026-09-01', to: '2027-01-15' },
    ]);
    expect(own.dayOf('2027-01-01')).toMatchObject({ kind: 'holiday', name: '元旦', yearKnown: true });
  });

  test('preview: days, periods, bands and what zones do', () => {
    const zone = zoneSchema.parse({
      id: 'z',
      name: 'z',
      slots: ['a'],
      schedule: [
        { days: ['school-day'], from: '22:00', to: '06:00' },
        { periods: ['opening'], from: '12:00', to: '13:00', mode: 'stay' },
      ],
    });
    const days = previewOf(year, [zone], '2026-09-10', 3);
    expect(days).toMatchObject([
      {
        day: '2026-09-10',
        kind: 'school-day',
        periods: [{ what: 'opening', name: '秋季开学' }],
        bands: [{ what: 'nap' }, { what: 'lights-out' }],
        zones: [
          { mode: 'away', from: '22:00' },
          { mode: 'stay', from: '12:00' },
        ],
      },
      { day: '2026-09-11', zones: [{ mode: 'away' }] },
      { day: '2026-09-12', kind: 'weekend', zones: [], bands: [{ what: 'lights-out' }] },
    ]);
  });
});

describe('schedule', () => {
  const zone = zoneSchema.parse({
    id: 'z',
    name: 'z',
    slots: ['a'],
    schedule: [
      { days: ['school-day'], from: '22:00', to: '06:00' },
      { days: ['weekend', 'holiday'], from: '00:00', to: '00:00', mode: 'stay' },
    ],
  });
  const at = (text: string) =>
    scheduledAt(zone, year, localTime(Date.parse(`${text}+08:00`), 'Asia/Shanghai'));

  test.each([
    ['2026-09-07T21:59', undefined],
    ['2026-09-07T22:00', 'away'],
    ['2026-09-08T05:59', 'away'],
    ['2026-09-08T06:00', undefined],
    ['2026-09-12T03:00', 'away'],
    ['2026-09-12T12:00', 'stay'],
    ['2026-09-14T00:00', undefined],
    ['2027-03-01T21:59', undefined],
    ['2027-03-01T22:00', 'away'],
    ['2027-03-02T05:59', 'away'],
    ['2027-03-02T06:00', undefined],
  ])('%s: %s', (moment, mode) => {
    expect(at(moment)?.mode).toBe(mode);
  });
});

describe('the schedule arms, a person disarms', () => {
  const nightly = (schedule: object[], calendar: object[] = []): ArmingWorld =>
    new ArmingWorld({
      ...dormitory,
      zones: (dormitory.zones as object[]).map((zone) => ({ ...zone, schedule })),
      calendar,
    });
  const term = [{ id: 't', kind: 'term', name: '学期', from: '2026-09-01', to: '2026-09-30' }];
  const night = [{ from: '22:00', to: '06:00' }];
  const clock = (world: ArmingWorld, text: string): void => {
    const to = Date.parse(`2026-09-${text}+08:00`);
    world.monotonic += Math.max(0, to - world.wall);
    world.wall = to;
    world.pass(6);
  };
  const prompts = (world: ArmingWorld) => world.arming.status().prompts.map(({ kind }) => kind);

  test('arms at the time; at its end a person is asked, and nothing disarms by itself', async () => {
    const world = nightly(night, term);
    clock(world, '07T21:59:00');
    expect(world.zone()).toMatchObject({ mode: 'disarmed' });
    clock(world, '07T22:00:00');
    expect(world.zone()).toMatchObject({ mode: 'away', by: 'schedule', scheduled: { until: '06:00' } });
    clock(world, '08T06:00:00');
    expect(prompts(world)).toEqual(['disarm-due']);
    clock(world, '08T12:00:00');
    expect(world.zone()).toMatchObject({ mode: 'away' });
    world.restart();
    expect(prompts(world)).toEqual(['disarm-due']);
    await world.desk.act('z-dorm', 'disarm', { version: 0 }, guard);
    expect(prompts(world)).toEqual([]);
    expect(world.told()).toEqual(['ARM.SET pulse', 'ARM.UNSET pulse']);
  });

  test('disarmed within its period: ARM.OFF_SCHED until it is armed or the period ends; the next night it arms again', async () => {
    const world = nightly(night, term);
    clock(world, '07T22:00:00');
    await world.desk.act('z-dorm', 'disarm', { version: 0 }, guard);
    clock(world, '08T03:00:00');
    expect(world.zone()).toMatchObject({ mode: 'disarmed' });
    expect(prompts(world)).toEqual(['off-schedule']);
    clock(world, '08T06:00:00');
    expect(world.told()).toEqual([
      'ARM.SET pulse',
      'ARM.UNSET pulse',
      'ARM.OFF_SCHED raise',
      'ARM.OFF_SCHED clear',
    ]);
    clock(world, '08T22:00:00');
    expect(world.zone()).toMatchObject({ mode: 'away', by: 'schedule' });
    await world.desk.act('z-dorm', 'disarm', { version: 0 }, guard);
    await world.desk.act('z-dorm', 'stay', { version: world.zone().version }, guard);
    expect(world.told().slice(-2)).toEqual(['ARM.OFF_SCHED clear', 'ARM.STAY pulse']);
    expect(prompts(world)).toEqual([]);
  });

  test('not ready at the time: ARM.FAIL with the reasons, and armed as soon as it is', () => {
    const world = nightly(night, term);
    world.say('INT.GLASS', 'window');
    clock(world, '07T22:00:00');
    expect(world.zone()).toMatchObject({ mode: 'disarmed' });
    expect(prompts(world)).toEqual(['arm-failed']);
    expect(world.emitted[0]).toMatchObject({
      type: 'ARM.FAIL',
      input: 'zone:z-dorm',
      data: { reasons: [{ why: 'open', slot: 'window' }] },
    });
    world.pass(60);
    expect(world.emitted).toHaveLength(1);
    world.say('INT.GLASS', 'window', 'clear');
    world.pass(6);
    expect(world.zone()).toMatchObject({ mode: 'away', by: 'schedule' });
    expect(world.told()).toEqual(['ARM.FAIL raise', 'ARM.FAIL clear', 'ARM.SET pulse']);
  });

  test('without a calendar: armed from 22:00, asked at 06:00, and a fault until there is one', () => {
    const world = nightly([{ days: ['school-day'], from: '20:00', to: '05:00' }]);
    clock(world, '07T21:00:00');
    expect(world.zone()).toMatchObject({ mode: 'disarmed' });
    expect(world.emitted).toMatchObject([{ type: 'DEV.FAULT', edge: 'raise', input: 'calendar' }]);
    clock(world, '07T22:00:00');
    expect(world.zone()).toMatchObject({ mode: 'away' });
    clock(world, '08T06:00:00');
    expect(prompts(world)).toEqual(['disarm-due', 'calendar-missing']);
    world.replaceSite({ ...dormitory, zones: world.site.zones, calendar: term });
    world.pass(6);
    expect(world.told()).toEqual(['DEV.FAULT raise', 'ARM.SET pulse', 'DEV.FAULT clear']);
  });

  test('a year without holidays is told a month ahead', () => {
    const world = nightly(night, [
      { id: 't', kind: 'term', name: '学期', from: '2026-09-01', to: '2027-01-20' },
    ]);
    expect(prompts(world)).toEqual([]);
    world.wall = Date.parse('2026-12-10T00:00:00Z');
    world.pass(6);
    expect(world.arming.status().prompts).toEqual([{ kind: 'year-missing', year: 2027 }]);
  });
});
