import { describe, expect, it } from 'vitest';
import { inScope } from '../../../edge/registry/scope.ts';

const parents: Record<string, string | undefined> = {
  campus: undefined,
  dorm: 'campus',
  'dorm-1': 'dorm',
  'r-101': 'dorm-1',
  lab: 'campus',
  // a damaged registry must not hang an alarm
  'loop-a': 'loop-b',
  'loop-b': 'loop-a',
};
const directory = {
  place: (id: string) => (id in parents ? { parent: parents[id] as string } : undefined),
};
const scopes = {
  dorm: { places: ['dorm'] },
  unit: { units: ['chem'] },
  both: { places: ['dorm'], units: ['chem'] },
};

describe('a scope', () => {
  it.each([
    ['nothing: everywhere', undefined, { place: 'lab' }, true],
    ['a place: itself', scopes.dorm, { place: 'dorm' }, true],
    ['a place: what lies in it', scopes.dorm, { place: 'r-101' }, true],
    ['a place: not what it lies in', scopes.dorm, { place: 'campus' }, false],
    ['a place: not another', scopes.dorm, { place: 'lab' }, false],
    ['a place: not one that is unknown', scopes.dorm, { place: 'gone' }, false],
    ['a unit: its own', scopes.unit, { place: 'lab', unit: 'chem' }, true],
    ['a unit: not another', scopes.unit, { place: 'lab', unit: 'physics' }, false],
    ['both: one of them is enough', scopes.both, { place: 'lab', unit: 'chem' }, true],
    ['what has neither place nor unit is everybody’s', scopes.dorm, {}, true],
    ['places that contain each other end', scopes.dorm, { place: 'loop-a' }, false],
  ] as const)('of %s', (_, scope, where, expected) => {
    expect(inScope(scope as Parameters<typeof inScope>[0], where, directory)).toBe(expected);
  });
});
