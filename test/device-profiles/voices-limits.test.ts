import { expect, test } from 'vitest';
import { forget } from '../../device-profiles/device-state.ts';
import { expire } from '../../device-profiles/expiry.ts';
import { Bench, profileOf, T0 } from './helpers.ts';

const camera = profileOf(`
source: onvif
match:
  - { name: event, topic: '{topic+}' }
settings:
  rules: { type: object, format: meaning, default: {} }
meanings: { roof: VID.ROOF }
time: { path: t, format: iso, late: false }
dedup: { by: [said-time], edges: [pulse], window: 2m }
map:
  - when: { path: $topic, in: [area] }
    and: [{ path: [inside, state], in: ['true'] }, { path: op, not: [Deleted] }]
    input: [source.video, source.token]
    emit:
      type: VID.INTRUDE
      typeBy: { path: rule, setting: rules }
      edge: raise
      voice: [rule, object]
      maxActive: 10m
  - when: { path: $topic, in: [area] }
    and: [{ path: [inside, state], in: ['false'] }]
    input: [source.video, source.token]
    emit: { type: VID.INTRUDE, typeBy: { path: rule, setting: rules }, edge: clear, voice: [rule, object] }
  - when: { path: $topic, in: [classes] }
    and: [{ path: list, word: [human, person] }]
    emit: { type: VID.PERSON, edge: pulse }
`);

const bench = (settings = {}) => new Bench(camera, 'area', settings);
const at = (minutes: number) => ({ source: 'onvif', receivedAt: T0 + minutes * 60_000 });

test('a condition lasts while any of its voices speaks', () => {
  const b = bench();
  expect(b.told({ inside: 'true', rule: 'a', object: '1' }, at(0))).toEqual(['VID.INTRUDE raise live live']);
  expect(b.told({ inside: 'true', rule: 'b', object: '1' }, at(0))).toEqual([]);
  expect(b.told({ inside: 'false', rule: 'a', object: '1' }, at(0))).toEqual([]);
  expect(b.told({ inside: 'false', rule: 'b', object: '9' }, at(0))).toEqual([]);
  expect(b.told({ inside: 'false', rule: 'b', object: '1' }, at(0))).toEqual(['VID.INTRUDE clear live live']);
  expect(JSON.stringify(b.state)).not.toMatch(/voices|limits/);
});

test('a clear that does not name the object is for all objects of its rule, and of no other', () => {
  const b = bench();
  for (const object of ['1', '2', '3']) b.send({ inside: 'true', rule: 'a', object }, at(0));
  b.send({ inside: 'true', rule: 'b', object: '1' }, at(0));
  expect(b.told({ inside: 'false', rule: 'a' }, at(0))).toEqual([]);
  expect(b.told({ inside: 'false' }, at(0))).toEqual(['VID.INTRUDE clear live live']);
});

test('a device that names ever new objects costs no more than 64 of them, and its end is told', () => {
  const b = bench();
  for (let n = 0; n < 500; n++) b.send({ inside: 'true', rule: 'a', object: String(n) }, at(0));
  expect(Object.values(b.state?.voices ?? {})[0]).toHaveLength(64);
  expect(b.told({ inside: 'false', rule: 'a' }, at(0))).toEqual(['VID.INTRUDE clear live live']);
});

test('a limit makes unknown, is prolonged by repetition, ends with the condition and over a lost bridge', () => {
  const b = bench();
  b.send({ inside: 'true' }, at(0));
  expect(expire(b.state, T0 + 599_999)).toBeUndefined();
  const first = expire(b.state, T0 + 600_000);
  expect(first?.expired).toEqual([{ input: undefined, type: 'VID.INTRUDE' }]);
  expect(first?.state.limits).toBeUndefined();
  b.send({ inside: 'true' }, at(6));
  expect(expire(b.state, T0 + 15 * 60_000)).toBeUndefined();
  expect(forget(b.state ?? {}).limits).toBeUndefined();
  b.send({ inside: 'false' }, at(7));
  expect(expire(b.state, T0 + 3_600_000)).toBeUndefined();
});

test('after its limit a condition is told again, and so is its end', () => {
  const b = bench();
  b.send({ inside: 'true', object: '1' }, at(0));
  b.state = expire(b.state, T0 + 600_000)?.state;
  expect(b.told({ inside: 'false', object: '2' }, at(11))).toEqual(['VID.INTRUDE clear live live']);
  b.send({ inside: 'true', object: '1' }, at(12));
  b.state = expire(b.state, T0 + 30 * 60_000)?.state;
  expect(b.told({ inside: 'true', object: '3' }, at(31))).toEqual(['VID.INTRUDE raise live live']);
});

test('a repetition every second does not change the state every second', () => {
  const b = bench();
  b.send({ inside: 'true' }, at(0));
  const { state } = b;
  b.send({ inside: 'true' }, at(0.1));
  expect(b.state).toBe(state);
});

test('the first path that is there is compared, and names the input', () => {
  const b = bench();
  expect(b.told({ state: 'true', source: { token: 't' } }, at(0))).toEqual(['VID.INTRUDE#t raise live live']);
  expect(b.told({ inside: 'maybe', state: 'true', source: { video: 'v', token: 't' } }, at(0))).toEqual([]);
  expect(b.told({ inside: 'true', op: 'Deleted', source: { video: 'v' } }, at(0))).toEqual([]);
});

test('a setting may give a rule another meaning', () => {
  const b = bench({ rules: { edge: 'roof' } });
  expect(b.told({ inside: 'true', rule: 'edge' }, at(0))).toEqual(['VID.ROOF raise live live']);
  expect(b.told({ inside: 'true', rule: 'yard' }, at(0))).toEqual(['VID.INTRUDE raise live live']);
});

test('words of a list, and a key by the time as it is said, for pulses alone', () => {
  const b = bench();
  const say = (list: string, t: string) => b.send({ list, t }, { ...at(0), topic: 'classes' });
  expect(say('Vehicle, Human', '2021-05-05T05:05:05Z').drafts).toMatchObject([
    { type: 'VID.PERSON', dedupKey: '2021-05-05T05:05:05Z' },
  ]);
  for (const t of ['0000-00-00T00:00:00Z', '1970-01-01T00:00:00Z', ''])
    expect(say('person', t).drafts[0]).not.toHaveProperty('dedupKey');
  expect(say('Humanoid', '2026-01-01T00:00:00Z')).toMatchObject({ status: 'unmapped', drafts: [] });
  expect(b.send({ inside: 'true', t: '2026-01-01T00:00:00Z' }, at(0)).drafts[0]).not.toHaveProperty(
    'dedupKey',
  );
});

test('an old time proves nothing where the profile says so', () => {
  const b = bench();
  b.send({ inside: 'false', t: '2026-01-01T00:00:00Z' }, at(0));
  const [draft] = b.send({ inside: 'true', t: '2026-01-01T00:00:00Z' }, at(5)).drafts;
  expect(draft).toMatchObject({
    freshness: 'live',
    occurredAt: '2026-01-01T00:05:00.000Z',
    clock: { quality: 'unsync' },
  });
});
