import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { encodeBody } from '../../contract/cloud-event.ts';
import type { Event } from '../../contract/event.ts';
import type { JournalRow } from '../../edge/journal/batch.ts';
import { Journal } from '../../edge/journal/journal.ts';
import { testSite } from '../simulators/gateway.ts';

const BATCH = 1_000;

/** Makes a journal with so many events in a data folder, as a gateway would have written them in a year. */
export async function fillJournal(dataDir: string, rows: number): Promise<void> {
  const logger = pino({ level: 'silent' });
  const journal = await Journal.open({ dir: dataDir, logger, clock: Date.now });
  for (let n = 0; n < rows; n += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, rows - n) }, (_, i) =>
      row(journal.nextSeq('e'), n + i),
    );
    await journal.append({ rows: batch, alarms: [], states: [], retained: [], cursors: [] }).all;
  }
  await journal.close();
}

function row(seq: number, n: number): JournalRow {
  const { gateway, school, region } = testSite;
  const at = Date.now();
  const instant = new Date(at).toISOString();
  const device = `io-${(n % 500) + 1}`;
  const event: Event = {
    v: 1,
    id: uuidv7(),
    lane: 'e',
    seq,
    type: 'DEV.INPUT',
    kind: 'event',
    severity: 4,
    edge: n % 1_000 < 500 ? 'raise' : 'clear',
    mode: 'live',
    freshness: 'live',
    occurredAt: instant,
    receivedAt: instant,
    clock: { source: 'gateway', quality: 'sync' },
    input: '5',
    origin: { gateway, school, region, device, profile: 'io.wired', slot: `${device}-box` },
  };
  const { id, type, severity, freshness, edge } = event;
  return { lane: 'e', seq, id, type, severity, freshness, edge, at, body: encodeBody(event) };
}
