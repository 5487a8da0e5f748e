import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiverStore } from '../../cloud-bridge/receiver/store.ts';
import type { UplinkStatus } from '../../cloud-bridge/uplink/status.ts';
import type { Lane } from '../../contract/event.ts';
import { waitFor } from '../simulators/wait.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { describeWithPeer } from '../support/peers.ts';
import { type BrokerKind, seqs, storeWith, upTo, World } from './bridge-world.ts';

const bulk = (n: number) => Array.from({ length: n }, () => ({ type: 'DEV.ONLINE' }));

function journeys(kind: BrokerKind): void {
  let world: World;

  beforeEach(async () => {
    world = await World.open(kind);
  });
  afterEach(() => world.close());

  const acked = (uplink: { status(): UplinkStatus }, lane: Lane, n: number, withinMs?: number) =>
    waitFor(`${n} of lane ${lane} receipted`, () => uplink.status().lanes[lane].ack === n, withinMs);

  it('brings both lanes across, once and in order, and moves the cursor', async () => {
    const { rows, store } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(1200), { type: 'EMG.PANIC', edge: 'pulse' }, { type: 'ACC.FORCED', edge: 'raise' });
    const receipted: Array<[Lane, number]> = [];
    const uplink = world.uplink(outbox, {
      onReceipted: (lane, cursor) => receipted.push([lane, cursor.ack]),
    });
    const { a, e } = { a: outbox.head('a').seq, e: outbox.head('e').seq };
    await acked(uplink, 'e', e);
    await acked(uplink, 'a', a);
    expect(seqs(await rows('e'))).toEqual(upTo(e));
    expect(seqs(await rows('a'))).toEqual(upTo(a));
    expect((await rows('e')).map(({ body }) => body)).toEqual(outbox.rows('e').map(({ body }) => body));
    await waitFor('the cursor on disk', () => outbox.cursor('province', 'e').ack === e);
    expect(receipted).toContainEqual(['a', a]);
    expect((await store.check()).faults).toEqual([]);
    outbox.append(...bulk(3));
    await acked(uplink, 'e', e + 3);
    expect((await store.lanes()).map(({ chainBreaks, duplicates }) => [chainBreaks, duplicates])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('survives cut connections in the middle of a drain: every row once', async () => {
    const { rows, store } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(6_000));
    world.proxy.latencyMs = 5;
    const uplink = world.uplink(outbox);
    for (const part of [500, 1_500, 3_000]) {
      await waitFor(`${part} receipted`, () => uplink.status().lanes.e.ack >= part);
      world.proxy.reset();
      await waitFor('down', () => uplink.status().state === 'down');
    }
    await acked(uplink, 'e', 6_000);
    expect(seqs(await rows('e')).sort((x, y) => x - y)).toEqual(upTo(6_000));
    expect(uplink.status().counters.connects).toBeGreaterThanOrEqual(4);
    expect((await store.check()).faults).toEqual([]);
  });

  it('stores nothing wrong while bytes are damaged on the way, and everything once they are not', {
    timeout: 120_000,
  }, async () => {
    const { rows, store } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(
      ...bulk(3_000),
      ...Array.from({ length: 60 }, () => ({ type: 'FIR.FAULT', edge: 'raise' as const })),
    );
    let damaged = 0;
    world.proxy.tamper = (chunk) => {
      if (Math.random() > 0.3) return chunk;
      damaged += 1;
      const copy = Buffer.from(chunk);
      const at = Math.floor(Math.random() * copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
      return copy;
    };
    const uplink = world.uplink(outbox);
    const more = () => {
      outbox.append(...bulk(20), { type: 'FIR.FAULT', edge: 'raise' });
      return damaged >= 15;
    };
    await waitFor('some damage', more, 60_000);
    world.proxy.tamper = undefined;
    world.proxy.reset();
    const [a, e] = [outbox.head('a').seq, outbox.head('e').seq];
    await acked(uplink, 'e', e, 30_000);
    await acked(uplink, 'a', a, 30_000);
    for (const lane of ['a', 'e'] as const) {
      const stored = new Map((await rows(lane)).map(({ seq, body }) => [seq, body]));
      for (const row of outbox.rows(lane)) expect(stored.get(row.seq), `${lane}/${row.seq}`).toBe(row.body);
      expect(stored.size).toBe(outbox.rows(lane).length);
    }
    expect((await store.check()).faults).toEqual([]);
  });

  it('goes on after a restart of the broker, with all rows once', async () => {
    const { rows, receiver } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(200));
    const uplink = world.uplink(outbox);
    await acked(uplink, 'e', 200);
    await world.broker.stop();
    outbox.append(...bulk(5_000));
    await waitFor('down', () => uplink.status().state === 'down');
    expect(uplink.status().reason).toMatch(/mqtt:\/\/127\.0\.0\.1/);
    await world.broker.restart();
    await receiver.connected();
    await acked(uplink, 'e', 5_200);
    expect(seqs(await rows('e'))).toEqual(upTo(5_200));
  });

  it('has a severity 1 receipted at once, ahead of the cursor, while a backlog drains', async () => {
    // A store that takes its time, so that the drain is still going on.
    const table = await world.store();
    const slow = storeWith(table, {
      commit: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, batch.frames[0]?.lane === 'e' ? 100 : 0));
        return table.commit(batch);
      },
    });
    const { rows } = await world.receiver({ store: slow });
    const outbox = new MemoryOutbox();
    outbox.append(
      ...bulk(5_000),
      ...Array.from({ length: 300 }, () => ({
        type: 'FIR.FAULT',
        edge: 'raise' as const,
        lane: 'a' as const,
      })),
    );
    const uplink = world.uplink(outbox, {
      lanes: { a: { maxWindow: 1, startWindow: 1 }, e: { maxEvents: 100, maxWindow: 2, lingerMs: 0 } },
    });
    await waitFor('the drain', () => uplink.status().lanes.e.ack > 100);
    const pressed = performance.now();
    const [panic] = outbox.append({ type: 'EMG.PANIC', edge: 'pulse', severity: 1 });
    await waitFor(
      'the panic at the province',
      async () => (await rows('a')).some(({ seq }) => seq === panic!.seq),
      2_000,
      5,
    );
    expect(performance.now() - pressed).toBeLessThan(2_000);
    expect(uplink.status().lanes.e.ack).toBeLessThan(5_000);
    const before = (await rows('a')).filter(({ seq }) => seq < panic!.seq).length;
    expect(before, 'it went ahead of the rows before it').toBeLessThan(300);
    await acked(uplink, 'a', 301, 30_000);
    expect(seqs(await rows('a')).sort((x, y) => x - y)).toEqual(upTo(301));
  });

  it('sends again what a receiver stored but died before receipting', async () => {
    // The process dies between COMMIT and receipt: nothing after the commit happens.
    const table = await world.store();
    let bury = () => {};
    const dead = new Promise<never>((_, reject) => {
      bury = () => reject(new Error('dead'));
    });
    dead.catch(() => {});
    const dying = storeWith(table, {
      commit: async (batch) => {
        const outcomes = await table.commit(batch);
        return batch.frames.length > 0 ? dead : outcomes;
      },
    });
    const first = await world.receiver({ store: dying });
    world.onClose(bury);
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(800));
    const uplink = world.uplink(outbox);
    await waitFor('a commit', async () => (await first.rows()).length > 0);
    expect(uplink.status().lanes.e.ack).toBe(0);
    // Its successor on the same store; the first one hangs for ever, as a dead process would.
    const second = await world.receiver();
    await acked(uplink, 'e', 800);
    const lane = (await second.store.lanes()).find((l) => l.lane === 'e');
    expect(lane).toMatchObject({ ack: 800, stored: 800 });
    expect(lane!.duplicates).toBeGreaterThan(0);
    expect(seqs(await second.rows('e')).sort((x, y) => x - y)).toEqual(upTo(800));
  });

  it('tells hello, heartbeats, a planned stop and a lost connection', async () => {
    const { receiver } = await world.receiver({ heartbeatMs: 60_000 });
    const get = async () => {
      const answer = await fetch(`${receiver.httpUrl}/api/v1/gateways`);
      return ((await answer.json()) as { gateways: Array<Record<string, unknown>> }).gateways[0];
    };
    const outbox = new MemoryOutbox({ predecessor: 'older' });
    outbox.append(...bulk(5));
    const uplink = world.uplink(outbox, { boot: 'boot-1', timing: { heartbeatMs: 100, statusMs: 50 } });
    await waitFor('a heartbeat', async () => (await get())?.heartbeat !== undefined);
    expect(await get()).toMatchObject({
      gateway: 'gw-01',
      school: '4137010001',
      city: '济南市',
      name: '示例大学',
      presence: 'online',
      boot: 'boot-1',
      epoch: outbox.epoch,
      predecessor: 'older',
      software: 'campus-gateway/test',
      heartbeat: { holdHours: 1000, lanes: { e: { seq: 5, head: outbox.head('e').hash } } },
    });
    world.proxy.refuse = true;
    world.proxy.reset();
    await waitFor('gone', async () => (await get())?.presence === 'offline');
    expect(await get()).toMatchObject({ reason: 'connection-lost' });
    world.proxy.refuse = false;
    await waitFor('online again', async () => (await get())?.presence === 'online');
    await uplink.stop({ untilAt: '2026-01-01T00:00:00.000Z' });
    await waitFor('stopped', async () => (await get())?.presence === 'stopped');
    expect(await get()).toMatchObject({ untilAt: '2026-01-01T00:00:00.000Z' });
  });

  it('makes a new connection when the old one is half-open', async () => {
    const { rows } = await world.receiver();
    const outbox = new MemoryOutbox();
    const uplink = world.uplink(outbox, { timing: { statusMs: 50, stalledMs: 300, livenessMs: 1_000 } });
    await waitFor('up', () => uplink.status().state === 'up');
    world.proxy.blackhole = true;
    outbox.append(...bulk(10));
    await waitFor('shown as down', () => uplink.status().state === 'down');
    expect(uplink.status().reason).toMatch(/^connected, but no receipt for/);
    await waitFor('given up', () => /lost: no receipt for 1 s/.test(uplink.status().reason ?? ''));
    world.proxy.blackhole = false;
    await acked(uplink, 'e', 10);
    expect(uplink.status().counters.connects).toBeGreaterThanOrEqual(2);
    expect(seqs(await rows('e'))).toEqual(upTo(10));
  });

  it('leaves what a recipient may not have at home, as named skips and counts', async () => {
    const { rows, store } = await world.receiver();
    const outbox = new MemoryOutbox();
    const types = ['ACC.GRANT', 'VID.MOTION', 'DEV.ONLINE', 'ACC.GRANT', 'NEW.TYPE', 'DEV.READING'];
    outbox.append(...Array.from({ length: 600 }, (_, i) => ({ type: types[i % 6]!, lane: 'e' as const })));
    const uplink = world.uplink(outbox);
    await acked(uplink, 'e', 600);
    const types1 = new Set((await rows('e')).map(({ type }) => type));
    expect(types1).toEqual(new Set(['DEV.ONLINE', 'NEW.TYPE']));
    expect(await store.counts('type')).toEqual([
      { key: 'ACC.GRANT', events: 0, counted: 200 },
      { key: 'DEV.ONLINE', events: 100, counted: 0 },
      { key: 'NEW.TYPE', events: 100, counted: 0 },
    ]);
    expect((await store.check()).faults).toEqual([]);
  });

  it('names rows that retention removed before they were sent', async () => {
    const { rows, store } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(300));
    outbox.remove('e', 120);
    const uplink = world.uplink(outbox);
    await acked(uplink, 'e', 300);
    expect(seqs(await rows('e'))).toEqual(upTo(300).slice(120));
    expect((await store.lanes()).find((l) => l.lane === 'e')).toMatchObject({ skipped: 120, chainBreaks: 0 });
    expect((await store.check()).faults).toEqual([]);
  });

  it('passes over a row that fits in no frame, names it as lost and tells', async () => {
    const { rows } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(3));
    const noise = Buffer.from(Array.from({ length: 400_000 }, () => Math.random() * 256)).toString('base64');
    outbox.append({ data: { noise } }, ...bulk(2));
    const rejected: unknown[] = [];
    const uplink = world.uplink(outbox, { onRejected: (...what) => rejected.push(what) });
    await acked(uplink, 'e', 6);
    expect(seqs(await rows('e')).sort()).toEqual([1, 2, 3, 5, 6]);
    expect(rejected).toEqual([['e', 4, 'too-large', expect.any(String)]]);
  });

  it('serves two recipients, each with its own cursor; a dead one delays no other', async () => {
    const { rows } = await world.receiver();
    const outbox = new MemoryOutbox();
    outbox.append(...bulk(50), { type: 'EMG.PANIC', edge: 'pulse' });
    const county = world.uplink(outbox, {}, { recipient: 'county', filter: { severity: 1 } });
    const province = world.uplink(outbox);
    await acked(province, 'e', 50);
    expect(county.status().lanes.e.ack).toBe(0);
    expect(outbox.cursor('county', 'e').ack).toBe(0);
    await world.receiver({ recipient: 'county', store: memoryStore() });
    await acked(county, 'a', 1);
    await acked(county, 'e', 50);
    expect(await rows()).toHaveLength(51);
  });
}

/** The least a receiver needs: acknowledges everything, keeps nothing. */
function memoryStore(): ReceiverStore {
  const nothing = async () => [];
  return {
    commit: async ({ frames }) =>
      frames.map(({ to }) => ({
        ack: to,
        have: [],
        holes: [],
        stored: 0,
        duplicates: 0,
        rejected: [],
        chainBreak: false,
      })),
    lane: async () => undefined,
    lanes: nothing,
    gateways: nothing,
    regionOf: async () => undefined,
    counts: nothing,
    events: nothing,
    alarms: nothing,
    deadLetters: async () => ({ letters: [], dropped: 0 }),
    check: () => Promise.reject(new Error('keeps nothing')),
    close: async () => {},
  };
}

describe('from journal to province over the embedded broker (MQTT 3.1.1)', () => journeys('aedes'));
describeWithPeer('mosquitto', 'from journal to province over mosquitto (MQTT 5)', () =>
  journeys('mosquitto'),
);
