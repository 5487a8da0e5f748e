import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { EventDraft } from '../../../contract/event.ts';
import { BROKER_LOST_AFTER_MS, BrokerWatch } from '../../../edge/ops/broker-watch.ts';

function watch(open: Array<Partial<Alarm>> = []) {
  const broker = { name: 'site', clients: 0, failure: 'no answer', status: () => broker };
  const events: Array<Pick<EventDraft, 'type' | 'edge' | 'input' | 'data'>> = [];
  const lost: string[] = [];
  const time = { now: 1_000 };
  const subject = new BrokerWatch({
    brokers: [broker],
    book: { open: () => open as Alarm[] },
    monotonic: () => time.now,
    clock: () => 0,
    emit: async ({ type, edge, input, data }) => {
      events.push({
        type,
        edge,
        ...(input === undefined ? {} : { input }),
        ...(data === undefined ? {} : { data }),
      });
    },
    lose: async (name) => {
      lost.push(name);
    },
    logger: pino({ level: 'silent' }),
  });
  subject.start();
  subject.stop(); // no timer: the test ticks
  const tickAt = (ms: number) => {
    time.now = 1_000 + ms;
    subject.tick();
  };
  return { broker, events, lost, tickAt };
}

test('a broker that is away for 30 s is a fault, once; its devices are unknown; it clears when it is back', () => {
  const { broker, events, lost, tickAt } = watch();
  broker.clients = 1;
  tickAt(0);
  broker.clients = 0;
  tickAt(BROKER_LOST_AFTER_MS - 1);
  expect(events).toEqual([]);
  tickAt(BROKER_LOST_AFTER_MS);
  tickAt(BROKER_LOST_AFTER_MS * 2);
  expect(events).toEqual([
    { type: 'SYS.GATEWAY_DOWN', edge: 'raise', input: 'site', data: { broker: 'site', reason: 'no answer' } },
  ]);
  expect(lost).toEqual(['site']);
  broker.clients = 1;
  tickAt(BROKER_LOST_AFTER_MS * 3);
  expect(events[1]).toMatchObject({ type: 'SYS.GATEWAY_DOWN', edge: 'clear', input: 'site' });
});

test('a restart of the broker is none', () => {
  const { broker, events, tickAt } = watch();
  for (const [ms, clients] of [
    [0, 1],
    [20_000, 0],
    [40_000, 1],
    [60_000, 0],
  ] as const) {
    broker.clients = clients;
    tickAt(ms);
  }
  expect(events).toEqual([]);
});

test('what the last run raised is cleared, by the connection or because the broker is configured no more', () => {
  const left = { type: 'SYS.GATEWAY_DOWN', condition: 'active' } as const;
  const { broker, events, tickAt } = watch([
    { ...left, subject: 'site' },
    { ...left, subject: 'old' },
    { ...left, subject: 'z2m', device: 'z2m' },
  ]);
  expect(events).toMatchObject([{ edge: 'clear', input: 'old' }]);
  tickAt(BROKER_LOST_AFTER_MS * 2);
  expect(events).toHaveLength(1);
  broker.clients = 1;
  tickAt(BROKER_LOST_AFTER_MS * 3);
  expect(events[1]).toMatchObject({ edge: 'clear', input: 'site' });
});
