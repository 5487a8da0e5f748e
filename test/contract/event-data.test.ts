import { describe, expect, test } from 'vitest';
import { commandSchema } from '../../contract/command.ts';
import { eventDataSchema } from '../../contract/event-data.ts';
import { inventorySchema } from '../../contract/inventory.ts';

describe('data of an event by its type', () => {
  test('a tombstone names range, count and reason', () => {
    const schema = eventDataSchema('SYS.TOMBSTONE');
    const good = { lane: 'e', from: 1, to: 200, count: 200, why: 'expired', recipients: ['province'] };
    expect(schema?.safeParse(good).success).toBe(true);
    expect(schema?.safeParse({ ...good, count: 0 }).success).toBe(false);
    expect(schema?.safeParse({ lane: 'e', from: 1, to: 200 }).success).toBe(false);
  });

  test('a passage has no place for a name or a card number', () => {
    const parsed = eventDataSchema('ACC.GRANT')?.parse({ direction: 'in', holder: '张三', card: '6222' });
    expect(parsed).toEqual({ direction: 'in' });
  });

  test('types without a schema of their own are free', () => {
    expect(eventDataSchema('DEV.INPUT')).toBeUndefined();
  });
});

test('a command carries id, expiry and signature, and can neither unlock nor disarm', () => {
  const command = {
    v: 1,
    id: '01a20dd7-0784-7ad3-8977-caba94f8a288',
    issuedAt: '2026-11-24T08:00:00.000Z',
    expiresAt: '2026-11-24T08:05:00.000Z',
    action: 'duty-check',
    signature: { alg: 'Ed25519', key: 'province-1', value: 'AAAA' },
  };
  expect(commandSchema.safeParse(command).success).toBe(true);
  for (const action of ['unlock', 'disarm', 'silence', 'close']) {
    expect(commandSchema.safeParse({ ...command, action }).success).toBe(false);
  }
  const { expiresAt, ...forEver } = command;
  expect(commandSchema.safeParse(forEver).success).toBe(false);
});

test('an inventory is full with its hash, or a delta on a named base', () => {
  const empty = { places: [], units: [], slots: [], devices: [] };
  const full = { k: 'full', v: 1, at: '2026-11-24T08:00:00.000Z', hash: 'h', ...empty };
  expect(inventorySchema.safeParse(full).success).toBe(true);
  expect(inventorySchema.safeParse({ ...full, k: 'delta' }).success).toBe(false);
  expect(inventorySchema.safeParse({ ...full, k: 'delta', base: 'b', removed: empty }).success).toBe(true);
});
