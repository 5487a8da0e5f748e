import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventDraftSchema } from '../../contract/event.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import type { SampleMessage } from '../../device-profiles/profile-schema.ts';
import { messagesOf } from '../../device-profiles/replay.ts';
import { Bench, builtin, builtinProfile, T0 } from './helpers.ts';

const topics: Record<string, string> = {
  'io.wired': 'io/m1/state',
  'zigbee2mqtt.device': 'zigbee2mqtt/hall',
  'zigbee2mqtt.bridge': 'zigbee2mqtt/bridge/state',
};
/** Where a profile's device speaks: as in its first sample. */
const topicOf = (profile: CompiledProfile) =>
  topics[profile.id] ?? profile.definition.samples.flatMap(messagesOf)[0]?.topic ?? '';
const benches = () => Object.entries(topics).map(([id, topic]) => new Bench(builtinProfile(id), topic));

const nested = (open: string, close: string, depth: number, inner = '') =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

describe('what no device should send is counted and crashes nothing', () => {
  test.each<[string, string | Buffer]>([
    ['10,000 nested lists', nested('[', ']', 10_000)],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
    ['truncated JSON', '{"smoke":tr'],
    ['truncated JSON of an I/O module', '{"ch":{"1":"alarm"'],
    ['10 MB', Buffer.alloc(10 * 1024 * 1024, '{"a":')],
    ['10 MB of valid JSON', `{"smoke":true,"x":"${'x'.repeat(10 * 1024 * 1024)}"}`],
    ['a lone quote', '"'],
    ['NUL bytes', Buffer.alloc(64)],
    ['a number', '42'],
    ['null', 'null'],
    ['GB 18030 text that is cut', Buffer.from([0x7b, 0x22, 0xb1, 0xa8, 0xbe, 0x22, 0x3a, 0x31, 0x7d])],
  ])('%s is undecodable, with a reason', (_name, payload) => {
    for (const bench of benches()) {
      if (bench.profile.id === 'zigbee2mqtt.bridge') continue;
      const start = performance.now();
      const result = bench.send(payload);
      expect(performance.now() - start).toBeLessThan(500);
      expect(result.drafts).toEqual([]);
      // Zigbee2MQTT may publish single attributes as plain text
      const isText = bench.profile.id === 'zigbee2mqtt.device' && result.status === 'unmapped';
      if (!isText)
        expect(result).toMatchObject({ status: 'undecodable', detail: expect.stringMatching(/^payload /) });
      expect((result.detail ?? '').length).toBeLessThan(200);
    }
  });

  test('an empty payload is undecodable, but with RETAIN it removes a retained message', () => {
    const hall = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall');
    expect(hall.send('').status).toBe('undecodable');
    expect(hall.send('', { retain: true }).status).toBe('ignored');
    expect(hall.send('', { topic: 'zigbee2mqtt/hall/availability', retain: true }).status).toBe('ignored');
  });

  test.each([
    ['__proto__', '{"__proto__":{"smoke":true},"__proto__.smoke":true}'],
    ['constructor', '{"constructor":{"prototype":{"smoke":true}}}'],
    ['deep values', `{"smoke":${nested('[', ']', 10_000, '1')}}`],
    ['deep objects', `{"smoke":${nested('{"a":', '}', 10_000, '1')}}`],
    ['toString', '{"toString":true,"hasOwnProperty":true}'],
  ])('%s raises nothing', (_name, payload) => {
    const result = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall').send(payload);
    expect(result).toMatchObject({ status: 'unmapped', drafts: [] });
    expect(({} as Record<string, unknown>).smoke).toBeUndefined();
  });

  test('inputs with the names of JavaScript are none, or are plain names', () => {
    const module = new Bench(builtinProfile('io.wired'), 'io/m1/state');
    const result = module.send(
      '{"ch":{"__proto__":"alarm","constructor":"alarm","toString":"alarm","":"alarm"}}',
    );
    expect(result.drafts.flatMap(({ input, edge }) => (edge === 'raise' ? [input] : []))).toEqual([
      'constructor',
      'toString',
    ]);
    expect(Object.getPrototypeOf(module.state?.points)).toBe(Object.prototype);
    expect(JSON.parse(JSON.stringify(module.state))).toEqual(module.state);
    expect(({} as Record<string, unknown>)['EMG.PANIC']).toBeUndefined();
  });

  test('a real alarm beside hostile keys is raised', () => {
    const hall = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall');
    const payload = `{"__proto__":{"smoke":false},"x":${nested('[', ']', 10_000)},"smoke":true}`;
    expect(hall.told(payload)).toEqual(['FIR.SMOKE raise live initial']);
  });

  test('a module that invents inputs costs a bounded state, and its inputs stay at work', () => {
    const module = new Bench(builtinProfile('io.wired'), 'io/m1/state', {
      inputs: { 1: { means: 'panic' } },
    });
    module.send({ ch: { 1: 'normal' } });
    for (let round = 0; round < 20; round++) {
      const ch = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x${round}-${i}`, 'alarm']));
      module.send({ ch });
    }
    expect(Object.keys(module.state?.points ?? {}).length).toBeLessThanOrEqual(512);
    expect(module.told({ ch: { 1: 'alarm' } })).toEqual(['EMG.PANIC#1 raise live live']);
  });

  test('a message of 10,000 inputs is read in part, quickly, and says so', () => {
    const module = new Bench(builtinProfile('io.wired'), 'io/m1/state');
    const ch = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [String(i), 'alarm']));
    const start = performance.now();
    const result = module.send({ ch });
    expect(performance.now() - start).toBeLessThan(500);
    expect(result.drafts.length).toBeLessThanOrEqual(256);
    expect(result.detail).toContain('10000 elements');
    expect(result.unknown).toBeGreaterThan(9_000);
  });
});

/** Payloads near enough to real ones to get past the first check. */
const keys = fc.constantFrom(
  'smoke',
  'smoke_state',
  'gas',
  'carbon_monoxide',
  'contact',
  'battery',
  'battery_low',
  'action',
  'action_code',
  'tamper',
  'test',
  'last_seen',
  'state',
  'ch',
  't',
  'seq',
  'temperature',
  'alarm',
  '__proto__',
  'constructor',
  'x',
);
const values = fc.oneof(
  fc.constantFrom<unknown>(
    true,
    false,
    null,
    0,
    1,
    19,
    26,
    'alarm',
    'normal',
    'cut',
    'short',
    'ON',
    'off',
    'emergency',
    'double',
    '',
    'online',
    'offline',
    '2026-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '0000-00-00',
    1_767_225_600_000,
    1e308,
  ),
  fc.jsonValue(),
  fc.dictionary(
    fc.constantFrom('1', '2', '16', '__proto__', 'a b'),
    fc.constantFrom('alarm', 'normal', 'cut', 1, 0, null),
  ),
);
const bodies = fc
  .array(fc.tuple(keys, values), { maxLength: 8 })
  .map(
    (pairs) =>
      `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
  );
const message = fc.record({
  payload: fc.oneof(
    { weight: 5, arbitrary: bodies },
    { weight: 1, arbitrary: fc.uint8Array().map((b) => Buffer.from(b)) },
  ),
  stored: fc.constantFrom(undefined, 'retained' as const, 'queued' as const),
  dup: fc.boolean(),
  initial: fc.boolean(),
  after: fc.integer({ min: -4_000_000, max: 4_000_000 }),
});
const profiles: fc.Arbitrary<CompiledProfile> = fc.constantFrom(...builtin.list());
const settings = fc.constantFrom(
  {},
  { inputs: { 1: { means: 'panic', polarity: 'nc' as const }, 2: { means: 'smoke' } } },
  { contact: 'intrusion', inverted: true, gas_unit: '%LEL', record_readings: true, alarm_means: 'siren' },
  { press: { double: 'panic', emergency: 7 }, contact: 5, gas_alarm: 'x' },
);

describe('for whatever devices send', () => {
  test('the normaliser never throws, and what it makes are events of the contract', () => {
    fc.assert(
      fc.property(profiles, settings, fc.array(message, { maxLength: 6 }), (profile, given, messages) => {
        const bench = new Bench(profile, topicOf(profile), given);
        for (const { payload, after, stored, ...rest } of messages) {
          const result = bench.send(payload, { ...rest, ...(stored && { stored }), receivedAt: T0 + after });
          for (const draft of result.drafts) expect(eventDraftSchema.strict().parse(draft)).toEqual(draft);
          expect(JSON.parse(JSON.stringify(result.state))).toEqual(result.state);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('the same message, settings and state give the same result, and change nothing given', () => {
    fc.assert(
      fc.property(profiles, settings, message, message, (profile, given, before, now) => {
        const first = new Bench(profile, topicOf(profile), given);
        first.send(before.payload, { receivedAt: T0 });
        const snapshot = JSON.stringify(first.state);
        const again = new Bench(profile, topicOf(profile), given, first.state);
        const a = again.send(now.payload, { receivedAt: T0 + now.after });
        expect(JSON.stringify(first.state)).toBe(snapshot);
        const b = first.send(now.payload, { receivedAt: T0 + now.after });
        expect(b).toEqual(a);
      }),
      { numRuns: 300 },
    );
  });

  test('a payload is not changed, whatever is decoded, pivoted or unfolded from it', () => {
    const samples = builtin
      .list()
      .flatMap((profile) =>
        profile.definition.samples.flatMap(messagesOf).map((sample) => ({ profile, sample })),
      );
    fc.assert(
      fc.property(fc.constantFrom(...samples), ({ profile, sample }) => {
        const payload = payloadOf(sample);
        const before = Buffer.from(payload);
        new Bench(profile, sample.topic).send(payload);
        expect(payload.equals(before)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('any JSON in the place of any value of a sample is read or counted, never thrown at', () => {
    const samples = builtin
      .list()
      .flatMap((profile) =>
        profile.definition.samples.flatMap(messagesOf).map((sample) => ({ profile, sample })),
      );
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.jsonValue(),
        fc.nat(),
        ({ profile, sample }, value, place) => {
          const bench = new Bench(profile, sample.topic);
          const body = parsed(payloadOf(sample));
          const result = bench.send(replaced(body, value, { at: place % 20 }));
          for (const draft of result.drafts) expect(eventDraftSchema.strict().parse(draft)).toEqual(draft);
          expect(JSON.parse(JSON.stringify(result.state))).toEqual(result.state);
        },
      ),
      { numRuns: 600 },
    );
  });

  test('a missing key never clears: only a message with the key can clear its condition', () => {
    const clears: Record<string, string[]> = {
      'FIR.SMOKE': ['smoke', 'smoke_state'],
      'GAS.CO': ['carbon_monoxide'],
      'GAS.COMBUSTIBLE': ['gas'],
      'DEV.TAMPER': ['tamper'],
      'DEV.BATT': ['battery', 'battery_low', 'battery_state'],
    };
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const hall = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall');
        hall.send({ smoke: true, carbon_monoxide: true, gas: true, tamper: true, battery_low: true });
        for (const { payload } of messages) {
          for (const { type, edge } of hall.send(payload).drafts) {
            const allowed = clears[type];
            if (edge !== 'clear' || allowed === undefined) continue;
            const body: object = JSON.parse(payload.toString());
            expect(allowed.some((key) => Object.hasOwn(body, key))).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a retained message never makes a press or anything live', () => {
    fc.assert(
      fc.property(profiles, settings, fc.array(message, { maxLength: 5 }), (profile, given, messages) => {
        const bench = new Bench(profile, topicOf(profile), given);
        for (const { payload } of messages) {
          for (const { edge, freshness } of bench.send(payload, { stored: 'retained' }).drafts) {
            expect(edge).not.toBe('pulse');
            expect(freshness).toBe('replay');
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a PIN that is masked is in nothing that is kept', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
        const keypad = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/keypad');
        for (const { payload } of messages) {
          const text = payload.toString().replace(/^\{/, '{"action_code":"PIN-4711",');
          expect(JSON.stringify(keypad.send(text))).not.toContain('PIN-4711');
        }
      }),
      { numRuns: 200 },
    );
  });
});

function payloadOf({ payload, payloadBase64 }: SampleMessage): Buffer {
  if (payloadBase64 !== undefined) return Buffer.from(payloadBase64, 'base64');
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload ?? null));
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return {};
  }
}

/** The body with another value at one of its places. */
function replaced(body: unknown, value: unknown, left: { at: number }): unknown {
  if (left.at-- === 0) return value;
  if (typeof body !== 'object' || body === null) return body;
  if (Array.isArray(body)) return body.map((element: unknown) => replaced(element, value, left));
  return Object.fromEntries(Object.entries(body).map(([key, inner]) => [key, replaced(inner, value, left)]));
}
