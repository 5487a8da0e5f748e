import { describe, expect, test } from 'vitest';
import { maskPayload } from '../../device-profiles/mask.ts';

const masked = (payload: string | Buffer, mask?: string[]) =>
  maskPayload(typeof payload === 'string' ? Buffer.from(payload) : payload, mask).toString('latin1');

test('the paths of a profile are masked, everything else stays', () => {
  expect(masked('{"action":"disarm","action_code":"4711","n":1}', ['action_code'])).toBe(
    '{"action":"disarm","action_code":"***","n":1}',
  );
  expect(masked('{"card":{"no":12345678901234567890,"type":1}}', ['card.no'])).toBe(
    '{"card":{"no":"***","type":1}}',
  );
});

test('the given payload is not changed, and comes back itself when there is nothing to mask', () => {
  const payload = Buffer.from('{"smoke":true}');
  expect(maskPayload(payload, ['action_code']).equals(payload)).toBe(true);
  const pin = Buffer.from('{"pin":"4711"}');
  maskPayload(pin, ['pin']);
  expect(pin.toString()).toBe('{"pin":"4711"}');
});

test.each([
  ['{"action_code":"4711"'],
  ['{"action_code": 4711, "x"'],
  ['{"action_code":"47\\"11'],
  ['action_code=4711;x=1'],
  ["{'action_code': '4711'}"],
])('what is not JSON is masked by its look: %s', (text) => {
  const result = masked(text, ['action_code']);
  expect(result).not.toMatch(/47|11/);
  expect(result).toContain('***');
});

test('of an unknown device every suspicious key is masked, at any depth', () => {
  const result = masked('{"a":[{"cardNo":"0042","Holder":{"x":1}}],"PIN":1,"smoke":true}');
  expect(result).toBe('{"a":[{"cardNo":"***","Holder":"***"}],"PIN":"***","smoke":true}');
});

test('hostile payloads are masked or left, never thrown at', () => {
  const deep = `${'{"a":'.repeat(20_000)}{"pin":"4711"}${'}'.repeat(20_000)}`;
  expect(masked(deep)).not.toContain('4711');
  expect(masked(deep, ['pin'])).toBeDefined();
  expect(masked(Buffer.concat([Buffer.from([0xff]), Buffer.from('"pin":"4711"')]))).not.toContain('4711');
  expect(masked(`${' '.repeat(300_000)}`, ['pin']).length).toBeLessThanOrEqual(300_000);
  expect(masked('{"__proto__":{"pin":"4711"}}')).not.toContain('4711');
});

describe('card numbers do not escape through other encodings', () => {
  test.each([
    ['a list of codes', '{"status":[{"code":"card","value":"4711"}]}', ['dp.card']],
    ['an object of codes', '{"params":{"card":{"value":"4711","time":1}}}', ['p.card']],
    ['a history list', '{"history":[{"card":"4711"},{"card":"4711"}]}', ['card']],
    ['an envelope', '{"Event":{"Access":{"card":"4711"}}}', ['Access.card']],
    ['JSON in a text', JSON.stringify({ p: JSON.stringify({ card: '4711' }) }), ['p.card']],
    ['JSON in base64', JSON.stringify({ p: Buffer.from('{"card":"4711"}').toString('base64') }), ['p.card']],
    ['fields without names', '7,4711,granted', ['card']],
    ['a plain text', '4711', ['card']],
    ['pairs', 'card=4711&door=2', ['card']],
    [
      'binary with names',
      Buffer.from([0x12, 0xff, ...Buffer.from('card'), 0x1a, ...Buffer.from('4711')]),
      ['card'],
    ],
  ])('%s', (_name, payload, mask) => {
    const kept = masked(payload as string, mask);
    expect(kept).not.toContain('4711');
    expect(kept).not.toContain(Buffer.from('{"card":"4711"}').toString('base64'));
    expect(masked(payload as string, mask).length).toBeGreaterThan(0);
  });

  test('of what cannot be masked only the length is kept', () => {
    expect(masked('7,4711', ['card'])).toBe('(6 bytes are not kept: they may hold what is masked)');
    expect(masked('online', ['card'])).toBe('online');
  });
});
