import { describe, expect, test } from 'vitest';
import { compileDecoder } from '../../../device-profiles/decoders/registry.ts';
import { StateChange } from '../../../device-profiles/state-change.ts';

type Definition = Parameters<typeof compileDecoder>[0]['decode'];
const decode = (definition: Definition, payload: string | Buffer) =>
  compileDecoder({ decode: definition }).decode(Buffer.from(payload), new StateChange({}));

test.each<[Definition, string, object]>([
  [{ fields: ',', names: ['id', '', 'state'] }, ' 7, x,alarm ,9', { id: '7', state: 'alarm' }],
  [{ fields: ',', names: ['id', 'state'] }, '7', { id: '7' }],
  ['key-value', 'a=1&b="two"&c', { a: '1', b: 'two' }],
  ['key-value', 'a: 1\r\nb: x=y', { a: '1', b: 'x=y' }],
  [{ 'json-text': 'p.data' }, '{"p":{"data":"{\\"smoke\\":1}","x":2}}', { p: { data: { smoke: 1 }, x: 2 } }],
  [{ 'json-text': 'p' }, '{"p":"{"}', { p: '{' }],
  [{ 'base64-json': 'p' }, '{"p":"eyJhIjoxfQ=="}', { p: { a: 1 } }],
  [{ hex: 'p' }, '{"p":"0A 1b"}', { p: [10, 27] }],
  [{ base64: 'p' }, '{"p":"Chs="}', { p: [10, 27] }],
  [{ hex: 'p' }, '{"p":"xyz"}', { p: 'xyz' }],
])('%j reads %s', (definition, payload, body) => {
  expect(decode(definition, payload)).toEqual({ body });
});

describe('hostile payloads', () => {
  const definitions: Definition[] = [
    { fields: ',', names: ['id'] },
    'key-value',
    { 'json-text': 'p' },
    { 'base64-json': 'p' },
    { hex: 'p' },
    'sparkplug-b',
  ];
  test.each([
    [Buffer.from([0xff, 0xfe])],
    [Buffer.alloc(300_000, 97)],
    [Buffer.from('='.repeat(10_000))],
    [Buffer.from('__proto__=1')],
    [Buffer.from(JSON.stringify({ p: '['.repeat(100_000) }))],
    [Buffer.from(JSON.stringify({ p: 'ff'.repeat(100_000) }))],
  ])('%#', (payload) => {
    for (const definition of definitions) {
      const before = Buffer.from(payload);
      const decoded = decode(definition, payload);
      expect(payload.equals(before)).toBe(true);
      if ('body' in decoded) expect(Object.getPrototypeOf(decoded.body)).toBe(Object.prototype);
    }
  });
});
