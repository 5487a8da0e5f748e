import { expect, it } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Event } from '../../../contract/event.ts';
import { defaultAlarmTimes } from '../../../edge/alarms/alarm-times.ts';
import type { Journal } from '../../../edge/journal/journal.ts';
import { KpiBusy, KpiDesk, type KpiDeskOptions, type Viewer } from '../../../edge/kpi/kpi-desk.ts';
import { guard, leader } from '../alarms/play.ts';
import { openJournal, tempDir } from '../journal/support/journal.ts';
import { batchOf, rowOf } from '../journal/support/rows.ts';
import { at, DAY, directory, History, ZONE } from './history.ts';

const everybody: Viewer = { key: '', sees: () => true };

function deskOf(journal: Journal, options: Partial<KpiDeskOptions> = {}): KpiDesk {
  return new KpiDesk({
    journal: journal.reader,
    registry: { ...directory, site: () => ({ zones: [], slots: [], places: [] }) },
    zones: () => [],
    times: defaultAlarmTimes,
    zone: ZONE,
    clock: () => DAY.to,
    ...options,
  });
}

/** Stores what happened as a gateway does, with `between` rows of something else after each. */
async function store(journal: Journal, history: History, between = 0): Promise<void> {
  for (const { at: when, transition } of history.stamped()) {
    const { alarm } = transition;
    const row = rowOf(journal, {
      type: 'ALM.TRANSITION',
      at: when,
      alarm: alarm.id,
      data: { ...transition },
    });
    const others = Array.from({ length: between }, () => rowOf(journal, { at: when, type: 'DEV.READING' }));
    await journal.append(batchOf([row, ...others], { alarms: [alarm as Alarm] })).all;
  }
}

async function tell(
  journal: Journal,
  when: number,
  type: string,
  edge: Event['edge'],
  data: Record<string, unknown>,
): Promise<void> {
  await journal.append(batchOf([rowOf(journal, { type, edge, at: when, data })])).all;
}

it('reads from the journal what happened before, in and after the period, and the same after a restart', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir, { clock: () => DAY.to });
  const history = new History();
  // two days before, never handled
  history.at(DAY.from - 48 * 3_600_000).raise('FIR.SMOKE', { device: 'smoke' });
  // in the period: taken after 20 s, disposed on the next day
  const { id } = history.at('23:00').raise('INT.DOOR', { device: 'door', armed: 'always' });
  history.at('23:00:20').done(id, 'acknowledge', guard);
  history.at(DAY.to + 3_600_000).done(id, 'dispose', leader, { verdict: 'nuisance' });
  await tell(journal, DAY.from - 72 * 3_600_000, 'ARM.UNSET', 'pulse', { zone: 'z-1', name: '一区' });
  await store(journal, history, 3);
  await tell(journal, at('06:00'), 'ARM.SET', 'pulse', { zone: 'z-1', name: '一区' });

  const clock = () => DAY.to + 7_200_000;
  const report = await deskOf(journal, { clock }).report(DAY, everybody);
  expect(report).toMatchObject({
    covered: {},
    totals: { alarms: 1, triggers: 1, open: 1 },
    verdicts: { nuisance: 1 },
    response: [
      { step: 'acknowledge', severity: 2, longestS: 20 },
      { step: 'dispose', severity: 2, longestS: 7_200 },
    ],
    standing: { n: 1, list: [{ type: 'FIR.SMOKE', hours: 72 }] },
    // disarmed since three days before until 06:00
    zones: [{ zone: 'z-1', name: '一区', disarmed: 360 }],
  });
  await journal.close();
  const again = await openJournal(dir, { clock: () => DAY.to });
  expect(await deskOf(again, { clock }).report(DAY, everybody)).toEqual(report);
});

it('says where its records begin when retention has removed what was before', async () => {
  const journal = await openJournal(await tempDir(), { clock: () => DAY.to });
  const history = new History();
  for (const time of ['02:00', '06:00', '10:00', '14:00'])
    history.at(time).send('EMG.PANIC', 'pulse', { device: `io-${time.slice(0, 2)}` });
  await store(journal, history);
  await tell(journal, at('09:00'), 'ARM.UNSET', 'pulse', { zone: 'z-1' });
  // the first two rows of lane a are gone: those of 02:00 and 06:00; the journal of events begins at 09:00
  await journal.prune('a', 2);
  const report = await deskOf(journal).report(DAY, everybody);
  const begin = new Date(at('10:00')).toISOString();
  expect(report.covered).toEqual({ alarms: begin, zones: begin });
  expect(report.totals).toMatchObject({ alarms: 2 });
  // 10:00 to 24:00 are 14 of 24 hours
  expect(report.days).toBe(0.583);
  expect(report.zones).toMatchObject([{ zone: 'z-1', disarmed: 14 * 60 }]);
});

