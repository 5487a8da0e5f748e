import { expect, test } from 'vitest';
import { compileTopic, topicPatternFault } from '../../device-profiles/topic-pattern.ts';

test.each([
  ['io/{device}/state', 'io/m1/state', { device: 'm1' }],
  ['io/{device}/state', 'io/一号楼/state', { device: '一号楼' }],
  ['zigbee2mqtt/{device+}', 'zigbee2mqtt/dorm/2F/a b', { device: 'dorm/2F/a b' }],
  ['zigbee2mqtt/{device+}/availability', 'zigbee2mqtt/a/b/availability', { device: 'a/b' }],
  ['{net}/{device+}/up/{kind}', 'n/a/b/up/x', { net: 'n', device: 'a/b', kind: 'x' }],
  ['a.b/c', 'a.b/c', {}],
])('%s reads %s', (pattern, topic, captures) => {
  expect(compileTopic(pattern).match(topic)).toEqual(captures);
  expect(compileTopic(pattern).test(topic)).toBe(true);
});

test.each([
  ['io/{device}/state', 'io/a/b/state'],
  ['io/{device}/state', 'io//state'],
  ['io/{device}/state', 'io/a/state/'],
  ['io/{device}/state', 'xio/a/state'],
  ['a.b/c', 'axb/c'],
  ['zigbee2mqtt/{device+}', 'zigbee2mqtt/'],
  ['zigbee2mqtt/{device+}', 'zigbee2mqtt'],
])('%s does not read %s', (pattern, topic) => {
  expect(compileTopic(pattern).match(topic)).toBeUndefined();
  expect(compileTopic(pattern).test(topic)).toBe(false);
});

test.each([
  ['io/+/state', 'named capture'],
  ['io/#', 'named capture'],
  ['io/x-{device}', 'whole capture'],
  ['io/{a}/{a}', 'twice'],
  ['{a+}/x/{b+}', 'only one'],
  ['io/{Device}', 'whole capture'],
])('%s is faulty: %s', (pattern, hint) => {
  expect(topicPatternFault(pattern)).toContain(hint);
  expect(() => compileTopic(pattern)).toThrow(hint);
});

test('fill puts captures back', () => {
  const pattern = compileTopic('zigbee2mqtt/{device+}/set/{key}');
  expect(pattern.fill({ device: 'a/b' }, (_name, multi) => (multi ? '#' : '+'))).toBe(
    'zigbee2mqtt/a/b/set/+',
  );
});

test('a topic of 60,000 characters is matched in no time', () => {
  const pattern = compileTopic('zigbee2mqtt/{device+}/availability');
  const topic = `zigbee2mqtt/${'availability/'.repeat(4_500)}x`;
  const start = performance.now();
  expect(pattern.match(topic)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(200);
});
