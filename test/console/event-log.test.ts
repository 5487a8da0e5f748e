import { expect, test } from 'vitest';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import { EVENTS_KEPT, emptyLog, logged, merged, recentEvents } from '../../edge/console/event-log.ts';

const event = (id: string, kind = 'event'): CloudEvent => ({ id, kind }) as CloudEvent;
const ids = (log: typeof emptyLog, kind: Parameters<typeof recentEvents>[1] = 'all') =>
  recentEvents(log, kind, () => true).map(({ event: { id } }) => id);

test('the events of a commit end at its position, the newest come first', () => {
  const log = logged(logged(emptyLog, 2, [event('1'), event('2', 'alarm')]), 3, [event('3')]);
  expect(ids(log)).toEqual(['3', '2', '1']);
  expect(ids(log, 'alarm')).toEqual(['2']);
  expect(recentEvents(log, 'all', () => true).map(({ position }) => position)).toEqual([3, 2, 1]);
});

test('earlier events asked for later find their place, and none stands twice', () => {
  const live = logged(emptyLog, 12, [event('11'), event('12')]);
  const earlier = [12, 11, 10, 9].map((position) => ({ position, event: event(String(position)) }));
  expect(ids(merged(live, earlier))).toEqual(['12', '11', '10', '9']);
});

test('a flood of readings does not push the alarms out', () => {
  let log = logged(emptyLog, 1, [event('panic', 'alarm')]);
  for (let n = 0; n < 3 * EVENTS_KEPT; n += 1) log = logged(log, n + 2, [event(`reading ${n}`)]);
  expect(ids(log, 'alarm')).toEqual(['panic']);
  expect(ids(log, 'event')).toHaveLength(EVENTS_KEPT);
  expect(ids(log)).toHaveLength(EVENTS_KEPT);
});

test('what is not shown takes no place from what is: "no events yet" before thousands of them', () => {
  let log = logged(emptyLog, 1, [event('press')]);
  for (let n = 0; n < EVENTS_KEPT; n += 1) log = logged(log, n + 2, [event(`by a device ${n}`, 'record')]);
  const shown = recentEvents(log, 'all', ({ event: { id } }) => !id.startsWith('by a device'));
  expect(shown.map(({ event: { id } }) => id)).toEqual(['press']);
});

test('a kind that a newer gateway invents is shown as an event', () => {
  expect(ids(logged(emptyLog, 1, [event('x', 'constructor')]), 'event')).toEqual(['x']);
});
