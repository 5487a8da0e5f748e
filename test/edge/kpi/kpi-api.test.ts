import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type KpiReport, kpiReportSchema } from '../../../contract/kpi.ts';
import { kpiCsv } from '../../../edge/kpi/csv.ts';
import { KpiBusy, type Viewer } from '../../../edge/kpi/kpi-desk.ts';
import { reportOf } from '../../../edge/kpi/report.ts';
import type { Span } from '../../../edge/kpi/spans.ts';
import { MemoryGateway } from '../api/memory-gateway.ts';
import { at, directory, History, partsOf, report, ZONE } from './history.ts';

/** 2026-12-02 on the clocks of the campus, while it is still the first by UTC. */
const NOW = Date.UTC(2026, 11, 1, 17);
const gateway = new MemoryGateway();
let asked: { span: Span; viewer: Viewer } | undefined;
let answer: () => Promise<KpiReport> = async () => report({});

beforeAll(async () => {
  const port = {
    zone: ZONE,
    now: () => NOW,
    report: (span: Span, viewer: Viewer) => {
      asked = { span, viewer };
      return answer();
    },
  };
  await gateway.start({ kpi: port });
});
afterAll(() => gateway.stop());
beforeEach(() => {
  asked = undefined;
  answer = async () => report({});
});

it.each([
  ['', '2026-12-01T16:00:00.000Z', '2026-12-02T16:00:00.000Z'],
  ['?period=month', '2026-11-30T16:00:00.000Z', '2026-12-31T16:00:00.000Z'],
  ['?period=week&day=2026-11-29', '2026-11-22T16:00:00.000Z', '2026-11-29T16:00:00.000Z'],
  ['?from=2026-11-01&to=2026-11-02', '2026-10-31T16:00:00.000Z', '2026-11-02T16:00:00.000Z'],
  [
    '?from=2026-11-01T08:00:00%2B08:00&to=2026-11-01T09:00:00%2B08:00',
    '2026-11-01T00:00:00.000Z',
    '2026-11-01T01:00:00.000Z',
  ],
])('%s is a period of the campus', async (query, from, to) => {
  const cookie = await gateway.cookie('li');
  const response = await gateway.get$(`/api/v1/kpi${query}`, { cookie });
  expect(response.status).toBe(200);
  expect(() => kpiReportSchema.parse(report({}))).not.toThrow();
  expect(asked?.span).toEqual({ from: Date.parse(from), to: Date.parse(to) });
});

it('says what to do when too many ask at once, and about a period that is none', async () => {
  const cookie = await gateway.cookie('li');
  answer = () => Promise.reject(new KpiBusy());
  const busy = await gateway.get$('/api/v1/kpi', { cookie });
  expect(busy.status).toBe(503);
  expect(await busy.json()).toMatchObject({ code: 'not-ready', detail: '正在生成其他报表，请稍后再试。' });
  for (const query of ['from=2026-11-02&to=2026-11-01', 'from=2026-11-02', 'day=2026-13-01', 'to=x&from=y'])
    expect((await gateway.get$(`/api/v1/kpi?${query}`, { cookie })).status, query).toBe(400);
});

it('shows a session in the room of a silent alarm nothing of it', async () => {
  const silent = { silent: true, place: 'p101' };
  await gateway.get$('/api/v1/kpi', { cookie: await gateway.cookie('li', { place: 'r101' }) });
  expect(asked?.viewer.sees(silent)).toBe(false);
  expect(asked?.viewer.key).toBe('room:r101');
  await gateway.get$('/api/v1/kpi', { cookie: await gateway.cookie('li', { place: 'duty' }) });
  expect(asked?.viewer.sees(silent)).toBe(true);
});

it('a file of it starts no formula in a spreadsheet, and has every figure in a line', () => {
  const history = new History();
  history.at(at('08:00')).send('EMG.PANIC', 'pulse', { device: 'io-1', slot: 's' });
  const parts = partsOf({ rows: history.rows() });
  const slot = () => ({ name: '=HYPERLINK("x")', place: 'gate' });
  const csv = kpiCsv(reportOf({ ...parts, directory: { ...directory, slot } }));
  expect(csv.startsWith('\uFEFF分组 group,')).toBe(true);
  const lines = csv.split('\r\n');
  expect(lines).toContain(`most frequent,"一键式紧急报警 · =HYPERLINK(""x"")",s,南门,triggers,1`);
  expect(lines).toContain('totals,,,,alarms,1');
  expect(lines).toContain('severity 1,,,,share,1');
  expect(lines.slice(1).filter((line) => /^(?:,|[^,]*,)"?[=+@-]/.test(line))).toEqual([]);
});
