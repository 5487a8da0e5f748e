import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shelvingOver } from '../../../edge/alarms/shelving.ts';
import type { TransitionRow } from '../../../edge/journal/history-rows.ts';
import { guard, leader, pair } from '../alarms/play.ts';
import { DAY, History, report } from './history.ts';

const MINUTE = 60_000;
const START = DAY.from - 24 * 60 * MINUTE;
const flood = { count: 2, windowMs: 30 * MINUTE };

const devices = ['d1', 'd2', 'd3'] as const;
const types = ['EMG.PANIC', 'INT.DOOR', 'DEV.FAULT'] as const;

/** What happens next, so many minutes later. */
const stepArbitrary = fc.record({
  // bursts that are floods, and nights in which nothing happens
  after: fc.constantFrom(0, 1, 2, 5, 20, 90, 240),
  device: fc.constantFrom(...devices),
  type: fc.constantFrom(...types),
  mode: fc.constantFrom('live', 'live', 'live', 'drill'),
  what: fc.constantFrom(
    'raise',
    'raise',
    'clear',
    'acknowledge',
    'dispatch',
    'false',
    'real',
    'shelve',
    'unshelve',
    'release',
  ),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** Plays on the real lifecycle; what it refuses does not happen. */
function play(steps: readonly Step[]): History {
  const history = new History();
  let now = START;
  for (const { after, device, type, mode, what } of steps) {
    now += after * MINUTE;
    history.at(now);
    // as the timer of the gateway would
    for (const alarm of history.book.open())
      if (alarm.shelved !== undefined && Date.parse(alarm.shelved.until) <= now)
        history.amend(alarm.id, (one) => shelvingOver(one, now, history.book.levels));
    const [alarm] = history.book.open().filter((one) => one.device === device && one.type === type);
    if (what === 'raise' || what === 'clear') {
      const edge = what === 'raise' && type === 'EMG.PANIC' ? 'pulse' : what;
      history.send(type, edge, { device, mode, armed: 'always' });
    } else if (alarm !== undefined) act(history, alarm.id, what, now);
  }
  return history;
}

function act(history: History, id: string, what: Step['what'], now: number): void {
  switch (what) {
    case 'acknowledge':
    case 'dispatch':
      history.act(id, what, guard);
      break;
    case 'false':
    case 'real':
      history.act(id, 'dispose', leader, { verdict: what });
      break;
    case 'shelve':
      history.act(id, 'shelve', leader, { until: new Date(now + 90 * MINUTE).toISOString(), reason: 'x' });
      break;
    case 'unshelve':
      history.act(id, 'unshelve', leader);
      break;
    case 'release':
      history.act(id, 'reset', pair);
      history.act(id, 'close', pair);
  }
}

/** The same figures by walking through all rows once for each of them. */
function naive(rows: readonly TransitionRow[], end: number) {
  const inDay = (at: number) => at >= DAY.from && at < DAY.to;
  const real = rows.filter(({ after }) => after.mode === 'live');
  const lives = [...new Set(real.map(({ alarm }) => alarm))].map((id) =>
    real.filter(({ alarm }) => alarm === id),
  );
  const opened = lives.filter(([first]) => inDay(first?.at ?? 0));
  const closing = (life: TransitionRow[]) => life.find(({ after }) => after.operator === 'closed')?.at;
  const took = opened.flatMap((life) => {
    const taken = life.find(({ role, after }) => role !== 'system' && after.operator !== 'new');
    const closed = closing(life) ?? Number.POSITIVE_INFINITY;
    return taken === undefined || taken.at > closed ? [] : [taken.at - (life[0]?.at ?? 0)];
  });
  const verdictOf = (life: TransitionRow[]) => life.at(-1)?.after.disposition?.verdict;
  const judged = opened.filter(([first]) => first?.after.type !== 'DEV.FAULT');
  const triggers = real.reduce((sum, row) => {
    const before = real.filter(({ alarm, version }) => alarm === row.alarm && version === row.version - 1)[0];
    return sum + (inDay(row.at) ? row.after.count - (before?.after.count ?? 0) : 0);
  }, 0);
  const standing = lives.filter((life) => {
    const closed = closing(life);
    const until = Math.min(closed ?? end, DAY.to);
    return (closed === undefined || closed > DAY.from) && until - (life[0]?.at ?? 0) > 24 * 60 * MINUTE;
  }).length;
  let shelved = 0;
  let flooded = 0;
  const openings = lives.map(([first]) => first?.at ?? 0);
  for (let minute = DAY.from; minute < DAY.to; minute += MINUTE) {
    for (const device of devices) if (lives.some((life) => isShelved(life, device, minute))) shelved++;
    const within = openings.filter((at) => at > minute - flood.windowMs && at <= minute);
    if (within.length > flood.count) flooded++;
  }
  const [drills] = [
    rows.filter(({ after, version, at }) => version === 1 && after.mode === 'drill' && inDay(at)).length,
  ];
  return {
    alarms: opened.length,
    triggers,
    drills,
    took: took.sort((a, b) => a - b),
    false: judged.filter((life) => verdictOf(life) === 'false').length,
    real: judged.filter((life) => verdictOf(life) === 'real').length,
    open: opened.filter((life) => closing(life) === undefined).length,
    standing,
    shelved,
    flooded,
  };
}

function isShelved(life: readonly TransitionRow[], device: string, minute: number): boolean {
  const row = life.filter(({ at }) => at <= minute).at(-1);
  if (row === undefined || row.after.device !== device || row.after.operator === 'closed') return false;
  return row.after.shelved !== undefined && minute < Date.parse(row.after.shelved.until);
}

it('whatever happens, the figures are those of a naive recomputation, and halves of a day add up to it', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { minLength: 10, maxLength: 60 }), (steps) => {
      const history = play(steps);
      const end = Math.max(history.now, DAY.to);
      const rows = history.rows();
      const made = report({ rows, now: end, flood });
      const wanted = naive(rows, end);
      const { totals, response, verdicts, standing, zones, floods } = made;
      const acknowledged = response.filter(({ step }) => step === 'acknowledge');
      expect({
        alarms: totals.alarms,
        triggers: totals.triggers,
        drills: totals.practice.drill,
        taken: acknowledged.reduce((sum, { n }) => sum + n, 0),
        longest: Math.max(0, ...acknowledged.map(({ longestS }) => longestS)),
        false: verdicts.false,
        real: verdicts.real,
        open: totals.open,
        standing: standing.n,
        shelved: zones.reduce((sum, zone) => sum + zone.shelved, 0),
        flooded: floods.minutes,
      }).toEqual({
        alarms: wanted.alarms,
        triggers: wanted.triggers,
        drills: wanted.drills,
        taken: wanted.took.length,
        longest: (wanted.took.at(-1) ?? 0) / 1_000,
        false: wanted.false,
        real: wanted.real,
        open: wanted.open,
        standing: wanted.standing,
        shelved: wanted.shelved,
        flooded: wanted.flooded,
      });
      const noon = DAY.from + 12 * 60 * MINUTE;
      const halves = [
        { from: DAY.from, to: noon },
        { from: noon, to: DAY.to },
      ].map((period) => report({ rows, now: end, flood, period }));
      const sum = (of: (half: typeof made) => number) => halves.reduce((all, half) => all + of(half), 0);
      expect(sum((half) => half.totals.alarms)).toBe(totals.alarms);
      expect(sum((half) => half.totals.triggers)).toBe(totals.triggers);
      expect(sum((half) => half.floods.minutes)).toBeCloseTo(floods.minutes, 5);
      expect(sum((half) => half.levels[1]?.missed ?? 0)).toBe(made.levels[1]?.missed);
      expect(sum((half) => half.zones[0]?.shelved ?? 0)).toBeCloseTo(wanted.shelved, 5);
    }),
    { numRuns: 60 },
  );
});
