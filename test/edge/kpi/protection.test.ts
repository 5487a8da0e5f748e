import { describe, expect, it } from 'vitest';
import type { Edge, Origin } from '../../../contract/event.ts';
import type { ProtectionRow } from '../../../edge/journal/history-rows.ts';
import type { ZoneNow } from '../../../edge/kpi/protection.ts';
import { at, DAY, report } from './history.ts';

const HOUR = 3_600_000;

/** Rows in the order in which they are told. */
function rows(
  ...told: Array<[when: number, type: string, edge: Edge, data: object, origin?: Partial<Origin>]>
): ProtectionRow[] {
  return told.map(([when, type, edge, data, origin], index) => ({
    position: index + 1,
    at: when,
    type,
    edge,
    origin: { gateway: 'g', school: 's', region: 'r', ...origin },
    data: data as Record<string, unknown>,
  }));
}

const zone = { zone: 'gate-zone', name: '南门防区' };
const now: ZoneNow = {
  id: 'gate-zone',
  name: '南门防区',
  mode: 'disarmed',
  since: new Date(0).toISOString(),
  by: 'gateway',
  bypasses: [],
};

function figuresOf(protection: ProtectionRow[], options: { zones?: ZoneNow[]; now?: number } = {}) {
  const { zones, points, blind } = report({ protection, zones: options.zones ?? [now], ...options });
  return { zone: zones[0], points: points.list, blind, zones };
}

describe('a zone', () => {
  it('is disarmed from a person’s hand to the next arming, by whom and in whatever mode', () => {
    // 06:00-18:00 = 720 min and 22:00-24:00 = 120 min; the change from stay to away disarms nothing
    const { zone: found } = figuresOf(
      rows(
        [at('06:00'), 'ARM.UNSET', 'pulse', { ...zone, by: 'li', was: 'away' }],
        // the schedule could not arm it, and a person leaves it so
        [at('07:00'), 'ARM.UNSET', 'pulse', { ...zone, by: 'wang', was: 'disarmed' }],
        [at('18:00'), 'ARM.STAY', 'pulse', { ...zone, by: 'schedule' }],
        [at('20:00'), 'ARM.SET', 'pulse', { ...zone, by: 'schedule' }],
        [at('22:00'), 'ARM.UNSET', 'pulse', { ...zone, by: 'li', was: 'away' }],
      ),
    );
    expect(found).toEqual({
      zone: 'gate-zone',
      name: '南门防区',
      disarmed: 840,
      offSchedule: 0,
      bypassed: 0,
      shelved: 0,
      isolated: 0,
    });
  });

  it('that was disarmed long before the period and armed long after counts for all of it', () => {
    const told = rows(
      [DAY.from - 90 * 24 * HOUR, 'ARM.UNSET', 'pulse', zone],
      [DAY.to + 24 * HOUR, 'ARM.SET', 'pulse', zone],
    );
    expect(figuresOf(told, { now: DAY.to + 48 * HOUR }).zone?.disarmed).toBe(1_440);
  });

  it('of which no row is left is as it is now; what nobody ever touched was not disarmed by a person', () => {
    const by = 'li';
    const since = new Date(at('10:00')).toISOString();
    // disarmed since 10:00: 840 min to midnight
    expect(figuresOf([], { zones: [{ ...now, by, since }] }).zone?.disarmed).toBe(840);
    expect(figuresOf([]).zone?.disarmed).toBe(0);
    expect(figuresOf([], { zones: [{ ...now, mode: 'away', by, since }] }).zone?.disarmed).toBe(0);
  });

  it('that is disarmed still counts up to now', () => {
    const told = rows([at('06:00'), 'ARM.UNSET', 'pulse', zone]);
    expect(figuresOf(told, { now: at('07:30') }).zone?.disarmed).toBe(90);
  });
});

