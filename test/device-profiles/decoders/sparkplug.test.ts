import { deflateSync, gzipSync } from 'node:zlib';
import sparkplug from 'sparkplug-payload';
import { describe, expect, test } from 'vitest';
import { decodeSparkplug } from '../../../device-profiles/decoders/sparkplug.ts';
import { StateChange } from '../../../device-profiles/state-change.ts';
import { Bench, builtinProfile, profileOf } from '../helpers.ts';

const library = sparkplug.get('spBv1.0');
if (library === null) throw new Error('no spBv1.0');
const { encodePayload } = library;
type Metrics = NonNullable<Parameters<typeof encodePayload>[0]['metrics']>;

const at = 1_767_225_600_000;
const encode = (metrics: object[], more: object = { seq: 3 }) =>
  Buffer.from(encodePayload({ timestamp: at, ...more, metrics: metrics as Metrics }));
const decode = (payload: Uint8Array, state = new StateChange({})) => decodeSparkplug(payload, state);

test('metrics become values by their names', () => {
  const payload = encode([
    { name: 'Inputs/DI1', type: 'Boolean', value: true },
    { name: 'low', type: 'Int8', value: -3 },
    { name: 'words', type: 'UInt32', value: 4_000_000_000 },
    { name: 'below', type: 'Int64', value: -5 },
    { name: 'temperature', type: 'Float', value: 21.5 },
    { name: 'state', type: 'String', value: 'alarm' },
  ]);
  expect(decode(payload)).toEqual({
    body: {
      'Inputs/DI1': true,
      low: -3,
      words: 4_000_000_000,
      below: -5,
      temperature: 21.5,
      state: 'alarm',
      sparkplug: { seq: 3, timestamp: at },
    },
  });
});

test('a number that JavaScript cannot hold is its digits, and null is null', () => {
  const { body } = decode(
    encode([
      { name: 'count', type: 'UInt64', value: '18446744073709551615' },
      { name: 'gone', type: 'Int32', value: null },
    ]),
  ) as { body: object };
  expect(body).toMatchObject({ count: '18446744073709551615', gone: null });
});

test.each([
  ['DEFLATE', deflateSync],
  ['GZIP', gzipSync],
])('a payload compressed with %s', (algorithm, compress) => {
  const inner = encode([{ name: 'smoke', type: 'Boolean', value: true }]);
  const outer = encode([{ name: 'algorithm', type: 'String', value: algorithm }], {
    uuid: 'SPBV1.0_COMPRESSED',
    body: compress(inner),
  });
  expect(decode(outer)).toMatchObject({ body: { smoke: true } });
});

test('a bomb of compressed zeros is refused', () => {
  const outer = encode([], { uuid: 'SPBV1.0_COMPRESSED', body: deflateSync(Buffer.alloc(64 * 1024 * 1024)) });
  expect(decode(outer)).toEqual({ fault: 'payload is no Sparkplug B message' });
});

describe('aliases', () => {
  test('are learnt from a birth, kept in the state, and used by later messages', () => {
    const state = new StateChange({});
    decode(encode([{ name: 'smoke', alias: 7, type: 'Boolean', value: false }]), state);
    const later = new StateChange(JSON.parse(JSON.stringify(state.after(undefined))));
    expect(decode(encode([{ alias: 7, type: 'Boolean', value: true }]), later)).toMatchObject({
      body: { smoke: true },
    });
    expect(state.after(undefined)).toEqual({ aliases: { 7: 'smoke' } });
  });

  test('that no birth named are no inputs, and counted', () => {
    expect(decode(encode([{ alias: 9, type: 'Boolean', value: true }]))).toMatchObject({
      body: { sparkplug: { unnamed: 1 } },
      left: { count: 1, why: expect.stringContaining('no birth named') },
    });
  });

  test('a storm of them costs a bounded state, and the last birth counts', () => {
    const state = new StateChange({});
    for (let round = 0; round < 20; round++) {
      const metrics = Array.from({ length: 500 }, (_, i) => ({
        name: `m${round}-${i}`,
        alias: round * 500 + i,
        type: 'Boolean',
        value: true,
      }));
      decode(encode(metrics), state);
    }
    expect(Object.keys(state.after(undefined).aliases ?? {}).length).toBeLessThanOrEqual(1_024);
    expect(state.alias('9999')).toBe('m19-499');
  });
});

