import { EventEmitter } from 'node:events';
import type { Client } from 'aedes';
import { expect, test } from 'vitest';
import { guardParser } from '../../../../edge/adapters/mqtt/aedes.ts';

function guarded(parse: (chunk: Buffer) => number, declared = -1) {
  const parser = { parse, packet: { length: declared } };
  const client = Object.assign(new EventEmitter(), { _parser: parser }) as unknown as Client;
  const seen: { tooLarge: string[]; threw: string[] } = { tooLarge: [], threw: [] };
  guardParser(client, {
    maxPacketBytes: () => 10,
    tooLarge: (start) => seen.tooLarge.push(start.toString()),
    threw: (error) => seen.threw.push(error.message),
  });
  return { parser, seen };
}

test('what parser or handlers throw is told, not thrown: aedes lets it end the process (aedes issue 324)', () => {
  const { parser, seen } = guarded(() => {
    throw new RangeError('beyond the buffer');
  });
  expect(parser.parse(Buffer.from('x'))).toBe(0);
  expect(seen.threw).toEqual(['beyond the buffer']);
});

test('a packet that declares too much is told with what there is of it', () => {
  const { parser, seen } = guarded(() => 3, 11);
  parser.parse(Buffer.from('..abc'));
  expect(seen.tooLarge).toEqual(['abc']);
});

test('a packet within the limit passes', () => {
  const { parser, seen } = guarded(() => 3, 10);
  expect(parser.parse(Buffer.from('..abc'))).toBe(3);
  expect(seen).toEqual({ tooLarge: [], threw: [] });
});
