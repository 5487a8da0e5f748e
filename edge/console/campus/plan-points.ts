import type { Place } from '../../../contract/site.ts';

/** A point on a plan, 0..1 from the upper left. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Part of the plan that one press of an arrow key moves a point; with Shift five times as far. */
const STEP = 0.01;

/** A point within the plan, to a thousandth. */
export function within({ x, y }: Point): Point {
  const clamp = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1_000) / 1_000;
  return { x: clamp(x), y: clamp(y) };
}

/** Where an arrow key moves a point; undefined: any other key. */
export function movedBy(key: string, isFar: boolean, { x, y }: Point): Point | undefined {
  const step = isFar ? 5 * STEP : STEP;
  switch (key) {
    case 'ArrowLeft':
      return within({ x: x - step, y });
    case 'ArrowRight':
      return within({ x: x + step, y });
    case 'ArrowUp':
      return within({ x, y: y - step });
    case 'ArrowDown':
      return within({ x, y: y + step });
    default:
      return undefined;
  }
}

/** The places that a plan of `root` can show: itself and all that lies in it. */
export function placesIn(places: readonly Place[], root: string): Place[] {
  const inside = new Set([root]);
  // a place may stand before the one that it is in
  for (let before = 0; before !== inside.size; ) {
    before = inside.size;
    for (const { id, parent } of places) if (parent !== undefined && inside.has(parent)) inside.add(id);
  }
  return places.filter(({ id }) => inside.has(id));
}
