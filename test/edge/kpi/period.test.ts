import { describe, expect, it } from 'vitest';
import { floodsOf } from '../../../edge/kpi/floods.ts';
import { periodOf, pieces, startOfDay } from '../../../edge/kpi/period.ts';
import { merged, minutesOf } from '../../../edge/kpi/spans.ts';
import { ZONE } from './history.ts';

const iso = ({ from, to }: { from: number; to: number }) => [
  new Date(from).toISOString(),
  new Date(to).toISOString(),
];

describe('a period', () => {
  it.each([
    ['day', '2026-12-01', '2026-11-30T16:00:00.000Z', '2026-12-01T16:00:00.000Z'],
    // 2026-12-01 is a Tuesday
    ['week', '2026-12-01', '2026-11-29T16:00:00.000Z', '2026-12-06T16:00:00.000Z'],
    ['week', '2026-12-06', '2026-11-29T16:00:00.000Z', '2026-12-06T16:00:00.000Z'],
    ['month', '2026-12-31', '2026-11-30T16:00:00.000Z', '2026-12-31T16:00:00.000Z'],
    ['month', '2026-02-14', '2026-01-31T16:00:00.000Z', '2026-02-28T16:00:00.000Z'],
  ] as const)('the %s around %s is that of the campus', (kind, day, from, to) => {
    expect(iso(periodOf(kind, day, ZONE))).toEqual([from, to]);
  });

  it('a day has 23 or 25 hours where clocks are set, and begins at its midnight all the same', () => {
    const hours = (day: string) => {
      const { from, to } = periodOf('day', day, 'Europe/Berlin');
      return (to - from) / 3_600_000;
    };
    expect([hours('2026-03-29'), hours('2026-10-25'), hours('2026-07-01')]).toEqual([23, 25, 24]);
    expect(new Date(startOfDay('2026-10-26', 'Europe/Berlin')).toISOString()).toBe(
      '2026-10-25T23:00:00.000Z',
    );
  });

  it('is shown by the hour, a longer one by the day of the campus', () => {
    expect(pieces(periodOf('day', '2026-12-01', ZONE), ZONE)).toHaveLength(24);
    const week = pieces(periodOf('week', '2026-12-01', ZONE), ZONE);
    expect(week).toHaveLength(7);
    expect(new Date(week[1] as number).toISOString()).toBe('2026-11-30T16:00:00.000Z');
    expect(
      pieces({ from: startOfDay('2026-12-01', ZONE) + 1, to: startOfDay('2026-12-05', ZONE) }, ZONE),
    ).toHaveLength(4);
  });
});

describe('spans', () => {
  it('that overlap or touch are one', () => {
    const spans = [
      { from: 180_000, to: 300_000 },
      { from: 0, to: 60_000 },
      { from: 60_000, to: 120_000 },
      { from: 200_000, to: 240_000 },
    ];
    expect(merged(spans)).toEqual([
      { from: 0, to: 120_000 },
      { from: 180_000, to: 300_000 },
    ]);
    expect(minutesOf(spans)).toBe(4);
  });
});

describe('floods', () => {
  const burst = { count: 3, windowMs: 600_000 };
  const all = { from: 0, to: 86_400_000 };
  const minute = (...minutes: number[]) => minutes.map((one) => one * 60_000);

  it('last from the alarm that is one too many until enough of them are ten minutes old', () => {
    // at minute 3 the fourth opens: a flood. At minute 10 the first of four is ten minutes old: it is over
    expect(floodsOf(minute(0, 1, 2, 3), burst, all)).toEqual([
      { from: 180_000, to: 600_000, alarms: 4, peak: 4 },
    ]);
    // a fifth at minute 4 makes it last to minute 11 (the second is ten minutes old then); the peak is five
    expect(floodsOf(minute(0, 1, 2, 3, 4), burst, all)).toEqual([
      { from: 180_000, to: 660_000, alarms: 5, peak: 5 },
    ]);
    // three in ten minutes are no flood, nor are four of which the first is just ten minutes old
    expect(floodsOf(minute(0, 1, 2), burst, all)).toEqual([]);
    expect(floodsOf(minute(0, 1, 2, 10), burst, all)).toEqual([]);
  });

  it('apart are told apart, and one that reaches into the period counts from its beginning', () => {
    const opened = minute(0, 1, 2, 3, 60, 61, 62, 63);
    expect(floodsOf(opened, burst, all)).toHaveLength(2);
    expect(floodsOf(opened, burst, { from: 300_000, to: 1_000_000 })).toEqual([
      { from: 300_000, to: 600_000, alarms: 4, peak: 4 },
    ]);
  });
});
