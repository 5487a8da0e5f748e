// A process that writes batches until it is killed. argv: data directory. Prints a JSON line for each batch on disk:
// the ends of its lanes, its alarm, its state.

import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { Journal } from '../../../../edge/journal/journal.ts';
import { raiseOf, rowOf } from './rows.ts';

const dir = process.argv[2] ?? '';
const journal = await Journal.open({
  dir,
  logger: pino({ level: 'silent' }),
  clock: Date.now,
  reserveBytes: 0,
});
let batches = 0;

for (let lane = 0; lane < 3; lane++) void keepWriting();

async function keepWriting(): Promise<void> {
  for (;;) {
    const batch = raiseOf(journal);
    const events = 1 + (batches % 40);
    for (let n = 0; n < events; n++) batch.rows.push(rowOf(journal, { padding: n * 20 }));
    const state = `${++batches}`;
    batch.states.push({ key: `device:${process.pid}-${state}`, value: `{"n":${state}}` });
    await journal.append(batch).all;
    const ends = Object.fromEntries(batch.rows.map((row) => [row.lane, row.seq]));
    const line = JSON.stringify({ ...ends, alarm: batch.alarms[0]?.id, state: batch.states[0]?.key });
    // synchronous: what was printed was on disk, and what was on disk is printed at once
    writeSync(1, `${line}\n`);
  }
}
