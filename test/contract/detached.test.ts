import { expect, test } from 'vitest';
import { detached } from '../../contract/detached.ts';

test('plain data comes back as it was', () => {
  const value = {
    text: '门',
    list: [1, null, true, Number.NaN, undefined, { '': '\ud800' }],
    none: undefined,
  };
  expect(detached(value)).toEqual(value);
});
