import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadEdgeConfig } from '../../../config/edge.ts';
import type { CloudEvent } from '../../../contract/cloud-event.ts';
import { type App, startApp } from '../../../edge/app.ts';
import { Journal } from '../../../edge/journal/journal.ts';
import { signIn, writeGatewayConfig } from '../../simulators/gateway.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { passwords, testCampus } from '../../simulators/test-campus.ts';
import { waitFor } from '../../simulators/wait.ts';
import { batchOf, rowOf } from '../journal/support/rows.ts';

const logger = pino({ level: 'silent' });
let folder: ReturnType<typeof tempDir>;
let app: App | undefined;

beforeEach(() => {
  folder = tempDir('clock-set-back');
});

afterEach(async () => {
  await app?.stop();
  folder.remove();
});

/** What the last run stored: a row of `aheadMs` from now. */
async function leaveBehind(aheadMs: number): Promise<void> {
  const dir = join(folder.dir, 'data');
  const journal = await Journal.open({ dir, logger, clock: Date.now, reserveBytes: 0 });
  await journal.append(batchOf([rowOf(journal, { at: Date.now() + aheadMs })])).all;
  await journal.close();
}

async function start(): Promise<void> {
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir: folder.dir, site: testCampus(1) }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  app = await startApp(loaded.value, logger);
}

/** Events of a type, as the API tells them. */
async function eventsOf(type: string): Promise<CloudEvent[]> {
  const url = app?.consoleUrl ?? '';
  const { cookie } = await signIn(url, 'guard', passwords.guard);
  return waitFor(`events of ${type}`, async () => {
    const response = await fetch(`${url}/api/v1/events?type=${type}`, { headers: { cookie } });
    const { events } = (await response.json()) as { events: { event: CloudEvent }[] };
    return events.length > 0 ? events.map(({ event }) => event) : undefined;
  });
}

test('a start with journal rows ahead of the clock raises SYS.CLOCK, and what is stored says unsync', async () => {
  await leaveBehind(7_200_000);
  await start();
  const [fault] = await eventsOf('SYS.CLOCK');
  expect(fault).toMatchObject({ edge: 'raise', data: { clock: { source: 'gateway', quality: 'unsync' } } });
  expect(Number(fault?.data.data?.behindMs)).toBeGreaterThan(7_100_000);
  expect((await eventsOf('SYS.BOOT'))[0]?.data.clock.quality).toBe('unsync');
});

test('a second start does not take the rows of the first, written with the wrong clock, for the time', async () => {
  await leaveBehind(7_200_000);
  await start();
  await eventsOf('SYS.CLOCK');
  await app?.stop();
  await start();
  const boots = await waitFor('both starts', async () => {
    const events = await eventsOf('SYS.BOOT');
    return events.length === 2 ? events : undefined;
  });
  expect(boots.map(({ data }) => data.clock.quality)).toEqual(['unsync', 'unsync']);
});

test('a start after the last row is in sync', async () => {
  await leaveBehind(-60_000);
  await start();
  expect((await eventsOf('SYS.BOOT'))[0]?.data.clock.quality).toBe('sync');
});
