import { expect, test } from 'vitest';
import { compilePath, pathFault } from '../../device-profiles/own-path.ts';

const read = (path: string | undefined, text: string) => compilePath(path)(JSON.parse(text));

test.each([
  ['a', '{"a":1}', 1],
  ['a.b.c', '{"a":{"b":{"c":false}}}', false],
  ['a.1.b', '{"a":[{"b":1},{"b":2}]}', 2],
  ['a', '{"a":null}', null],
  [undefined, '7', 7],
])('%s of %s', (path, text, value) => {
  expect(read(path, text)).toEqual(value);
});

test.each([
  ['b', '{"a":1}'],
  ['a.b', '{"a":1}'],
  ['a.b', '{"a":null}'],
  ['a.9', '{"a":[]}'],
  ['toString', '{}'],
  ['a.length', '{"a":"text"}'],
  ['hasOwnProperty', '{"__proto__":{"x":1}}'],
])('%s is not in %s', (path, text) => {
  expect(read(path, text)).toBeUndefined();
});

test('a key that is written __proto__ leads nowhere', () => {
  const body: unknown = JSON.parse('{"__proto__":{"smoke":true}}');
  expect(compilePath('smoke')(body)).toBeUndefined();
  expect(pathFault('__proto__.smoke')).toContain('never read');
  expect(pathFault('a.constructor')).toContain('never read');
});

test.each([['a..b'], ['.a'], ['a.'], ['']])('"%s" is no path', (path) => {
  expect(pathFault(path)).toContain('empty key');
});
