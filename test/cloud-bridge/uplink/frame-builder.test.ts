import { describe, expect, it } from 'vitest';
import { verifyFrame } from '../../../cloud-bridge/frame-chain.ts';
import { decodeFrame } from '../../../cloud-bridge/frame-codec.ts';
import { FrameBuilder } from '../../../cloud-bridge/uplink/frame-builder.ts';
import type { RecipientFilter } from '../../../cloud-bridge/uplink/recipient.ts';
import { CHAIN_START } from '../../../contract/chain.ts';
import { type EventSpec, MemoryOutbox } from '../../support/memory-outbox.ts';

function builderOver(specs: EventSpec[], filter?: RecipientFilter) {
  const outbox = new MemoryOutbox();
  outbox.append(...specs.map((spec) => ({ lane: 'e' as const, ...spec })));
  const config = { recipient: 'province', url: 'mqtt://x', ...outbox.origin, name: 'x', filter };
  const builder = new FrameBuilder(outbox, 'e', config, () => 0);
  const build = async (from: number, to: number, maxBytes?: number) => {
    const built = await builder.build(from, to, maxBytes);
    const frame = await decodeFrame(built.wire);
    const verified = verifyFrame(frame);
    if ('reason' in verified) throw new Error(verified.detail);
    expect(verified.rejected).toEqual([]);
    expect(frame.from).toBe(from);
    return { ...built, frame, rows: verified.rows.map(({ seq }) => seq) };
  };
  return { outbox, build };
}
const noise = (bytes: number) => ({
  data: { noise: Buffer.from(Array.from({ length: bytes }, () => Math.random() * 256)).toString('base64') },
});

describe('a frame', () => {
  it('is a slice of the chain with the stored bodies', async () => {
    const { outbox, build } = builderOver(Array.from({ length: 20 }, () => ({})));
    const { frame, to, events, oversize } = await build(6, 15);
    expect([to, events, oversize]).toEqual([15, 10, []]);
    expect(frame).toMatchObject({
      v: 1,
      recipient: 'province',
      ...outbox.origin,
      epoch: outbox.epoch,
      lane: 'e',
      from: 6,
      to: 15,
    });
    expect(frame.prev).toBe(outbox.rows('e')[4]!.hash);
    expect(frame.events.map(({ b }) => b)).toEqual(
      outbox
        .rows('e')
        .slice(5, 15)
        .map(({ body }) => body),
    );
  });

  it('names neighbouring filtered rows in one skip, with the counts of what leaves as a count', async () => {
    const types = ['ACC.GRANT', 'VID.FACE', 'ACC.GRANT', 'DEV.ONLINE', 'VEH.IN', 'DEV.ONLINE', 'VID.FACE'];
    const { outbox, build } = builderOver(types.map((type) => ({ type })));
    const { frame, rows } = await build(1, 7);
    expect(rows).toEqual([4, 6]);
    const hash = (seq: number) => outbox.rows('e')[seq - 1]!.hash;
    expect(frame.skips).toEqual([
      { from: 1, to: 3, why: 'filter', count: 3, hash: hash(3), counts: { 'ACC.GRANT': 2 } },
      { from: 5, to: 5, why: 'filter', count: 1, hash: hash(5), counts: { 'VEH.IN': 1 } },
      { from: 7, to: 7, why: 'filter', count: 1, hash: hash(7) },
    ]);
  });

  it('may hold nothing but a skip', async () => {
    const { build } = builderOver(
      Array.from({ length: 9 }, () => ({})),
      { types: ['FIR'] },
    );
    const { frame, events } = await build(1, 9);
    expect(events).toBe(0);
    expect(frame.skips).toMatchObject([{ from: 1, to: 9, why: 'filter', count: 9 }]);
  });

  it('is cut to what the broker takes, wherever the large rows are', async () => {
    const { build } = builderOver([
      ...Array.from({ length: 8 }, () => noise(20_000)),
      ...Array.from({ length: 30 }, () => ({})),
    ]);
    let from = 1;
    const sizes: number[] = [];
    while (from <= 38) {
      const { to, wire } = await build(from, 38, 65_536);
      expect(wire.length).toBeLessThanOrEqual(65_536);
      sizes.push(to - from + 1);
      from = to + 1;
    }
    expect(sizes.reduce((sum, n) => sum + n)).toBe(38);
    expect(Math.max(...sizes)).toBeGreaterThan(3);
  });

  it('names a row that fits in no frame as lost, and only that one', async () => {
    const { build } = builderOver([{}, noise(300_000), {}]);
    expect(await build(1, 3)).toMatchObject({ to: 1, rows: [1] });
    const { frame, oversize } = await build(2, 3);
    expect(oversize).toEqual([2]);
    expect(frame).toMatchObject({
      from: 2,
      to: 2,
      events: [],
      skips: [{ from: 2, to: 2, why: 'lost', count: 1 }],
    });
    expect(await build(3, 3)).toMatchObject({ rows: [3] });
  });

  it('names rows that retention removed, from the hash it sent last if it still knows it', async () => {
    const { outbox, build } = builderOver(Array.from({ length: 20 }, () => ({})));
    const { hash } = (await build(1, 4)).frame;
    outbox.remove('e', 12);
    const { frame, rows } = await build(5, 15);
    expect(frame.prev).toBe(hash);
    expect(frame.skips).toEqual([
      { from: 5, to: 12, why: 'expired', count: 8, hash: outbox.rows('e')[11]!.hash },
    ]);
    expect(rows).toEqual([13, 14, 15]);
    const again = await build(3, 5);
    expect(again.frame).toMatchObject({ prev: CHAIN_START, from: 3, to: 12, events: [] });
  });

  it('cannot be built from rows that are not there', async () => {
    const { outbox, build } = builderOver([{}]);
    await expect(build(2, 3)).rejects.toThrow(/no row e\/2/);
    outbox.readError = new Error('disk');
    await expect(build(1, 1)).rejects.toThrow('disk');
  });
});
