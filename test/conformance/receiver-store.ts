import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { IngestBatch, ReceivedFrame, ReceiverStore } from '../../cloud-bridge/receiver/store.ts';
import { CHAIN_START } from '../../contract/chain.ts';
import type { GatewayState, Heartbeat } from '../../contract/gateway-state.ts';
import { type UplinkPath, uplinkPath } from '../../contract/uplink-topic.ts';
import { frameOf, frameWithSkip, received } from '../cloud-bridge/frames.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';

/** How the suite gets at an implementation. */
export interface StoreUnderTest {
  /** A new, empty store. */
  open(): Promise<ReceiverStore>;
  /** The same store after a restart; the old one was closed. */
  reopen(): Promise<ReceiverStore>;
  /** Removes what `open` made. */
  remove(): Promise<void>;
}

const NOW = Date.parse('2026-03-01T08:00:00Z');

/** What every receiver store must do. */
export function receiverStoreConformance(name: string, underTest: () => StoreUnderTest): void {
  describe(`receiver store ${name}`, () => {
    let subject: StoreUnderTest | undefined;
    let store: ReceiverStore | undefined;

    const open = async () => {
      subject = underTest();
      store = await subject.open();
      return store;
    };
    const restart = async () => {
      await store?.close();
      store = await subject!.reopen();
      return store;
    };
    const batch = (part: Partial<IngestBatch>): IngestBatch => ({
      at: NOW,
      frames: [],
      deadLetters: [],
      states: [],
      ...part,
    });
    const put = (s: ReceiverStore, ...frames: ReceivedFrame[]) => s.commit(batch({ frames }));

    const stateOf = (path: UplinkPath, state: GatewayState, enrolled = false) => ({
      ...{ path, state, enrolled, retained: false },
      bytes: Buffer.from(JSON.stringify(state)),
    });

    afterEach(async () => {
      await store?.close();
      await subject?.remove();
      store = undefined;
      subject = undefined;
    });

    const outboxOf = (count: number, options: ConstructorParameters<typeof MemoryOutbox>[0] = {}) => {
      const outbox = new MemoryOutbox(options);
      outbox.append(
        ...Array.from({ length: count }, (_, i) => ({
          type: i % 3 === 0 ? 'ACC.FORCED' : 'DEV.ONLINE',
          lane: 'e' as const,
        })),
      );
      return outbox;
    };

    it('keeps each row once, with everything a query needs, over a restart', async () => {
      const outbox = outboxOf(6);
      const frame = received(frameOf(outbox, 'e', 1, 6));
      let s = await open();
      expect(await put(s, frame)).toMatchObject([
        { ack: 6, have: [], holes: [], stored: 6, duplicates: 0, rejected: [], chainBreak: false },
      ]);
      expect(await put(s, frame)).toMatchObject([{ ack: 6, stored: 0, duplicates: 6, rejected: [] }]);
      s = await restart();
      expect(await put(s, frame)).toMatchObject([{ ack: 6, stored: 0, duplicates: 6 }]);
      const events = await s.events({ after: 0, limit: 100 });
      expect(events.map(({ seq, body }) => [seq, body])).toEqual(
        outbox.rows('e').map(({ seq, body }) => [seq, body]),
      );
      expect(events[0]).toMatchObject({
        ...outbox.origin,
        epoch: outbox.epoch,
        lane: 'e',
        type: 'ACC.FORCED',
        receivedAt: NOW,
      });
      expect(await s.lane(frame)).toMatchObject({ stored: 6, duplicates: 12, ack: 6 });
      expect((await s.check()).faults).toEqual([]);
    });

    it('takes frames in any order, cut in any way, and knows its holes and their age', async () => {
      const outbox = outboxOf(30);
      const f = (from: number, to: number) => received(frameOf(outbox, 'e', from, to));
      let s = await open();
      expect(await put(s, f(21, 25))).toMatchObject([
        { ack: 0, have: [[21, 25]], holes: [{ from: 1, to: 20, since: NOW }] },
      ]);
      await s.commit({ ...batch({ frames: [f(11, 15)] }), at: NOW + 4_000 });
      s = await restart();
      const [outcome] = await s.commit({ ...batch({ frames: [f(1, 12)] }), at: NOW + 9_000 });
      expect(outcome).toMatchObject({ ack: 15, have: [[21, 25]], stored: 10, duplicates: 2 });
      expect(outcome?.holes).toEqual([{ from: 16, to: 20, since: NOW }]);
      expect(await put(s, f(26, 30), f(14, 22))).toMatchObject([
        { ack: 15, have: [[21, 30]] },
        { ack: 30, have: [], holes: [], stored: 5 },
      ]);
      expect((await s.events({ after: 0, limit: 100 })).map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 30 }, (_, i) => i + 1),
      );
      expect((await s.lane(f(1, 1)))?.chainBreaks).toBe(0);
      expect((await s.check()).faults).toEqual([]);
    });

    it('refuses another digest at a known place as a conflict, keeps the first and puts the other aside', async () => {
      const outbox = outboxOf(4);
      const forged = new MemoryOutbox({ epoch: outbox.epoch });
      forged.append(...Array.from({ length: 4 }, () => ({ type: 'FIR.SMOKE', lane: 'e' as const })));
      const s = await open();
      await put(s, received(frameOf(outbox, 'e', 1, 3)));
      const [outcome] = await put(s, received(frameOf(forged, 'e', 2, 4)));
      expect(outcome).toMatchObject({ ack: 4, stored: 1, chainBreak: true });
      expect(outcome?.rejected).toMatchObject([
        { seq: 2, code: 'conflict' },
        { seq: 3, code: 'conflict' },
      ]);
      expect((await s.events({ after: 0, limit: 10 })).map(({ body }) => body)).toEqual([
        ...outbox
          .rows('e')
          .slice(0, 3)
          .map(({ body }) => body),
        forged.rows('e')[3]?.body,
      ]);
      const { letters } = await s.deadLetters({ before: Number.MAX_SAFE_INTEGER, limit: 10 });
      expect(letters).toMatchObject([
        { reason: 'conflict', from: 3 },
        { reason: 'conflict', from: 2 },
      ]);
      expect(await s.lane(received(frameOf(outbox, 'e', 1, 1)))).toMatchObject({ conflicts: 2, rejected: 2 });
    });

    it('knows an id from another epoch: a restored journal brings duplicates, not second rows', async () => {
      const before = outboxOf(5);
      const restored = new MemoryOutbox({ predecessor: before.epoch });
      for (const row of before.rows('e').slice(0, 3))
        restored.appendBody('e', row.body, row.type, row.severity);
      restored.append({ lane: 'e' });
      const s = await open();
      await put(s, received(frameOf(before, 'e', 1, 5)));
      expect(await put(s, received(frameOf(restored, 'e', 1, 4)))).toMatchObject([
        { ack: 4, stored: 1, duplicates: 3, rejected: [], chainBreak: false },
      ]);
      expect(await s.events({ after: 0, limit: 100 })).toHaveLength(6);
      expect(await s.lanes()).toHaveLength(2);
      expect((await s.check()).faults).toEqual([]);
    });

    it('refuses an id that another event has already', async () => {
      const id = randomUUID();
      const outbox = new MemoryOutbox();
      outbox.append({ id }, { id }, {});
      const s = await open();
      const [outcome] = await put(s, received(frameOf(outbox, 'e', 1, 3)));
      expect(outcome).toMatchObject({ ack: 3, stored: 2, rejected: [{ seq: 2, code: 'conflict' }] });
      const [again] = await put(s, received(frameOf(outbox, 'e', 1, 3)));
      expect(again).toMatchObject({ ack: 3, stored: 0, rejected: [{ seq: 2, code: 'conflict' }] });
      expect(await s.lane(received(frameOf(outbox, 'e', 1, 1)))).toMatchObject({
        rejected: 1,
        conflicts: 1,
        stored: 2,
      });
    });

    it('keeps two schools apart whose gateways have the same id', async () => {
      const epoch = randomUUID();
      const one = outboxOf(3, { epoch });
      const other = outboxOf(2, { epoch, origin: { school: '2137020002', region: '370202' } });
      const s = await open();
      const outcomes = await put(s, received(frameOf(one, 'e', 1, 3)), received(frameOf(other, 'e', 1, 2)));
      expect(outcomes).toMatchObject([
        { ack: 3, stored: 3 },
        { ack: 2, stored: 2 },
      ]);
      expect(await s.gateways()).toHaveLength(2);
      expect(await s.counts('school')).toEqual([
        { key: '2137020002', events: 2, counted: 0 },
        { key: '4137010001', events: 3, counted: 0 },
      ]);
      expect(await s.counts('city')).toMatchObject([
        { key: '3701', events: 3 },
        { key: '3702', events: 2 },
      ]);
    });

    it('counts skipped numbers as had, and what left as a count once, however it is cut', async () => {
      const outbox = outboxOf(12);
      const skip = (from: number, to: number, grants: number) => ({
        from,
        to,
        why: 'filter' as const,
        count: to - from + 1,
        counts: { 'ACC.GRANT': grants },
      });
      const s = await open();
      await put(s, received(frameWithSkip(outbox, 'e', 1, 6, skip(3, 6, 2))));
      // The same rows again, cut differently: this skip contains the first one.
      const wider = received(frameWithSkip(outbox, 'e', 1, 10, skip(3, 8, 3)));
      expect(await put(s, wider, wider)).toMatchObject([
        { ack: 10, stored: 2 },
        { ack: 10, stored: 0 },
      ]);
      expect(await s.counts('type')).toContainEqual({ key: 'ACC.GRANT', events: 0, counted: 3 });
      expect(await put(s, received(frameOf(outbox, 'e', 11, 12)))).toMatchObject([
        { ack: 12, chainBreak: false },
      ]);
      expect(await s.lane(wider)).toMatchObject({ skipped: 6, stored: 6, chainBreaks: 0 });
      expect((await s.check()).faults).toEqual([]);
    });

    it('stores and flags what does not continue the chain it knows', async () => {
      const outbox = outboxOf(6);
      const rewritten = new MemoryOutbox({ epoch: outbox.epoch });
      rewritten.append(...Array.from({ length: 6 }, () => ({ lane: 'e' as const })));
      const s = await open();
      await put(s, received(frameOf(outbox, 'e', 1, 3)));
      expect(await put(s, received(frameOf(rewritten, 'e', 4, 5)))).toMatchObject([
        { ack: 5, stored: 2, chainBreak: true },
      ]);
      // From behind: the frame that fills a hole does not lead to what was stored after it.
      const other = outboxOf(9, { epoch: randomUUID() });
      await put(s, received(frameOf(other, 'e', 5, 9)));
      const wrong = outboxOf(4, { epoch: other.epoch });
      expect(await put(s, received(frameOf(wrong, 'e', 1, 4)))).toMatchObject([
        { ack: 9, stored: 4, chainBreak: true },
      ]);
      expect((await s.lanes()).map(({ chainBreaks }) => chainBreaks)).toEqual([1, 1]);
    });

    it('does not flag a sender that no longer knows the hash before rows that are gone', async () => {
      const outbox = outboxOf(8);
      const lost = { from: 4, to: 6, why: 'expired' as const, count: 3 };
      const s = await open();
      await put(s, received(frameOf(outbox, 'e', 1, 3)));
      const frame = { ...frameWithSkip(outbox, 'e', 4, 8, lost), prev: CHAIN_START };
      expect(await put(s, received(frame))).toMatchObject([{ ack: 8, stored: 2, chainBreak: false }]);
    });

    it('marks the rows of a frame that is refused as had, and heals them when they come again sound', async () => {
      const outbox = outboxOf(5);
      const good = received(frameOf(outbox, 'e', 2, 4));
      const rejected = [2, 3, 4].map((seq) => ({ seq, reason: 'bad-hash' as const, detail: 'x', body: '' }));
      const s = await open();
      await put(s, received(frameOf(outbox, 'e', 1, 1)));
      const refused = { ...good, prev: '', hash: '', proven: false, rows: [], rejected };
      expect(await put(s, refused)).toMatchObject([
        { ack: 4, stored: 0, rejected: [{ seq: 2 }, { seq: 3 }, { seq: 4 }] },
      ]);
      expect(await s.lane(good)).toMatchObject({ rejected: 3, stored: 1 });
      expect(await put(s, received(frameOf(outbox, 'e', 2, 3)))).toMatchObject([
        { ack: 4, stored: 2, rejected: [] },
      ]);
      expect(await s.lane(good)).toMatchObject({ rejected: 1, stored: 3 });
      expect(await s.check()).toMatchObject({ faults: [], rejected: 1, events: 3 });
    });

    it('does not take a frame that would leave a lane in too many pieces', async () => {
      const outbox = outboxOf(1);
      const frame = received(frameOf(outbox, 'e', 1, 1));
      const at = (seq: number) => ({ ...frame, from: seq, to: seq, rows: [], proven: false });
      const s = await open();
      await put(s, ...Array.from({ length: 1024 }, (_, i) => at(2 + 2 * i)));
      expect(await put(s, at(3_001))).toEqual([undefined]);
      expect(await put(s, at(3))).toMatchObject([{ ack: 0 }]);
    });

    it('shows an alarm as its newest transition left it', async () => {
      const id = randomUUID();
      const transition = (version: number, operator: string, severity = 1) => ({
        type: 'ALM.TRANSITION',
        data: {
          alarmId: id,
          version,
          alarm: {
            id,
            version,
            type: 'FIR.SMOKE',
            severity,
            operator,
            condition: 'active',
            firstAt: '2026-03-01T08:00:00.000Z',
          },
        },
      });
      const outbox = new MemoryOutbox();
      outbox.append(transition(1, 'new'), transition(2, 'acknowledged'), transition(3, 'closed'));
      const s = await open();
      const open1 = { state: 'open' as const, severity: 4, limit: 10 };
      await put(s, received(frameOf(outbox, 'a', 2, 2)));
      expect(await s.alarms(open1)).toMatchObject([{ gateway: 'gw-01', region: '370102' }]);
      await put(s, received(frameOf(outbox, 'a', 1, 1)));
      expect(JSON.parse((await s.alarms(open1))[0]!.alarm)).toMatchObject({
        version: 2,
        operator: 'acknowledged',
      });
      await put(s, received(frameOf(outbox, 'a', 3, 3)));
      expect(await s.alarms(open1)).toEqual([]);
      expect(await s.alarms({ ...open1, state: 'all' })).toHaveLength(1);
    });

    it('keeps what a gateway said of itself, and finds a journal whose end moved back', async () => {
      const outbox = outboxOf(4);
      const path = uplinkPath('370102', '4137010001', 'gw-01');
      const beat = (seq: number, head: string): Heartbeat => ({
        k: 'hb',
        boot: 'b1',
        epoch: outbox.epoch,
        at: new Date(NOW).toISOString(),
        lanes: { a: { seq: 0, head: CHAIN_START }, e: { seq, head } },
        outbox: { a: { oldestS: 0, n: 0 }, e: { oldestS: 0, n: 0 } },
        holdHours: 100,
        clock: 'sync',
        software: 'x',
      });
      let s = await open();
      const tell = (state: GatewayState) => s.commit(batch({ states: [stateOf(path, state)] }));
      await put(s, received(frameOf(outbox, 'e', 1, 2)));
      await tell(beat(4, outbox.head('e').hash));
      s = await restart();
      const lane = async () => (await s.lanes()).find((l) => l.lane === 'e');
      expect(await lane()).toMatchObject({ head: 4, ack: 2, chainBreaks: 0 });
      await put(s, received(frameOf(outbox, 'e', 3, 4)));
      await tell(beat(4, 'ab'.repeat(32)));
      expect(await lane()).toMatchObject({ chainBreaks: 1 });
      await tell(beat(2, outbox.rows('e')[1]!.hash));
      await tell(beat(2, outbox.rows('e')[1]!.hash));
      expect(await lane()).toMatchObject({ chainBreaks: 2, head: 2, ack: 4 });
      expect(await s.gateways()).toMatchObject([
        { gateway: 'gw-01', boot: 'b1', heartbeat: { holdHours: 100 } },
      ]);
    });

    it('keeps a gateway in the county it was first seen in: another path touches neither lane nor presence', async () => {
      const outbox = outboxOf(4);
      const stranger = new MemoryOutbox({ epoch: outbox.epoch, origin: { region: '370202' } });
      stranger.append(...Array.from({ length: 4 }, () => ({ lane: 'e' as const })));
      let s = await open();
      await put(s, received(frameOf(outbox, 'e', 1, 3)));
      s = await restart();
      const before = [await s.lanes(), await s.gateways()];
      const [outcome] = await put(s, received(frameOf(stranger, 'e', 4, 4)));
      expect(outcome).toMatchObject({
        ack: 0,
        stored: 0,
        rejected: [{ seq: 4, code: 'wrong-identity' }],
        wrongIdentity: expect.stringContaining('county 370202'),
      });
      const path = uplinkPath('370202', '4137010001', 'gw-01');
      await s.commit(batch({ states: [stateOf(path, { k: 'gone', boot: 'b1' })] }));
      expect([await s.lanes(), await s.gateways()]).toEqual(before);
      const { letters } = await s.deadLetters({ before: Number.MAX_SAFE_INTEGER, limit: 10 });
      expect(letters.map(({ reason, topic }) => [reason, topic])).toEqual([
        ['wrong-identity', 'cs/v1/3702/370202/4137010001/gw-01/up/state'],
        ['wrong-identity', 'cs/v1/3702/370202/4137010001/gw-01/up/e'],
      ]);
      expect(await put(s, received(frameOf(outbox, 'e', 4, 4)))).toMatchObject([{ ack: 4, rejected: [] }]);
      // Enrolled there it may move, and the old path is a stranger's.
      const moved = { ...received(frameOf(stranger, 'e', 4, 4)), epoch: 'later', enrolled: true };
      expect(await put(s, moved)).toMatchObject([{ stored: 1 }]);
      expect(await s.regionOf('4137010001', 'gw-01')).toBe('370202');
    });

    it('lets the successor of an abolished county take a gateway over, but not its neighbours', async () => {
      const at = (region: string, seq: number) => {
        const outbox = outboxOf(3, { origin: { region } });
        return received(frameOf(outbox, 'e', seq, seq));
      };
      const s = await open();
      const seen = async (region: string) => {
        const [outcome] = await put(s, at(region, 1));
        return [outcome?.wrongIdentity === undefined, await s.regionOf('4137010001', 'gw-01')];
      };
      expect(await seen('371081')).toEqual([true, '371081']);
      expect(await seen('371082')).toEqual([false, '371081']);
      expect(await seen('371003')).toEqual([true, '371003']);
      expect(await seen('371002')).toEqual([false, '371003']);
    });

    it('counts the break behind a conflict on arrival, as its check does', async () => {
      const own = outboxOf(6);
      const forged = new MemoryOutbox({ epoch: own.epoch });
      for (const row of own.rows('e').slice(0, 3)) forged.appendBody('e', row.body);
      forged.append({ type: 'FIR.SMOKE', lane: 'e' });
      for (const cut of [
        [
          [4, 4],
          [5, 6],
        ],
        [[4, 6]],
        [[3, 6]],
      ] as const) {
        const epoch = randomUUID();
        const gateway = `gw-${cut.length}-${cut[0]?.[0]}`;
        const put1 = (frame: ReceivedFrame) =>
          put(s, { ...frame, epoch, gateway, path: { ...frame.path, gateway } });
        const s = store ?? (await open());
        await put1(received(frameOf(own, 'e', 1, 3)));
        await put1(received(frameOf(forged, 'e', 4, 4)));
        for (const [from, to] of cut) await put1(received(frameOf(own, 'e', from, to)));
        expect((await s.lanes()).find((lane) => lane.epoch === epoch)).toMatchObject({
          chainBreaks: 1,
          conflicts: 1,
        });
      }
      expect(await store?.check()).toMatchObject({ chainBreaks: 3, faults: [] });
    });

    it('keeps dead letters once, counts them, and gives up the oldest for room', async () => {
      const s = await open();
      const letter = (size: number, fill: number) => ({
        topic: 't',
        reason: 'unparseable' as const,
        detail: 'no frame',
        bytes: Buffer.alloc(size, fill),
      });
      await s.commit(batch({ deadLetters: [letter(1000, 1), letter(1000, 1)] }));
      const all = { before: Number.MAX_SAFE_INTEGER, limit: 10 };
      expect(await s.deadLetters(all)).toMatchObject({ letters: [{ times: 2, size: 1000 }], dropped: 0 });
      for (let fill = 2; fill < 20; fill++) await s.commit(batch({ deadLetters: [letter(100_000, fill)] }));
      const { letters, dropped } = await s.deadLetters({ ...all, limit: 100 });
      expect(letters.length).toBeLessThan(19);
      expect(letters.length + dropped).toBe(19);
    });

    it('stores all of a batch or nothing', async () => {
      const outbox = outboxOf(4);
      const bad = received(frameOf(outbox, 'e', 3, 4));
      const s = await open();
      const broken = { ...bad, rows: [{ ...bad.rows[0]!, time: undefined as unknown as string }] };
      await expect(put(s, received(frameOf(outbox, 'e', 1, 2)), broken)).rejects.toThrow();
      expect(await s.events({ after: 0, limit: 10 })).toEqual([]);
      expect(await s.lanes()).toEqual([]);
      expect(await put(s, received(frameOf(outbox, 'e', 1, 4)))).toMatchObject([{ ack: 4, stored: 4 }]);
    });
  });
}
