import type { Range } from '../../contract/frame.ts';
import type { Cursor } from '../../contract/outbox.ts';

/** What a recipient has that never confirmed anything. */
export const NO_CURSOR: Cursor = { ack: 0, have: [] };

/**
 * Both cursors together: a cursor never moves back, and a range once confirmed stays confirmed. Ranges that meet are
 * joined, and one that meets `ack` moves it.
 */
export function mergeCursors(a: Cursor, b: Cursor): Cursor {
  let ack = Math.max(a.ack, b.ack);
  const have: Range[] = [];
  for (const [from, to] of [...a.have, ...b.have].sort((x, y) => x[0] - y[0])) {
    const last = have.at(-1);
    if (to < from || to <= ack) continue;
    if (from <= ack + 1) ack = to;
    else if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else have.push([from, to]);
  }
  return { ack, have };
}

/** Ranges as the journal stores them; what cannot be read counts as not confirmed and is sent again. */
export function storedRanges(have: string): Range[] {
  try {
    return JSON.parse(have) as Range[];
  } catch {
    return [];
  }
}

/** Nothing above the head can have been confirmed. */
export function clampCursor(cursor: Cursor, head: number): Cursor {
  const have = cursor.have.filter(([from]) => from <= head);
  return {
    ack: Math.min(cursor.ack, head),
    have: have.map(([from, to]): Range => [from, Math.min(to, head)]),
  };
}
