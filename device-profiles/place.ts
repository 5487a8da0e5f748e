import { listOf } from './compile-each.ts';
import type { MapEntry } from './expand-map.ts';

/** Does an entry concern a form? Without `on` it concerns all. */
export function concerns({ on }: Pick<MapEntry, 'on'>, form: string | undefined): boolean {
  if (on === undefined) return true;
  return form !== undefined && [on].flat().includes(form);
}

/** Where an entry reads, as text: `smoke`, `ch[]`, `inputs[id].state`. */
export function placeOf({ each, when }: Pick<MapEntry, 'each' | 'when'>): string {
  const own = when.text ?? when.path;
  const value = when.bit === undefined ? own : `${own ?? ''}:bit${when.bit}${when.bits ?? ''}`;
  if (each === undefined) return value ?? '';
  const named = typeof each === 'string' ? '' : (each.key ?? [each.input ?? ''].flat().join('|'));
  const list = `${listOf(each)}[${named}]`;
  return value === undefined ? list : `${list}.${value}`;
}
