import { describe, expect, test } from 'vitest';
import {
  compileReference,
  compileText,
  referenceFault,
  templateFault,
} from '../../device-profiles/reference.ts';
import { Bench, profileOf } from './helpers.ts';

const scope = { root: { top: 1 }, captures: { n: '7' } };

test.each([
  ['a.b', 2],
  ['$n', '7'],
  ['$.top', 1],
  ['$other', undefined],
  ['{a.b}-{$n}', '2-7'],
  ['{a.b}-{missing}', undefined],
  ['{a}-{$n}', undefined],
])('%s reads %j', (text, expected) => {
  expect(compileText(text)({ a: { b: 2 } }, scope)).toBe(expected);
});

test('a template of long values is bounded', () => {
  const made = compileText('{a}{a}')({ a: 'x'.repeat(10_240) }, scope);
  expect((made as string).length).toBe(400);
});

test('a capture named like a thing of JavaScript is none', () => {
  expect(compileReference('$constructor')({}, { root: {}, captures: {} })).toBeUndefined();
});

test.each([
  ['$N', 'is no capture'],
  ['$.__proto__.x', 'is never read'],
  ['a..b', 'empty key'],
])('%s: %s', (text, fault) => {
  expect(referenceFault(text)).toContain(fault);
});

test.each([
  ['plain', 'has no part'],
  ['{a}{', 'lone brace'],
  ['{__proto__}', 'is never read'],
  ['{a}'.repeat(9), 'at most 8'],
])('%s: %s', (text, fault) => {
  expect(templateFault(text)).toContain(fault);
});

describe('captures of a topic', () => {
  const profile = profileOf(`
match:
  - { name: a, topic: 'shelly/{device}/{kind}/{x}', has: [a] }
  - { name: b, topic: 'shelly/{device}/input/{n}', text: value }
map:
  - on: b
    input: $n
    when: { path: value, in: ['1'] }
    and: [{ path: $n, in: ['0', A/B, 'a b'] }]
    emit: { type: EMG.PANIC, edge: raise, data: { n: { path: $n }, what: { text: 'no {$n}' } } }
  - { on: b, input: $n, when: { path: value, in: ['0'] }, emit: { type: EMG.PANIC, edge: clear } }
dedup: { by: ['path:$n', 'path:value'] }`);

  test('are those of the form that the message has', () => {
    const bench = new Bench(profile, 'shelly/d/input/0');
    expect(bench.told('1')).toEqual(['EMG.PANIC#0 raise live live']);
    expect(bench.last?.drafts[0]).toMatchObject({ data: { n: '0', what: 'no 0' }, dedupKey: '0|1' });
  });

  test.each([
    ['A/B', ['EMG.PANIC clear live live']],
    ['a b', ['EMG.PANIC#a b raise live live']],
    ['__proto__', []],
  ])('with odd characters: %s', (n) => {
    const bench = new Bench(profile, `shelly/d/input/${n}`);
    expect(() => bench.send('1')).not.toThrow();
    expect(({} as Record<string, unknown>)['EMG.PANIC']).toBeUndefined();
    expect(JSON.parse(JSON.stringify(bench.state ?? {}))).toEqual(bench.state ?? {});
  });
});
