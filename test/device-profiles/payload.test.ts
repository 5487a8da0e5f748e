import { expect, test } from 'vitest';
import { decodePayload, MAX_PAYLOAD_BYTES } from '../../device-profiles/payload.ts';

const decode = (payload: string | Uint8Array, textKey?: string) =>
  decodePayload(typeof payload === 'string' ? Buffer.from(payload) : payload, textKey);

test.each([
  ['{"a":1}', { a: 1 }],
  [' \n{"a":"é报"}', { a: 'é报' }],
  ['\ufeff{"a":1}', { a: 1 }],
  ['{"a":1,"a":2}', { a: 2 }],
])('reads %j', (text, body) => {
  expect(decode(text)).toEqual({ body });
});

test('reads a plain Uint8Array that is a window of a larger buffer', () => {
  const bytes = new Uint8Array(Buffer.from('xx{"a":1}yy'));
  expect(decode(bytes.subarray(2, 9))).toEqual({ body: { a: 1 } });
});

test.each([
  ['online', 'online'],
  [' online\n', 'online'],
  ['"online"', 'online'],
  ['1', '1'],
])('a text payload %j', (text, value) => {
  expect(decode(text, 'state')).toEqual({ body: { state: value } });
});

test('a JSON object stays one where a text is allowed', () => {
  expect(decode('{"state":"online"}', 'state')).toEqual({ body: { state: 'online' } });
});

test.each([
  ['{"ch":{"1":"alarm"', 'not JSON'],
  ['smoke', 'not JSON'],
  ['[1,2]', 'a JSON list'],
  ['17', 'a JSON number'],
  ['null', 'a JSON null'],
  ['{"a":1}}', 'not JSON'],
])('%s is undecodable: %s', (text, fault) => {
  expect(decode(text)).toEqual({ fault: expect.stringContaining(fault) });
});

test('a fault never quotes the payload, which may hold a PIN', () => {
  for (const text of [
    '{"action_code":"4711",}',
    '{"action_code":"4711"',
    '4711x',
    '{"action_code":4711 4711}',
  ]) {
    expect(JSON.stringify(decode(text))).not.toContain('4711');
  }
});

test('invalid UTF-8 and too many bytes are said', () => {
  expect(decode(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual({
    fault: 'payload is neither valid UTF-8 nor GB 18030',
  });
  expect(decode(Buffer.alloc(MAX_PAYLOAD_BYTES + 1, 32))).toEqual({
    fault: expect.stringContaining('262145 bytes'),
  });
  expect(decode('x'.repeat(300), 'state')).toEqual({ fault: expect.stringContaining('300 characters') });
});

test('an empty payload is neither', () => {
  expect(decode('')).toEqual({ empty: true });
  expect(decode(' \n', 'state')).toEqual({ empty: true });
});

test('two captured lines in one file were only "malformed at character 46"', () => {
  const lines = '{"type":"smoke","state":"alarm","temp":31.5}\n{"type":"smoke","state":"normal"}\n';
  expect(decode(lines)).toEqual({
    fault: 'payload is 2 JSON objects, one a line; one payload, and one file of "profiles try", holds one',
  });
  expect(decode('{"pin":4711}\n{"pin":')).toMatchObject({
    fault: expect.stringMatching(/^payload is not JSON/),
  });
});
