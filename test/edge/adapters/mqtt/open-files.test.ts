import { expect, test } from 'vitest';
import { roomForConnections, roomForConsole } from '../../../../edge/adapters/mqtt/open-files.ts';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             63704                63704                processes
Max open files            ${soft.padEnd(20)} 20000                files
`;

test('the gateway itself always has descriptors left', () => {
  expect(roomForConnections(limits('20000'))).toBe(20_000 - 64 - 512);
  expect(roomForConnections(limits('1024'))).toBe(640);
  expect(roomForConnections(limits('256'))).toBe(128);
  expect(roomForConnections(limits('128'))).toBe(64);
});

test('bug: consoles had no bound: with all of them and all devices there are descriptors left', () => {
  for (const files of [128, 256, 512, 1_024, 4_096, 20_000, 1_048_576]) {
    const text = limits(String(files));
    const left = files - roomForConnections(text) - 2 * roomForConsole(text);
    expect(left).toBeGreaterThanOrEqual(files < 256 ? 16 : 64);
  }
  expect(roomForConsole(limits('256'))).toBe(32);
  expect(roomForConsole(limits('20000'))).toBe(256);
});

test('without a bound that can be read there is none', () => {
  expect(roomForConnections(limits('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(roomForConnections('')).toBe(Number.POSITIVE_INFINITY);
  expect(roomForConsole('')).toBe(256);
});

test('this process has one', () => {
  expect(roomForConnections()).toBeGreaterThan(0);
});
