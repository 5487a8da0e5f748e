import { expect, test } from 'vitest';
import type { RawMessage } from '../../../../contract/raw-message.ts';
import { Held } from '../../../../edge/adapters/external-mqtt/held.ts';

function raw(n: number): RawMessage {
  return {
    source: 'mqtt',
    adapter: 'site',
    channel: 'io/1/state',
    payload: Buffer.from(`${n}`.padStart(4)),
    receivedAt: n,
    receivedMonotonicMs: n,
  };
}

const numbers = (messages: RawMessage[]) => messages.map(({ receivedMonotonicMs }) => receivedMonotonicMs);

test('keeps the order, and forgets what the other gateway has taken care of', () => {
  const held = new Held({ messages: 10_000, bytes: 1e6 }, () => undefined);
  for (let n = 0; n < 5_000; n++) held.keep(raw(n));
  held.forgetBefore(4_990);
  expect(numbers(held.take(5_000))).toEqual([4990, 4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999]);
  expect(held.size).toBe(0);
});

test('is bounded in number and bytes; the oldest goes, counted', () => {
  let dropped = 0;
  const few = new Held({ messages: 3, bytes: 1e6 }, () => dropped++);
  for (let n = 0; n < 5; n++) few.keep(raw(n));
  expect(numbers(few.take(5))).toEqual([2, 3, 4]);
  const small = new Held({ messages: 100, bytes: 9 }, () => dropped++);
  for (let n = 0; n < 5; n++) small.keep(raw(n));
  expect(numbers(small.take(5))).toEqual([3, 4]);
  expect(dropped).toBe(5);
});

test('what waited for over 30 s is no news any more', () => {
  const held = new Held({ messages: 10, bytes: 1e6 }, () => undefined);
  for (const n of [0, 1_000, 31_000]) held.keep(raw(n));
  expect(held.take(31_500).map(({ stored }) => stored)).toEqual(['queued', 'queued', undefined]);
});

test('does not keep the buffer of a whole read alive', () => {
  const held = new Held({ messages: 10, bytes: 1e6 }, () => undefined);
  const chunk = Buffer.alloc(65_536);
  held.keep({ ...raw(1), payload: chunk.subarray(0, 10) });
  expect(held.take(1)[0]?.payload.buffer).not.toBe(chunk.buffer);
});
