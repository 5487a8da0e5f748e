import { expect, onTestFinished, test, vi } from 'vitest';
import type { Adapter } from '../../edge/adapters/adapter.ts';
import { RecordingSink } from '../support/recording-sink.ts';

/** A device, or a server with devices behind it, on the other side of an adapter. */
export interface AdapterPeer {
  /**
   * Sends a message with this payload. `acknowledged` settles with the transport's acknowledgement: it resolves when
   * one came and rejects when the connection ended without.
   */
  send(payload: string): { acknowledged: Promise<void> };
  close(): Promise<void>;
}

export interface AdapterUnderTest {
  adapter: Adapter;
  /** Connects a peer to the running adapter. */
  connect(): Promise<AdapterPeer>;
  /** What the peer sent, out of the payload that was handed on; left out: the payload is that. */
  textOf?(payload: string): string;
}

/** What every adapter promises. Registers its tests: call it inside a `describe`. */
export function adapterConformance(make: () => Promise<AdapterUnderTest>): void {
  test('start and stop may be repeated, and a stopped adapter starts again', async () => {
    const { adapter, connect, said } = await makeIt(make);
    const sink = new RecordingSink();
    await adapter.stop(); // before any start
    await Promise.all([adapter.start(sink), adapter.start(sink)]);
    await adapter.start(sink);
    expect(adapter.status().state).toBe('running');
    await Promise.all([adapter.stop(), adapter.stop()]);
    await adapter.stop();
    expect(adapter.status()).toMatchObject({ state: 'stopped', clients: 0 });
    await adapter.start(sink);
    const peer = await connected(connect);
    await peer.send('after a restart').acknowledged;
    expect(said(sink)).toEqual(['after a restart']);
  });

  test('the status tells name, state, endpoints and clients', async () => {
    const { adapter, connect } = await makeIt(make);
    expect(adapter.status()).toMatchObject({ name: adapter.name, state: 'stopped', clients: 0 });
    await adapter.start(new RecordingSink());
    expect(adapter.status()).toMatchObject({ name: adapter.name, state: 'running', clients: 0 });
    expect(adapter.status().endpoints.length).toBeGreaterThan(0);
    for (const endpoint of adapter.status().endpoints) expect(() => new URL(endpoint)).not.toThrow();
    await connected(connect);
    await vi.waitFor(() => expect(adapter.status().clients).toBe(1));
  });

  test('counters are whole numbers that never fall, over a restart too', async () => {
    const { adapter, connect } = await makeIt(make);
    const sink = new RecordingSink();
    await adapter.start(sink);
    const peer = await connected(connect);
    const snapshots = [adapter.status().counters];
    await peer.send('one').acknowledged;
    snapshots.push(adapter.status().counters);
    await adapter.stop();
    await adapter.start(sink);
    snapshots.push(adapter.status().counters);
    for (const [index, later] of snapshots.slice(1).entries()) {
      for (const [name, value] of Object.entries(snapshots[index] ?? {})) {
        expect(Number.isInteger(value)).toBe(true);
        expect(later[name], name).toBeGreaterThanOrEqual(value);
      }
    }
    expect(snapshots[1]).not.toEqual(snapshots[0]);
  });

  test('a message is acknowledged when the sink has resolved, not before', async () => {
    const { adapter, connect, said } = await makeIt(make);
    const sink = new RecordingSink();
    sink.holding = true;
    await adapter.start(sink);
    const peer = await connected(connect);
    let acknowledged = false;
    const sent = peer.send('pressed').acknowledged.then(() => {
      acknowledged = true;
    });
    await vi.waitFor(() => expect(said(sink)).toEqual(['pressed']));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(acknowledged).toBe(false);
    sink.commit();
    await sent;
    expect(said(sink)).toEqual(['pressed']);
  });

  test('a message that the sink gives back is not acknowledged', async () => {
    const { adapter, connect, said } = await makeIt(make);
    const sink = new RecordingSink();
    sink.holding = true;
    await adapter.start(sink);
    const peer = await connected(connect);
    const { acknowledged } = peer.send('pressed');
    const refused = expect(acknowledged).rejects.toThrow();
    await vi.waitFor(() => expect(said(sink)).toEqual(['pressed']));
    sink.stopped();
    await adapter.stop();
    await refused;
  });

  test('messages carry the adapter’s name and both clocks, and arrive in order', async () => {
    const { adapter, connect, said } = await makeIt(make);
    const sink = new RecordingSink();
    await adapter.start(sink);
    const peer = await connected(connect);
    const before = { wall: Date.now(), monotonic: performance.now() };
    for (const payload of ['a', 'b', 'c']) await peer.send(payload).acknowledged;
    expect(said(sink)).toEqual(['a', 'b', 'c']);
    for (const message of sink.messages) {
      expect(message.adapter).toBe(adapter.name);
      expect(message.channel).not.toBe('');
      expect(message.receivedAt).toBeGreaterThanOrEqual(before.wall - 1);
      expect(message.receivedAt).toBeLessThanOrEqual(Date.now() + 1);
      expect(message.receivedMonotonicMs).toBeGreaterThanOrEqual(before.monotonic);
      expect(message.receivedMonotonicMs).toBeLessThanOrEqual(performance.now());
    }
  });

  test('peers are told of as they come and go; those that stop() closes are caused by us', async () => {
    const { adapter, connect } = await makeIt(make);
    const sink = new RecordingSink();
    await adapter.start(sink);
    const leaving = await connected(connect);
    await vi.waitFor(() => expect(sink.changes.map(({ online }) => online)).toEqual([true]));
    await leaving.close();
    await vi.waitFor(() => expect(sink.changes.map(({ online }) => online)).toEqual([true, false]));
    expect(sink.changes[1]?.causedByUs).toBeUndefined();
    expect(sink.changes[1]?.reason).toBeTruthy();
    await connected(connect);
    await vi.waitFor(() => expect(sink.changes).toHaveLength(3));
    await adapter.stop();
    expect(sink.changes).toHaveLength(4);
    expect(sink.changes[3]).toMatchObject({ adapter: adapter.name, online: false, causedByUs: true });
  });
}

async function makeIt(make: () => Promise<AdapterUnderTest>) {
  const made = await make();
  onTestFinished(() => made.adapter.stop());
  const { adapter, connect, textOf = (payload: string) => payload } = made;
  return {
    adapter,
    connect,
    said: (sink: RecordingSink) => sink.payloads().map((payload) => textOf(payload)),
  };
}

async function connected(connect: () => Promise<AdapterPeer>): Promise<AdapterPeer> {
  const peer = await connect();
  onTestFinished(() => peer.close());
  return peer;
}
