import { expect, test } from 'vitest';
import { newEventId } from '../../../edge/pipeline/event-id.ts';

test('ids are UUIDv7s, each greater than the last', () => {
  const ids = Array.from({ length: 5_000 }, newEventId);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});