it('an alarm that is open and whose rows are all gone still stands', async () => {
  const journal = await openJournal(await tempDir(), { clock: () => DAY.to });
  const history = new History();
  history.at(DAY.from - 200 * 24 * 3_600_000).raise('FIR.SMOKE', { device: 'smoke' });
  history.at('12:00').send('EMG.PANIC', 'pulse', { device: 'io-1' });
  await store(journal, history);
  await journal.prune('a', 1);
  const { standing } = await deskOf(journal).report(DAY, everybody);
  expect(standing.list).toMatchObject([
    { type: 'FIR.SMOKE', device: 'smoke', hours: 201 * 24, active: true },
  ]);
});

it('shows nobody what they may not see: not in a count, a flood or a time', async () => {
  const journal = await openJournal(await tempDir(), { clock: () => DAY.to });
  const history = new History();
  history.at('12:00').send('EMG.DURESS', 'pulse', { device: 'io-1' });
  history.at('13:00').send('EMG.PANIC', 'pulse', { device: 'io-2' });
  await store(journal, history);
  const room: Viewer = { key: 'room:r', sees: ({ silent }) => silent !== true };
  const desk = deskOf(journal);
  const [all, some] = await Promise.all([desk.report(DAY, everybody), desk.report(DAY, room)]);
  expect(all.types.map(({ type }) => type)).toEqual(['EMG.DURESS', 'EMG.PANIC']);
  expect(some.types.map(({ type }) => type)).toEqual(['EMG.PANIC']);
  expect(JSON.stringify(some)).not.toContain('DURESS');
  expect(some.totals.alarms).toBe(1);
});

it('reads short pages with the loop free between them, whole lives across pages, one report at a time', async () => {
  const journal = await openJournal(await tempDir(), { clock: () => DAY.to });
  const history = new History();
  // one panic that is pressed 2,500 times: its life fills more than five pages of 500 rows
  for (let n = 0; n < 2_500; n++)
    history.at(at('08:00') + n * 1_000).send('EMG.PANIC', 'pulse', { device: 'io-1' });
  history.at('09:00').raise('FIR.SMOKE', { device: 'smoke' });
  const rows = history.stamped().map(({ at: when, transition }) =>
    rowOf(journal, {
      type: 'ALM.TRANSITION',
      at: when,
      alarm: transition.alarmId,
      data: { ...transition },
    }),
  );
  for (let n = 0; n < rows.length; n += 1_000) await journal.append(batchOf(rows.slice(n, n + 1_000))).all;

  let under = 0;
  let most = 0;
  let pages = 0;
  const reader = journal.reader;
  const desk = deskOf(journal, {
    journal: {
      ...{
        openSince: (...a: Parameters<typeof reader.openSince>) => reader.openSince(...a),
        protection: (after: number) => reader.protection(after),
        beginning: (...a: Parameters<typeof reader.beginning>) => reader.beginning(...a),
        alarm: (id: string) => reader.alarm(id),
      },
      transitions: async (...a) => {
        most = Math.max(most, ++under);
        pages++;
        const page = await reader.transitions(...a);
        under--;
        expect(page.rows.length).toBeLessThanOrEqual(500);
        return page;
      },
    },
  });
  const [report, same] = await Promise.all([desk.report(DAY, everybody), desk.report(DAY, everybody)]);
  expect(report.totals).toMatchObject({ alarms: 2, triggers: 2_501 });
  expect(same).toBe(report);
  expect({ most, pages }).toEqual({ most: 1, pages: 6 });
  // five others at once: one is made, four wait, the sixth is sent away
  const others = Array.from({ length: 6 }, (_, n) =>
    desk.report({ from: DAY.from + n, to: DAY.to }, everybody).catch((error) => error),
  );
  const results = await Promise.all(others);
  expect(results.filter((one) => one instanceof KpiBusy)).toHaveLength(1);
  expect(most).toBe(1);
});
