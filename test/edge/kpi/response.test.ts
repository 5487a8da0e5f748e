import { beforeEach, describe, expect, it } from 'vitest';
import { missed } from '../../../edge/alarms/escalation.ts';
import { shelvingOver } from '../../../edge/alarms/shelving.ts';
import { guard, leader, pair } from '../alarms/play.ts';
import { at, DAY, History, report } from './history.ts';

let history: History;
beforeEach(() => {
  history = new History();
});

/** A panic that is taken, gone to and disposed of so many seconds after it was pressed. */
function panic(
  time: string,
  device: string,
  took: { acknowledge?: number; dispatch?: number; arrive?: number; dispose?: number },
): string {
  const start = at(time);
  const { id } = history.at(start).send('EMG.PANIC', 'pulse', { device }).at(-1)?.alarm ?? { id: '' };
  const wait = (seconds: number) => history.at(start + seconds * 1_000);
  if (took.acknowledge !== undefined) wait(took.acknowledge).done(id, 'acknowledge', guard);
  if (took.dispatch !== undefined) wait(took.dispatch).done(id, 'dispatch', guard);
  if (took.arrive !== undefined) wait(took.arrive).done(id, 'arrive', guard);
  if (took.dispose !== undefined) wait(took.dispose).done(id, 'dispose', leader, { verdict: 'real' });
  return id;
}

describe('times people took', () => {
  it('are those of the first time each thing was done, as median, p90 and longest by nearest rank', () => {
    // acknowledged after 5, 10, 20 and 100 s: median rank ceil(4 x 0.5) = 2 -> 10 s; p90 rank ceil(3.6) = 4 -> 100 s
    panic('08:00', 'io-1', { acknowledge: 10, dispatch: 60, arrive: 240, dispose: 600 });
    panic('09:00', 'io-2', { acknowledge: 20, dispatch: 80 });
    panic('10:00', 'io-3', { acknowledge: 5 });
    const slow = panic('11:00', 'io-4', { acknowledge: 100 });
    const { response, totals } = report({ rows: history.rows() });
    expect(response).toEqual([
      { step: 'acknowledge', severity: 1, n: 4, medianS: 10, p90S: 100, longestS: 100, longestAlarm: slow },
      // dispatched after 60 and 80 s: median rank ceil(2 x 0.5) = 1 -> 60 s; p90 rank ceil(1.8) = 2 -> 80 s
      expect.objectContaining({ step: 'dispatch', n: 2, medianS: 60, p90S: 80, longestS: 80 }),
      expect.objectContaining({ step: 'arrive', n: 1, medianS: 240 }),
      expect.objectContaining({ step: 'dispose', n: 1, medianS: 600 }),
    ]);
    // none of them is closed
    expect(totals).toMatchObject({ alarms: 4, triggers: 4, open: 4, perDay: 4 });
  });

  it('go on from the first opening when it is pressed again, and skipping a step counts it as taken', () => {
    const id = panic('08:00', 'io-1', { dispatch: 45 });
    // pressed again after 5 min: severity 1 that is dispatched only counts, so nothing is new
    history.at('08:05').send('EMG.PANIC', 'pulse', { device: 'io-1' });
    history.at('08:10').done(id, 'dispose', leader, { verdict: 'real' });
    const { response, totals, frequent } = report({ rows: history.rows() });
    expect(response.map(({ step, longestS }) => [step, longestS])).toEqual([
      ['acknowledge', 45],
      ['dispatch', 45],
      ['dispose', 600],
    ]);
    expect(totals).toMatchObject({ alarms: 1, triggers: 2 });
    expect(frequent).toMatchObject([{ type: 'EMG.PANIC', device: 'io-1', alarms: 1, triggers: 2, share: 1 }]);
  });

  it('are told whole of what is handled after the end of the period', () => {
    panic('23:59:50', 'io-1', { acknowledge: 25, dispatch: 70, dispose: 3_600 });
    const rows = history.rows();
    const today = report({ rows, now: DAY.to + 86_400_000 });
    expect(today.response.map(({ longestS }) => longestS)).toEqual([25, 70, 3_600]);
    expect(today.verdicts.real).toBe(1);
    // and the day after knows nothing of it: no alarm counts twice
    const next = { from: DAY.to, to: DAY.to + 86_400_000 };
    expect(report({ rows, period: next })).toMatchObject({
      totals: { alarms: 0, triggers: 0 },
      response: [],
    });
  });

  it('do not count what closed by itself as acknowledged by anybody', () => {
    history.at('12:00').send('DEV.FAULT', 'raise', { device: 'lamp' });
    history.at('12:05').send('DEV.FAULT', 'clear', { device: 'lamp' });
    const { response, totals, verdicts, severities } = report({ rows: history.rows() });
    expect(response).toEqual([]);
    expect(totals).toMatchObject({ alarms: 1, open: 0, closedThemselves: 1, kinds: { fault: 1 } });
    // a fault is no alarm that could be false
    expect(verdicts.none).toBe(0);
    expect(severities[2]).toEqual({ severity: 3, alarms: 1, share: 1 });
  });
});