test.each<[string, Uint8Array]>([
  ['JSON', Buffer.from('{"a":1}')],
  ['a length beyond the end', Buffer.from([0x12, 0xff, 0xff, 0xff, 0x7f])],
  ['templates nested 40,000 deep', nested(40_000)],
  [
    'more metrics than are read',
    encode(Array.from({ length: 3_000 }, () => ({ name: 'a', type: 'Boolean', value: true }))),
  ],
])('%s is undecodable and never throws', (_name, payload) => {
  expect(decode(payload)).toEqual({ fault: expect.stringMatching(/^payload /) });
});

test('more than 256 KiB are not read', () => {
  expect(decode(Buffer.alloc(300_000))).toEqual({ fault: expect.stringContaining('300000 bytes') });
});

test('a name of JavaScript is a plain name or none', () => {
  const decoded = decode(
    encode([
      { name: '__proto__', type: 'Boolean', value: true },
      { name: 'constructor', type: 'Boolean', value: true },
    ]),
  ) as { body: object };
  expect(Object.keys(decoded.body)).toEqual(['constructor', 'sparkplug']);
  expect(({} as Record<string, unknown>).smoke).toBeUndefined();
});

test('a historical metric is late and silences nothing', () => {
  const profile = profileOf(`
match: { topic: 'spBv1.0/{group}/{verb}/{node}', decode: sparkplug-b }
device: '{group}/{node}'
map:
  - { when: { path: smoke, in: [true] }, emit: { type: FIR.SMOKE, edge: raise } }
  - { when: { path: smoke, in: [false] }, emit: { type: FIR.SMOKE, edge: clear } }`);
  const node = new Bench(profile, 'spBv1.0/g/NDATA/n');
  expect(node.told(encode([{ name: 'smoke', type: 'Boolean', value: false }]))).toEqual([
    'FIR.SMOKE clear live live',
  ]);
  const old = { name: 'smoke', type: 'Boolean', value: true, isHistorical: true, timestamp: at - 3_600_000 };
  expect(node.told(encode([old]))).toEqual(['FIR.SMOKE raise live late']);
  expect(node.told(encode([{ name: 'smoke', type: 'Boolean', value: true }]))).toEqual([
    'FIR.SMOKE raise live live',
  ]);
});

/** A payload of metrics that are templates of metrics, and so on. */
function nested(depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth && inner.length < 250_000; i++) {
    const template = Buffer.concat([Buffer.from([0x12]), varint(inner.length), inner]);
    inner = Buffer.concat([Buffer.from([0x92, 0x01]), varint(template.length), template]);
  }
  return Buffer.concat([Buffer.from([0x12]), varint(inner.length), inner]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

test('bug: a metric that comes twice in one message was read once', () => {
  const payload = encode([
    { name: 'Panic', type: 'Boolean', value: true },
    { name: 'Door', type: 'Boolean', value: true },
    { name: 'Panic', type: 'Boolean', value: false },
  ]);
  const head = { seq: 3, timestamp: at };
  expect(decode(payload)).toEqual({
    earlier: [{ Panic: true, Door: true, sparkplug: head }],
    body: { Panic: false, sparkplug: head },
  });
});

test('bug: a metric of an odd type at an input with a meaning said nothing', () => {
  const profile = builtinProfile('sparkplug.device');
  const topic = 'spBv1.0/campus/DDATA/edge-1/plc-2';
  const unknown = (metric: object, means?: string) =>
    new Bench(profile, topic, means === undefined ? {} : { inputs: { Panic: { means } } }).send(
      encode([metric]),
    ).unknown;
  const metrics = [
    { name: 'Panic', type: 'String', value: 'ALARM' },
    { name: 'Panic', type: 'Int32', value: 2 },
    { name: 'Panic', type: 'Bytes', value: Buffer.from('x') },
  ];
  expect(metrics.map((metric) => unknown(metric, 'panic'))).toEqual([1, 1, 1]);
  expect(metrics.map((metric) => unknown(metric))).toEqual([undefined, undefined, undefined]);
});
