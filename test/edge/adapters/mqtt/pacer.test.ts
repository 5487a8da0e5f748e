import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pacer, Pacers } from '../../../../edge/adapters/mqtt/pacer.ts';
import { RawDevice, startBroker, until } from './support.ts';

describe('a pacer', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('lets a burst through, then so many a second, in order, and loses none', () => {
    const pacer = new Pacer({ perSecond: 100, burst: 10 }).join();
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
    const pacer = new Pacer({ perSecond: 100, burst: 10 }).join();
    for (let i = 0; i < 10; i++) pacer.passes(performance.now());
    expect(pacer.passes(performance.now())).toBe(false);
    vi.advanceTimersByTime(1_000);
    const passed = Array.from({ length: 20 }, () => pacer.passes(performance.now()));
    expect(passed.filter(Boolean)).toHaveLength(10);
  });

  test('bug: the first burst of a connection was twice as long', () => {
    const pacer = new Pacer({ perSecond: 100, burst: 10 }).join();
    const passed = Array.from({ length: 30 }, () => pacer.passes(60_000));
    expect(passed.filter(Boolean)).toHaveLength(10);
  });
});

describe('the connections of one account', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('bug: each of 40 connections of an account had a rate and a burst of its own', () => {
    const pacers = new Pacers({ perSecond: 100, burst: 10 });
    const connections = Array.from({ length: 40 }, () => pacers.join('mad'));
    let gone = 0;
    for (let i = 0; i < 50; i++)
      for (const connection of connections) {
        if (connection.passes(performance.now())) gone++;
        else connection.wait(() => gone++);
      }
    expect(gone).toBe(10);
    vi.advanceTimersByTime(1_000);
    expect(gone).toBeLessThanOrEqual(110);
    expect(gone).toBeGreaterThanOrEqual(108);
    expect(pacers.join('panic').passes(performance.now())).toBe(true);
    vi.advanceTimersByTime(20_000);
    expect(gone).toBe(2_000);
  });

  test('take turns: one that says little does not wait behind one that floods', () => {
    const pacer = new Pacer({ perSecond: 100, burst: 1 });
    const [mad, calm] = [pacer.join(), pacer.join()];
    const gone: string[] = [];
    for (let i = 0; i < 1_000; i++) if (!mad.passes(performance.now())) mad.wait(() => gone.push(`mad ${i}`));
    expect(calm.passes(performance.now())).toBe(false);
    calm.wait(() => gone.push('calm'));
    vi.advanceTimersByTime(40);
    expect(gone.slice(0, 2)).toEqual(['mad 1', 'calm']);
  });

  test('bug: hanging up and connecting again was the way to a new burst', () => {
    const pacers = new Pacers({ perSecond: 100, burst: 10 });
    let gone = 0;
    const again = (): void => {
      const connection = pacers.join('mad');
      for (let i = 0; i < 110; i++) {
        if (connection.passes(performance.now())) gone++;
        else connection.wait(() => gone++);
      }
      connection.flush();
    };
    again();
    expect(gone).toBe(110); // nothing is lost
    const next = pacers.join('mad');
    vi.advanceTimersByTime(900);
    expect(next.passes(performance.now())).toBe(false);
    vi.advanceTimersByTime(200);
    expect(next.passes(performance.now())).toBe(true);
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

  test('bug: whoever flooded and hung up within a second was not named', async () => {
    const { broker, port, counter } = await startBroker({ limits: { pace: { perSecond: 0.01, burst: 1 } } });
    const mad = await RawDevice.signIn(port, 'io1');
    // in one piece: what follows a message that waits is not read
    mad.socket.cork();
    for (let i = 1; i <= 5; i++) mad.publish('io/1/state', String(i), { qos: 0 });
    mad.socket.uncork();
    await until(() => counter('paced') === 4);
    mad.socket.resetAndDestroy();
    await until(() => counter('disconnects') === 1);
    expect([...broker.takePaced()]).toEqual([['io1', 4]]);
    expect(broker.takePaced().size).toBe(0);
  });

  test('delays nobody else', async () => {
    const { sink, port } = await startBroker({ limits: { pace: { perSecond: 0.01, burst: 1 } } });
    const mad = await RawDevice.signIn(port, 'io1');
    const panic = await RawDevice.signIn(port, 'io2');
    for (let i = 1; i <= 50; i++) mad.publish('io/1/state', String(i), { qos: 0 });
    await until(() => sink.messages.length === 1);
    panic.publish('io/2/state', 'panic', { qos: 1, messageId: 1 });
    await until(() => sink.messages.some(({ channel }) => channel === 'io/2/state'));
    expect(sink.messages).toHaveLength(2);
  });

  test('bug: with several connections an account published several times its rate', async () => {
    const { broker, sink, port, counter } = await startBroker({
      limits: { pace: { perSecond: 0.01, burst: 5 } },
    });
    const devices = await Promise.all(
      Array.from({ length: 8 }, (_, i) => RawDevice.signIn(port, 'io1', { clientId: `io1-${i}` })),
    );
    for (const device of devices) device.publish('io/1/state', 'x', { qos: 0 });
    await until(() => counter('paced') === 3);
    expect(sink.messages).toHaveLength(5);
    expect([...broker.takePaced()]).toEqual([['io1', 3]]);
  });

  test('that ends has what it sent taken before its will', async () => {
    const { sink, port, counter } = await startBroker({ limits: { pace: { perSecond: 0.01, burst: 1 } } });
    const will = { topic: 'io/1/lost', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const device = await RawDevice.signIn(port, 'io1', { will });
    device.socket.cork();
    for (let i = 1; i <= 5; i++) device.publish('io/1/state', String(i), { qos: 0 });
    device.socket.uncork();
    await until(() => counter('paced') === 4);
    device.socket.resetAndDestroy();
    await until(() => sink.messages.length === 6);
    expect(sink.messages.map(({ channel }) => channel.split('/').at(-1))).toEqual([
      ...Array.from({ length: 5 }, () => 'state'),
      'lost',
    ]);
  });
});
