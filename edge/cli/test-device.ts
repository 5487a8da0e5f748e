import { setTimeout as sleep } from 'node:timers/promises';
import { type CloudEvent, cloudEventSchema } from '../../contract/cloud-event.ts';
import { JournalReader } from '../journal/reader.ts';

/** How often the journal is looked at, milliseconds. */
const EVERY_MS = 250;
const ROWS = 500;

/**
 * Watches what a running gateway makes of a device's messages, for so many seconds: each event that it stored, in
 * order. Reads the journal beside the gateway. Rejects where there is none.
 */
export async function watchDevice(
  dataDir: string,
  {
    device,
    seconds,
    onListening,
    onEvent,
  }: { device: string; seconds: number; onListening: () => void; onEvent: (event: CloudEvent) => void },
): Promise<number> {
  const reader = await JournalReader.open(dataDir);
  let count = 0;
  try {
    let position = reader.position();
    onListening();
    const end = performance.now() + seconds * 1_000;
    for (;;) {
      const isLast = performance.now() >= end;
      for (;;) {
        const rows = await reader.rowsAfter(position, ROWS);
        for (const { body } of rows) {
          const event = cloudEventSchema.safeParse(JSON.parse(body)).data;
          if (event?.data.origin.device !== device) continue;
          count += 1;
          onEvent(event);
        }
        position = rows.at(-1)?.position ?? position;
        if (rows.length < ROWS) break;
      }
      if (isLast) return count;
      await sleep(Math.min(EVERY_MS, Math.max(0, end - performance.now())));
    }
  } finally {
    await reader.close();
  }
}

/** An event in one line: when, what, how. */
export function formatEvent({ time, type, edge, severity, mode, freshness, data }: CloudEvent): string {
  const { input, readings = [] } = data;
  const rest = [
    ...(input === undefined ? [] : [`input ${input}`]),
    ...(mode === 'live' ? [] : [mode]),
    ...(freshness === 'live' ? [] : [freshness]),
    ...readings.map(({ name, value, unit = '' }) => `${name} ${value}${unit}`),
    ...(data.data === undefined || type === 'ALM.TRANSITION' ? [] : [JSON.stringify(data.data)]),
  ];
  return [time, type, edge, `severity ${severity}`, ...rest].join('  ');
}
