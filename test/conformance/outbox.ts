import { describe, expect, test } from 'vitest';
import { CHAIN_START, chainNext, digestOf } from '../../contract/chain.ts';
import type { Event, Lane } from '../../contract/event.ts';
import type { Appended, Outbox, OutboxRow } from '../../contract/outbox.ts';

/** What an event to append is; its lane follows from the type. */
export interface OutboxEvent {
  type: string;
  severity?: Event['severity'];
  edge?: Event['edge'];
  data?: Record<string, unknown>;
}

/** An empty outbox and what a test does to its journal. */
export interface OutboxUnderTest {
  outbox: Outbox;
  /** Stores events in one commit; resolves when they can be read. */
  append(events: OutboxEvent[]): Promise<void>;
  /** Retention: removes a lane's rows up to `to`. */
  remove(lane: Lane, to: number): Promise<void>;
}

const MUCH = Number.MAX_SAFE_INTEGER;
const online: OutboxEvent = { type: 'DEV.ONLINE' };
const smoke: OutboxEvent = { type: 'FIR.SMOKE', edge: 'raise', severity: 1 };

/** Every implementation of `Outbox` passes this. The factory cleans up after itself (`onTestFinished`). */
export function outboxConformance(name: string, make: () => Promise<OutboxUnderTest>): void {
  describe(`outbox conformance: ${name}`, () => {
    test('an empty lane ends at h(0)', async () => {
      const { outbox } = await make();
      expect(outbox.head('a')).toEqual({ seq: 0, hash: CHAIN_START });
      expect(await outbox.read('a', 1, 10, MUCH)).toEqual({ prev: CHAIN_START, rows: [] });
      expect(outbox.epoch).not.toBe('');
    });

    test('rows are contiguous from 1, and each hash follows from the one before and the body', async () => {
      const { outbox, append } = await make();
      await append([online, online]);
      await append([{ ...online, data: { holder: '\u5f20\u4e09 \u{1f525} \u00e9 "\\' } }]);
      const { prev, rows } = await outbox.read('e', 1, 10, MUCH);
      expect(prev).toBe(CHAIN_START);
      expect(rows.map((row) => row.seq)).toEqual([1, 2, 3]);
      expectChain(prev, rows);
      expect(outbox.head('e')).toEqual({ seq: 3, hash: rows[2]?.hash });
      const last = JSON.parse(rows[2]?.body ?? '');
      expect(last).toMatchObject({ specversion: '1.0', lane: 'e', seq: 3, type: 'DEV.ONLINE' });
      expect(last.data.data.holder).toBe('\u5f20\u4e09 \u{1f525} \u00e9 "\\');
    });

    test('a row carries what its body says', async () => {
      const { outbox, append } = await make();
      const before = Date.now();
      await append([smoke]);
      const [row] = (await outbox.read('a', 1, 1, MUCH)).rows;
      expect(row).toMatchObject({ seq: 1, type: 'FIR.SMOKE', severity: 1, freshness: 'live' });
      expect(row?.at).toBeGreaterThanOrEqual(before);
      expect(row?.at).toBeLessThanOrEqual(Date.now());
    });

    test('lanes have sequences of their own', async () => {
      const { outbox, append } = await make();
      await append([smoke, online, smoke, online]);
      expect((await outbox.read('a', 1, 9, MUCH)).rows.map((row) => row.seq)).toEqual([1, 2]);
      expect((await outbox.read('e', 1, 9, MUCH)).rows.map((row) => row.seq)).toEqual([1, 2]);
      expect(outbox.head('a').hash).not.toBe(outbox.head('e').hash);
    });

    test('a slice begins where asked, with the hash before it', async () => {
      const { outbox, append } = await make();
      await append([online, online, online, online]);
      const all = await outbox.read('e', 1, 9, MUCH);
      expect(await outbox.read('e', 3, 9, MUCH)).toEqual({
        prev: all.rows[1]?.hash,
        rows: all.rows.slice(2),
      });
      expect(await outbox.read('e', 5, 9, MUCH)).toEqual({ prev: all.rows[3]?.hash, rows: [] });
    });

    test('a slice is limited in rows and bytes, but never empty where there is a row', async () => {
      const { outbox, append } = await make();
      await append(Array.from({ length: 300 }, () => online));
      expect((await outbox.read('e', 1, 7, MUCH)).rows).toHaveLength(7);
      expect((await outbox.read('e', 1, 299, MUCH)).rows).toHaveLength(299);
      expect((await outbox.read('e', 1, MUCH, Number.POSITIVE_INFINITY)).rows).toHaveLength(300);
      expect((await outbox.read('e', 2, 9, 1)).rows.map((row) => row.seq)).toEqual([2]);
      const three = (await outbox.read('e', 1, 3, MUCH)).rows.reduce((sum, row) => sum + row.body.length, 0);
      expect((await outbox.read('e', 1, 9, three)).rows).toHaveLength(3);
      expect((await outbox.read('e', 1, 9, three - 1)).rows).toHaveLength(2);
    });

    test('a removed prefix is named with the hash that the chain continues from', async () => {
      const { outbox, append, remove } = await make();
      await append(Array.from({ length: 6 }, () => online));
      const all = (await outbox.read('e', 1, 9, MUCH)).rows;
      await remove('e', 4);
      const slice = await outbox.read('e', 2, 9, MUCH);
      expect(slice.removed).toEqual({ from: 2, to: 4, hash: all[3]?.hash });
      expect(slice.rows).toEqual(all.slice(4));
      expectChain(slice.removed?.hash ?? '', slice.rows);
      expect(await outbox.read('e', 5, 9, MUCH)).toEqual({ prev: all[3]?.hash, rows: all.slice(4) });
      expect(outbox.head('e')).toEqual({ seq: 6, hash: all[5]?.hash });
    });

    test('a lane that was removed completely keeps its end and goes on from it', async () => {
      const { outbox, append, remove } = await make();
      await append([online, online]);
      const head = outbox.head('e');
      await remove('e', 2);
      expect(await outbox.read('e', 1, 9, MUCH)).toMatchObject({
        rows: [],
        removed: { from: 1, to: 2, hash: head.hash },
      });
      expect(await outbox.read('e', 3, 9, MUCH)).toEqual({ prev: head.hash, rows: [] });
      await append([online]);
      const { prev, rows } = await outbox.read('e', 3, 9, MUCH);
      expect(prev).toBe(head.hash);
      expect(rows.map((row) => row.seq)).toEqual([3]);
      expectChain(prev, rows);
    });

    test('a cursor belongs to one recipient and lane', async () => {
      const { outbox, append } = await make();
      await append([online, online, online, online, online, online, online, smoke]);
      expect(outbox.cursor('province', 'e')).toEqual({ ack: 0, have: [] });
      await outbox.advance('province', 'e', { ack: 2, have: [[4, 5]] });
      expect(outbox.cursor('province', 'e')).toEqual({ ack: 2, have: [[4, 5]] });
      expect(outbox.cursor('province', 'a')).toEqual({ ack: 0, have: [] });
      expect(outbox.cursor('police', 'e')).toEqual({ ack: 0, have: [] });
      await outbox.advance('province', 'e', { ack: 5, have: [[7, 7]] });
      expect(outbox.cursor('province', 'e')).toEqual({ ack: 5, have: [[7, 7]] });
    });

    test('a cursor never moves back', async () => {
      const { outbox, append } = await make();
      await append([online, online, online, online]);
      await outbox.advance('province', 'e', { ack: 3, have: [] });
      await outbox.advance('province', 'e', { ack: 1, have: [] });
      expect(outbox.cursor('province', 'e').ack).toBe(3);
    });

    test('a commit wakes the listeners with its heads and the severity-1 raises and pulses of lane a', async () => {
      const { outbox, append } = await make();
      const heard: Appended[] = [];
      const stop = outbox.onAppend((appended) => heard.push(appended));
      await append([online]);
      expect(heard).toEqual([{ heads: { a: outbox.head('a'), e: outbox.head('e') }, urgent: [] }]);
      await append([
        smoke,
        online,
        { type: 'EMG.PANIC', edge: 'pulse', severity: 1 },
        { type: 'FIR.SMOKE', edge: 'clear', severity: 1 },
        { type: 'DEV.TAMPER', edge: 'raise', severity: 2 },
      ]);
      expect(heard.at(-1)?.urgent).toEqual([1, 2]);
      expect(heard.at(-1)?.heads.a.seq).toBe(4);
      expect(heard.at(-1)?.heads.e.seq).toBe(2);
      stop();
      await append([online]);
      expect(heard).toHaveLength(2);
    });

    test('what a listener hears of can be read', async () => {
      const { outbox, append } = await make();
      const read = new Promise<number[]>((resolve) => {
        outbox.onAppend(({ heads }) => {
          void outbox.read('e', 1, heads.e.seq, MUCH).then(({ rows }) => resolve(rows.map((row) => row.seq)));
        });
      });
      await append([online, online]);
      expect(await read).toEqual([1, 2]);
    });
  });
}

function expectChain(prev: string, rows: readonly OutboxRow[]): void {
  let hash: Buffer = Buffer.from(prev, 'hex');
  for (const row of rows) {
    hash = chainNext(hash, row.seq, digestOf(row.body));
    expect(row.hash).toBe(hash.toString('hex'));
  }
}
