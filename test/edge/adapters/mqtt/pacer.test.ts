import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pacer } from '../../../../edge/adapters/mqtt/pacer.ts';
import { RawDevice, startBroker, until } from './support.ts';

describe('a pacer', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('lets a burst through, then so many a second, in order, and loses none', () => {
    const pacer = new Pacer({ perSecond: 100, burst: 10 });
    const gone: number[] = [];
    for (let i = 0; i < 50; i++) {
      if (pacer.passes(performance.now())) gone.push(i);
      else pacer.wait(() => gone.push(i));
    }
    expect(gone).toHaveLength(10);
    vi.advanceTimersByTime(200);
    expect(gone.length).toBeGreaterThanOrEqual(28);
    expect(gone.length).toBeLessThanOrEqual(30);
    vi.advanceTimersByTime(300);
    expect(gone).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(pacer.waiting).toBe(0);
  });

  test('has its burst again after a pause', () => {
    const pacer = new Pacer({ perSecond: 100, burst: 10 });
    for (let i = 0; i < 10; i++) pacer.passes(performance.now());
    expect(pacer.passes(performance.now())).toBe(false);
    vi.advanceTimersByTime(1_000);
    const passed = Array.from({ length: 20 }, () => pacer.passes(performance.now()));
    expect(passed.filter(Boolean)).toHaveLength(10);
  });
});

describe('a connection that publishes too fast', () => {
  const limits = { pace: { perSecond: 200, burst: 20 } };

  test.each([0, 1] as const)('waits, in order, and nothing is lost (QoS %i)', async (qos) => {
    const { broker, sink, port, counter } = await startBroker({ limits });
    const device = await RawDevice.signIn(port, 'io1');
    for (let i = 1; i <= 60; i++) {
      device.publish('io/1/state', String(i), qos === 0 ? { qos } : { qos, messageId: i });
    }
    await until(() => counter('paced') > 0);
    expect(sink.messages.length).toBeLessThan(60);
    await until(() => sink.messages.length === 60);
    const sent = sink.messages.map(({ payload }) => Number(payload.toString()));
    expect(sent).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(broker.takePaced().get('io1')).toBeGreaterThan(0);
    expect(broker.takePaced().size).toBe(0);
  });

  test('delays nobody else', async () => {
    const { sink, port } = await startBroker({ limits: { pace: { perSecond: 1, burst: 1 } } });
    const mad = await RawDevice.signIn(port, 'io1');
    const panic = await RawDevice.signIn(port, 'io2');
    for (let i = 1; i <= 50; i++) mad.publish('io/1/state', String(i), { qos: 0 });
    await until(() => sink.messages.length === 1);
    panic.publish('io/2/state', 'panic', { qos: 1, messageId: 1 });
    await until(() => sink.messages.some(({ channel }) => channel === 'io/2/state'));
    expect(sink.messages).toHaveLength(2);
  });

  test('that ends has what it sent taken before its will', async () => {
    const { sink, port, counter } = await startBroker({ limits: { pace: { perSecond: 1, burst: 1 } } });
    const will = { topic: 'io/1/lost', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const device = await RawDevice.signIn(port, 'io1', { will });
    for (let i = 1; i <= 5; i++) device.publish('io/1/state', String(i), { qos: 0 });
    await until(() => counter('paced') === 4);
    device.socket.resetAndDestroy();
    await until(() => sink.messages.length === 6);
    expect(sink.messages.map(({ channel }) => channel.split('/').at(-1))).toEqual([
      ...Array.from({ length: 5 }, () => 'state'),
      'lost',
    ]);
  });
});