describe('a by-pass', () => {
  const slot = { slot: 'gate-door' };

  it('counts for its point and its zone, from its raise to its clear', () => {
    const { points, zone: found } = figuresOf(
      rows(
        [at('08:00'), 'ARM.BYPASS', 'raise', zone, slot],
        [at('08:45'), 'ARM.BYPASS', 'clear', zone, slot],
        [at('20:00'), 'ARM.BYPASS', 'raise', zone, slot],
        [at('20:15'), 'ARM.BYPASS', 'clear', zone, slot],
      ),
    );
    expect(points).toEqual([
      {
        slot: 'gate-door',
        name: '岗亭门磁',
        place: '南门',
        zone: 'gate-zone',
        bypassed: 60,
        shelved: 0,
        isolated: 0,
      },
    ]);
    expect(found?.bypassed).toBe(60);
  });

  it('whose beginning retention has removed had lasted since before the period', () => {
    const { zone: found } = figuresOf(rows([at('02:00'), 'ARM.BYPASS', 'clear', zone, slot]));
    expect(found?.bypassed).toBe(120);
  });

  it('of which every row is gone counts since then, as the zone has it', () => {
    const bypasses = [{ slot: 'gate-door', at: new Date(at('23:00')).toISOString() }];
    expect(figuresOf([], { zones: [{ ...now, bypasses }] }).zone?.bypassed).toBe(60);
  });
});

describe('an isolation', () => {
  const smoke = { slot: 'gate-panic', device: 'smoke-1' };
  const data = { alarm: 'a-1', isolates: 'FIR.SMOKE', until: new Date(at('12:00')).toISOString() };

  it('ends with its clear, or at its time where the gateway lay still', () => {
    const told = (end: string) =>
      figuresOf(
        rows(
          [at('08:00'), 'FIR.SHIELD', 'raise', data, smoke],
          [at(end), 'FIR.SHIELD', 'clear', data, smoke],
        ),
      );
    expect(told('09:00').points).toMatchObject([{ slot: 'gate-panic', isolated: 60 }]);
    expect(told('15:00').points).toMatchObject([{ isolated: 240 }]);
  });

  it('of two types at one slot at once is one time without protection', () => {
    const heat = { ...data, isolates: 'FIR.HEAT' };
    // 08:00-10:00 and 09:00-11:00: together 180 min
    const { points } = figuresOf(
      rows(
        [at('08:00'), 'FIR.SHIELD', 'raise', data, smoke],
        [at('09:00'), 'FIR.SHIELD', 'raise', heat, smoke],
        [at('10:00'), 'FIR.SHIELD', 'clear', data, smoke],
        [at('11:00'), 'FIR.SHIELD', 'clear', heat, smoke],
      ),
    );
    expect(points).toMatchObject([{ isolated: 180 }]);
  });

  it('at the panel itself counts too; a clear that is told at first sight ends nothing', () => {
    const panel = { device: 'panel' };
    const { points, zones } = figuresOf(
      rows(
        [at('05:00'), 'FIR.SHIELD', 'clear', {}, panel],
        [at('08:00'), 'FIR.SHIELD', 'raise', {}, panel],
        [at('08:10'), 'FIR.SHIELD', 'clear', {}, panel],
        // removed from the registry: it will never take this back
        [at('09:00'), 'FIR.SHIELD', 'raise', {}, { device: 'gone' }],
      ),
    );
    expect(points).toMatchObject([{ device: 'panel', isolated: 10 }]);
    expect(zones.at(-1)).toEqual({ disarmed: 0, offSchedule: 0, bypassed: 0, shelved: 0, isolated: 10 });
  });
});

it('times in which the gateway did not run are added up, once where two starts tell of the same', () => {
  const blind = (from: string, to: string) => ({
    blind: { from: new Date(at(from)).toISOString(), to: new Date(at(to)).toISOString() },
  });
  const { blind: found } = figuresOf(
    rows(
      [at('03:10'), 'SYS.BOOT', 'pulse', blind('03:00', '03:10')],
      [at('04:00'), 'SYS.BOOT', 'pulse', {}],
      [at('05:20'), 'SYS.BOOT', 'pulse', blind('05:00', '05:20')],
    ),
  );
  expect(found).toEqual({ n: 2, minutes: 30 });
});
