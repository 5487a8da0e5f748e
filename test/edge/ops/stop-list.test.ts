import { pino } from 'pino';
import { expect, test } from 'vitest';
import { StopList } from '../../../edge/ops/stop-list.ts';

const logger = pino({ level: 'silent' });

test('stops in reverse, and a part that fails to stop does not keep the journal from being closed', async () => {
  const stopped: string[] = [];
  const list = new StopList(logger);
  list.push(() => stopped.push('journal'));
  list.push(() => {
    throw new Error('thrown at once');
  });
  list.push(async () => {
    throw new Error('rejected');
  });
  list.push(async () => stopped.push('broker'));
  await list.stop();
  expect(stopped).toEqual(['broker', 'journal']);
});

test('what is stopped is stopped once', async () => {
  let stops = 0;
  const list = new StopList(logger);
  list.push(() => stops++);
  await list.stop();
  await list.stop();
  expect(stops).toBe(1);
});
