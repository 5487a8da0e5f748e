import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyFrame } from '../../cloud-bridge/frame-chain.ts';
import { decodeFrame, encodeFrame, type FrameError } from '../../cloud-bridge/frame-codec.ts';
import { digestOf } from '../../contract/chain.ts';
import { FRAME_MAX_EXPANDED_BYTES, FRAME_MAX_WIRE_BYTES } from '../../contract/frame.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { chainOver, frameOf, frameWithSkip } from './frames.ts';

function outboxOf(count: number): MemoryOutbox {
  const outbox = new MemoryOutbox();
  outbox.append(...Array.from({ length: count }, () => ({ type: 'DEV.ONLINE' })));
  return outbox;
}

const wrap = (encoding: number, payload: Buffer) =>
  Buffer.concat([Buffer.from('CSF1'), Buffer.of(encoding), payload]);
const failure = async (wire: Uint8Array) =>
  decodeFrame(wire).then(
    () => undefined,
    (error: FrameError) => error,
  );

describe('frame bytes', () => {
  it('carry bodies byte for byte and come back as they were', async () => {
    const frame = frameOf(outboxOf(200), 'e', 1, 200);
    const wire = await encodeFrame(frame);
    expect(wire.subarray(0, 5)).toEqual(Buffer.from('CSF1\u0001', 'latin1'));
    expect(await decodeFrame(wire)).toEqual(frame);
    expect(gunzipSync(wire.subarray(5)).toString()).toBe(JSON.stringify(frame));
  });

  it('are plain JSON when that is smaller', async () => {
    const tiny = {
      ...frameOf(outboxOf(1), 'e', 1, 1),
      events: [{ b: 'x' }],
      gateway: 'g',
      recipient: 'p',
      epoch: 'e',
    };
    const noise = { ...tiny, events: [], prev: '', hash: '', sentAt: '' };
    const wire = await encodeFrame(noise);
    expect(wire[4]).toBe(0);
    expect(JSON.parse(wire.subarray(5).toString())).toEqual(noise);
  });

  it('cost at most 60 bytes an event in a full bulk frame', async () => {
    const wire = await encodeFrame(frameOf(outboxOf(500), 'e', 1, 500));
    expect(wire.length / 500).toBeLessThanOrEqual(60);
  });

  it('are refused as too large by the encoder, on the wire and expanded', async () => {
    const frame = frameOf(outboxOf(1), 'e', 1, 1);
    const random = Array.from({ length: 400_000 }, () =>
      String.fromCharCode(33 + Math.floor(Math.random() * 90)),
    ).join('');
    await expect(encodeFrame({ ...frame, events: [{ b: random }] })).rejects.toMatchObject({
      reason: 'too-large',
    });
    const long = 'a'.repeat(FRAME_MAX_EXPANDED_BYTES);
    await expect(encodeFrame({ ...frame, events: [{ b: long }] })).rejects.toMatchObject({
      reason: 'too-large',
    });
    await expect(encodeFrame(frame, 100)).rejects.toMatchObject({ reason: 'too-large' });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another magic', Buffer.from('CSF2\u0000{}', 'latin1')],
    ['an unknown encoding', wrap(7, Buffer.from('{}'))],
    ['cut gzip', wrap(1, gzipSync(Buffer.alloc(5_000, 'a')).subarray(0, 20))],
    ['gzip with a wrong checksum', wrap(1, damaged(gzipSync('{"v":1}'), -6))],
    ['cut JSON', wrap(0, Buffer.from('{"v":1,'))],
    ['deep JSON', wrap(0, Buffer.from('['.repeat(200_000)))],
    ['invalid UTF-8', wrap(0, Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
    ['JSON of another shape', wrap(0, Buffer.from('{"v":1,"__proto__":{"lane":"a"}}'))],
  ])('that hold %s are unparseable', async (_, wire) => {
    expect(await failure(wire)).toMatchObject({
      name: 'FrameError',
      reason: 'unparseable',
      header: undefined,
    });
  });

  it('that are too large on the wire are not looked into', async () => {
    expect(await failure(Buffer.alloc(FRAME_MAX_WIRE_BYTES + 1))).toMatchObject({ reason: 'too-large' });
  });

  it('of a zip bomb are given up at 4 MiB', async () => {
    const bomb = gzipSync(Buffer.alloc(150 * 1024 * 1024), { level: 9 });
    expect(bomb.length).toBeLessThan(FRAME_MAX_WIRE_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    expect(await failure(wrap(1, bomb))).toMatchObject({ reason: 'too-large' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * FRAME_MAX_EXPANDED_BYTES);
  });

  it('that are wrong in one field still say which numbers they meant', async () => {
    const frame = { ...frameOf(outboxOf(3), 'e', 1, 3), prev: 'zz' };
    const error = await failure(wrap(0, Buffer.from(JSON.stringify(frame))));
    expect(error?.message).toMatch(/^prev: /);
    expect(error?.header).toMatchObject({ lane: 'e', from: 1, to: 3, epoch: frame.epoch });
  });
});

function damaged(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length + at] = (copy[copy.length + at] ?? 0) ^ 0x40;
  return copy;
}

describe('the chain of a frame', () => {
  it('holds for any slice of a lane', () => {
    const outbox = outboxOf(40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 39 }), (from, length) => {
        const to = Math.min(40, from + length);
        const verified = verifyFrame(frameOf(outbox, 'e', from, to));
        expect(verified).toMatchObject({ rejected: [], skips: [] });
        expect('rows' in verified && verified.rows.map((row) => row.seq)).toEqual(
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        );
        expect('rows' in verified && verified.rows.at(-1)?.hash.toString('hex')).toBe(
          outbox.rows('e')[to - 1]?.hash,
        );
      }),
    );
  });

  it('jumps over skips to their hash, wherever they stand', () => {
    const outbox = outboxOf(10);
    for (const [from, to] of [
      [1, 3],
      [4, 6],
      [9, 10],
      [1, 10],
    ] as const) {
      const frame = frameWithSkip(outbox, 'e', 1, 10, { from, to, why: 'filter', count: to - from + 1 });
      expect(verifyFrame(frame)).toMatchObject({ rejected: [], skips: [{ from, to }] });
    }
  });

  it('goes over the original digest where a field policy altered a body', () => {
    const outbox = outboxOf(3);
    const frame = frameOf(outbox, 'e', 1, 3);
    const [original] = outbox.rows('e');
    const body = JSON.parse(original!.body);
    delete body.data.origin.device;
    const altered = JSON.stringify(body);
    expect(verifyFrame({ ...frame, events: [{ b: altered }, ...frame.events.slice(1)] })).toMatchObject({
      reason: 'bad-hash',
    });
    const d = digestOf(original!.body).toString('hex');
    const verified = verifyFrame({ ...frame, events: [{ b: altered, d }, ...frame.events.slice(1)] });
    expect(verified).toMatchObject({
      rows: [{ seq: 1, altered: true, body: altered }, { altered: false }, {}],
    });
  });

  it.each([
    [
      'an event is missing',
      (f: ReturnType<typeof frameOf>) => ({ ...f, events: f.events.slice(1) }),
      'unparseable',
    ],
    ['an event is too many', (f: ReturnType<typeof frameOf>) => ({ ...f, to: f.to - 1 }), 'unparseable'],
    [
      'from and to are exchanged',
      (f: ReturnType<typeof frameOf>) => ({ ...f, from: f.to, to: f.from }),
      'unparseable',
    ],
    [
      'two events are exchanged',
      (f: ReturnType<typeof frameOf>) => ({ ...f, events: [...f.events].reverse() }),
      'bad-hash',
    ],
    ['prev is another', (f: ReturnType<typeof frameOf>) => ({ ...f, prev: 'ab'.repeat(32) }), 'bad-hash'],
    ['hash is another', (f: ReturnType<typeof frameOf>) => ({ ...f, hash: 'ab'.repeat(32) }), 'bad-hash'],
    [
      'a body was changed by one letter',
      (f: ReturnType<typeof frameOf>) => ({
        ...f,
        events: f.events.map(({ b }) => ({ b: b.replace('live', 'Live') })),
      }),
      'bad-hash',
    ],
    [
      'a skip overlaps an event',
      (f: ReturnType<typeof frameOf>) => ({
        ...f,
        skips: [{ from: 2, to: 2, why: 'filter' as const, count: 1, hash: f.hash }],
      }),
      'unparseable',
    ],
    [
      'a skip reaches beyond the frame',
      (f: ReturnType<typeof frameOf>) => ({
        ...f,
        events: [],
        skips: [{ from: 1, to: 9, why: 'lost' as const, count: 9, hash: f.hash }],
      }),
      'unparseable',
    ],
  ])('breaks when %s', (_, change, reason) => {
    expect(verifyFrame(change(frameOf(outboxOf(4), 'e', 1, 4)))).toMatchObject({ reason });
  });

  it('holds while a body cannot be filed: only that one is rejected', () => {
    const outbox = new MemoryOutbox();
    outbox.append({});
    outbox.appendBody('e', 'not JSON');
    outbox.appendBody('e', JSON.stringify({ ...JSON.parse(outbox.rows('e')[0]!.body), seq: 77 }));
    outbox.append({});
    const verified = verifyFrame(frameOf(outbox, 'e', 1, 4));
    expect(verified).toMatchObject({
      rows: [{ seq: 1 }, { seq: 4 }],
      rejected: [
        { seq: 2, reason: 'unparseable', detail: 'body is not JSON' },
        { seq: 3, reason: 'unparseable', detail: expect.stringContaining('e/77') },
      ],
    });
    expect(chainOver(outbox.rows('e').map(({ body }) => body))).toBe(outbox.head('e').hash);
  });

  it('keeps types, kinds and fields that this version does not know', () => {
    const outbox = new MemoryOutbox();
    outbox.append({});
    const body = {
      ...JSON.parse(outbox.rows('e')[0]!.body),
      seq: 2,
      type: 'NEW.THING',
      kind: 'odd',
      more: { x: 1 },
    };
    outbox.appendBody('e', JSON.stringify(body), 'NEW.THING');
    expect(verifyFrame(frameOf(outbox, 'e', 1, 2))).toMatchObject({
      rows: [{}, { type: 'NEW.THING' }],
      rejected: [],
    });
  });
});
