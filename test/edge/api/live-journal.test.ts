import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeBody } from '../../../contract/cloud-event.ts';
import type { Lane } from '../../../contract/event.ts';
import type { JournalRow } from '../../../edge/journal/batch.ts';
import { Journal } from '../../../edge/journal/journal.ts';
import { LiveProbe } from './live-probe.ts';
import { MemoryGateway } from './memory-gateway.ts';

let dir: string;
let journal: Journal;
let gateway: MemoryGateway;
const probes: LiveProbe[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'api-live-'));
  const logger = pino({ level: 'silent' });
  journal = await Journal.open({ dir, logger, clock: Date.now, reserveBytes: 0 });
  gateway = await new MemoryGateway().start({ journal: journal.reader, epoch: journal.epoch });
  journal.onCommit((committed) => gateway.api.live.commit(committed));
});

afterEach(async () => {
  for (const probe of probes) probe.close();
  await gateway.stop();
  await journal.close();
  rmSync(dir, { recursive: true, force: true });
});

function append(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i): JournalRow => {
    const lane: Lane = i % 7 === 0 ? 'a' : 'e';
    const type = lane === 'a' ? 'EMG.PANIC' : 'ACC.GRANT';
    const event = { ...gateway.event(type, 's-panic', 'pulse'), lane, seq: journal.nextSeq(lane) };
    const { id, seq, severity, freshness, edge } = event;
    return { lane, seq, id, type, severity, freshness, edge, at: Date.now(), body: encodeBody(event) };
  });
  return journal.append({ rows, alarms: [], states: [], retained: [], cursors: [] }).all;
}

it('clients that join a busy journal anywhere get every later event once, in order', async () => {
  await append(900);
  await append(300);
  const cookie = await gateway.cookie('wang');
  let running = true;
  const writing = (async () => {
    while (running) await append(1 + Math.floor(Math.random() * 40));
  })();
  const joined: Array<{ since: number; probe: LiveProbe }> = [];
  for (const since of [0, 1, 450, 500, 700, 899, 900, 1_199, 1_200]) {
    const probe = new LiveProbe(`${gateway.url}/api/v1/live?since=${since}&epoch=${journal.epoch}`, {
      cookie,
    });
    probes.push(probe);
    joined.push({ since, probe: await probe.joined() });
  }
  running = false;
  await writing;
  const last = journal.reader.position();
  const all = (await journal.reader.commitsSince(0, last)).bodies;
  const ids = all.map((body) => (JSON.parse(body) as { id: string }).id);
  expect(ids).toHaveLength(last);
  for (const { since, probe } of joined) {
    await probe.until(() => probe.of('commit').at(-1)?.position === last);
    expect(probe.of('snapshot')).toEqual([]);
    expect(probe.eventIds()).toEqual(ids.slice(since));
  }
});

it('the API reads what the journal stored', async () => {
  await append(20);
  const cookie = await gateway.cookie('wang');
  const text = await (await gateway.get$('/api/v1/events?type=EMG.PANIC&lane=a&limit=2', { cookie })).text();
  const { events, next } = JSON.parse(text) as { events: Array<{ position: number }>; next: number };
  expect(events.map(({ position }) => position)).toEqual([15, 8]);
  const { bodies } = await journal.reader.commitsSince(7, 1);
  expect(text).toContain(bodies[0]);
  const rest = await (await gateway.get$(`/api/v1/events?type=EMG.PANIC&before=${next}`, { cookie })).json();
  expect(rest).toMatchObject({ events: [{ position: 1 }] });
  expect(await (await gateway.get$('/api/v1/alarms?state=all', { cookie })).json()).toEqual({ alarms: [] });
});