describe('service levels', () => {
  it('are met or missed by the clock of the gateway: 30 s to take, 3 min to handle, 5 min to be there', () => {
    // in time: taken at 10 s, dispatched at 60 s, there at 240 s
    panic('08:00', 'io-1', { acknowledge: 10, dispatch: 60, arrive: 240 });
    // late in everything: taken at 40 s, at 180 s and 300 s the gateway tells of both misses, dispatched at 310 s
    const late = panic('09:00', 'io-2', { acknowledge: 40 });
    history.at('09:03').amend(late, (alarm) => missed(alarm, 'handle', history.now));
    history.at('09:05').amend(late, (alarm) => missed(alarm, 'scene', history.now));
    history.at('09:05:10').done(late, 'dispatch', guard);
    // still running when the report is made, 20 s after it was pressed
    panic('10:00', 'io-3', {});
    const { levels } = report({ rows: history.rows(), now: at('10:00:20') });
    expect(levels).toEqual([
      { level: 'acknowledge', limitS: 30, met: 1, missed: 1, open: 1, share: 0.5 },
      { level: 'handle', limitS: 180, met: 1, missed: 1, open: 1, share: 0.5 },
      { level: 'scene', limitS: 300, met: 1, missed: 1, open: 1, share: 0.5 },
    ]);
    // 31 s after the press nobody has taken it: missed, without any row that says so
    expect(report({ rows: history.rows(), now: at('10:00:31') }).levels[0]).toMatchObject({
      missed: 2,
      open: 0,
    });
  });

  it('begin anew when a taken severity 1 is pressed again: that is a second call', () => {
    // 08:00 first call, taken after 10 s; 08:01 pressed again, so it is new: second call, taken after 50 s, dispatched after 60 s
    const id = panic('08:00', 'io-1', { acknowledge: 10 });
    history.at('08:01').send('EMG.PANIC', 'pulse', { device: 'io-1' });
    history.at('08:01:50').done(id, 'acknowledge', guard);
    history.at('08:02').done(id, 'dispatch', guard);
    const { levels } = report({ rows: history.rows() });
    expect(levels[0]).toMatchObject({ met: 1, missed: 1 });
    // the first call was overtaken before 3 min were over: it is neither met nor missed
    expect(levels[1]).toMatchObject({ met: 1, missed: 0, open: 0 });
  });

  it('do not count against people what was shelved', () => {
    history.at('08:00').raise('INT.DOOR', { device: 'door', armed: 'always' });
    const [{ alarm } = { alarm: '' }] = history.rows();
    history.at('08:01').done(alarm, 'shelve', leader, {
      until: new Date(at('10:00')).toISOString(),
      reason: 'repair',
    });
    history.at('09:00').done(alarm, 'dispose', leader, { verdict: 'equipment' });
    const { levels } = report({ rows: history.rows() });
    expect(levels.map(({ met, missed, open }) => [met, missed, open])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('practice', () => {
  it('of drills, walk tests and tests is in no figure but its own', () => {
    history.at('08:00').raise('FIR.SMOKE', { device: 'smoke', mode: 'drill' });
    history.at('08:10').raise('FIR.SMOKE', { device: 'smoke', mode: 'test' });
    history.at('08:20').send('EMG.PANIC', 'pulse', { device: 'io-1', mode: 'walktest' });
    const [first] = history.rows();
    history.at('08:30').done(first?.alarm ?? '', 'acknowledge', guard);
    const made = report({ rows: history.rows() });
    expect(made.totals).toEqual({
      alarms: 0,
      triggers: 0,
      perDay: 0,
      open: 0,
      closedThemselves: 0,
      kinds: {},
      practice: { drill: 1, walktest: 1, test: 1 },
    });
    expect(made).toMatchObject({
      types: [],
      frequent: [],
      response: [],
      standing: { n: 0 },
      floods: { n: 0 },
    });
    expect(made.series.every(({ alarms }) => alarms === 0)).toBe(true);
  });
});

describe('false alarms', () => {
  it('are those judged false, nuisance or equipment, as a share of what somebody has judged', () => {
    const judge = (
      time: string,
      device: string,
      verdict?: 'real' | 'false' | 'nuisance' | 'equipment' | 'test',
    ) => {
      const { id } = history.at(time).raise('INT.DOOR', { device, armed: 'always' });
      history.done(id, 'acknowledge', guard);
      if (verdict === undefined) return;
      history.done(id, 'dispose', leader, { verdict });
      history.send('INT.DOOR', 'clear', { device });
      history.done(id, 'reset', leader);
      history.done(id, 'close', leader);
    };
    // door-1: 2 wrong of 3 judged, and one that was a test of somebody: 0.6667 of 4 alarms
    judge('08:00', 'door-1', 'nuisance');
    judge('09:00', 'door-1', 'false');
    judge('10:00', 'door-1', 'real');
    judge('11:00', 'door-1', 'test');
    // door-2: 1 wrong of 1 judged, one that waits
    judge('12:00', 'door-2', 'equipment');
    judge('13:00', 'door-2');
    // door-3: only real
    judge('14:00', 'door-3', 'real');
    const { falseAlarms, verdicts } = report({ rows: history.rows() });
    // 3 wrong of 5 judged
    expect(falseAlarms).toEqual({
      judged: 5,
      false: 3,
      share: 0.6,
      devices: 2,
      top: [
        {
          device: 'door-1',
          name: '设备 door-1',
          alarms: 4,
          judged: 3,
          false: 1,
          nuisance: 1,
          equipment: 0,
          rate: 0.6667,
        },
        {
          device: 'door-2',
          name: '设备 door-2',
          alarms: 2,
          judged: 1,
          false: 0,
          nuisance: 0,
          equipment: 1,
          rate: 1,
        },
      ],
    });
    expect(verdicts).toEqual({ real: 2, false: 1, nuisance: 1, equipment: 1, test: 1, drill: 0, none: 1 });
  });

  it('of a verdict that was corrected count as the last one says', () => {
    const { id } = history.at('08:00').raise('INT.DOOR', { armed: 'always' });
    history.at('08:01').done(id, 'dispose', leader, { verdict: 'false' });
    history.at('08:02').done(id, 'dispose', leader, { verdict: 'real' });
    expect(report({ rows: history.rows() }).verdicts).toMatchObject({ real: 1, false: 0 });
  });
});

describe('what stays', () => {
  it('stands when it was open for more than 24 hours at the end of the period, or until it closed in it', () => {
    // opened two days before, still open and active: 48 h at 00:00 of the day, 72 h at its end
    history.at(DAY.from - 48 * 3_600_000).raise('FIR.SMOKE', { device: 'smoke' });
    // opened 20 h before, closed at 06:00 of the day: 26 h
    const { id } = history
      .at(DAY.from - 20 * 3_600_000)
      .raise('INT.DOOR', { device: 'door', armed: 'always' });
    history.at('05:59').done(id, 'dispose', leader, { verdict: 'false' });
    history.send('INT.DOOR', 'clear', { device: 'door' });
    history.at('06:00').done(id, 'reset', pair);
    history.done(id, 'close', pair);
    // opened in the day itself: 23 h at its end
    history.at('01:00').raise('GAS.CO', { device: 'gas' });
    const { standing } = report({ rows: history.rows() });
    expect(standing.n).toBe(2);
    expect(standing.list).toMatchObject([
      { type: 'FIR.SMOKE', device: 'smoke', hours: 72, active: true },
      {
        type: 'INT.DOOR',
        device: 'door',
        hours: 26,
        closed: new Date(at('06:00')).toISOString(),
        active: false,
      },
    ]);
    expect(standing.list[0]).not.toHaveProperty('closed');
  });

  it('shelved lasts until it was taken back, its time was up, or the period ends', () => {
    const shelve = (device: string, from: number, until: number): string => {
      const { id } = history.at(from).raise('INT.DOOR', { device, slot: `slot-${device}`, armed: 'always' });
      history.done(id, 'shelve', leader, { until: new Date(until).toISOString(), reason: 'repair' });
      return id;
    };
    // from 22:00 of the day before to 02:00: 120 min in the day
    const early = shelve('a', DAY.from - 2 * 3_600_000, at('02:00'));
    history.at('02:00').amend(early, (alarm) => shelvingOver(alarm, history.now, history.book.levels));
    // 08:00 for four hours, taken back after 30 min
    const short = shelve('b', at('08:00'), at('12:00'));
    history.at('08:30').done(short, 'unshelve', leader);
    // the gateway lay still when the time was up at 10:00, and told it at 11:00: 60 min all the same
    const still = shelve('c', at('09:00'), at('10:00'));
    history.at('11:00').amend(still, (alarm) => shelvingOver(alarm, history.now, history.book.levels));
    // 23:00 to 03:00 of the next day: 60 min in the day
    shelve('d', at('23:00'), at('23:00') + 4 * 3_600_000);
    const { points, zones } = report({ rows: history.rows(), now: DAY.to + 86_400_000 });
    expect(points.list.map(({ slot, shelved }) => [slot, shelved])).toEqual([
      ['slot-a', 120],
      ['slot-c', 60],
      ['slot-d', 60],
      ['slot-b', 30],
    ]);
    // they are in no zone: 270 point minutes
    expect(zones).toEqual([{ disarmed: 0, offSchedule: 0, bypassed: 0, shelved: 270, isolated: 0 }]);
  });
});
