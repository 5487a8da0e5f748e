import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, filterFault, isCatchAll, topicFault } from '../../../../edge/adapters/mqtt/topic.ts';

const limits = { maxTopicLevels: 4, maxTopicBytes: 20 };

describe('covers', () => {
  test.each([
    // the examples of MQTT 3.1.1, section 4.7
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/#', 'sport', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/monitor', false],
    ['+/monitor', '$SYS/monitor', false],
    ['$SYS/#', '$SYS/monitor', true],
    ['a//b', 'a//b', true],
    ['a/+/b', 'a//b', true],
    // filters within filters
    ['io/1/#', 'io/1/+', true],
    ['io/1/#', 'io/1/#', true],
    ['io/1/#', 'io/1/+/#', true],
    ['io/+/set', 'io/1/set', true],
    ['io/+/set', 'io/+/set', true],
    ['io/1/set', 'io/+/set', false],
    ['io/1/+', 'io/1/#', false],
    ['io/+', 'io/#', false],
    ['io/1', 'io/1/#', false],
    ['io/1/#', 'io/#', false],
    ['io/1/#', 'io/10', false],
    ['IO/1', 'io/1', false],
  ])('%s covers %s: %s', (allowed, requested, expected) => {
    expect(covers(allowed, requested)).toBe(expected);
  });

  test('what is covered matches nothing that the covering filter does not', () => {
    const level = fc.constantFrom('a', 'b', '', '+');
    const filter = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
      .filter((text) => text !== '');
    const topic = fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 5 })
      .map((levels) => levels.join('/'));
    fc.assert(
      fc.property(filter, filter, topic, (allowed, requested, name) => {
        if (covers(allowed, requested) && covers(requested, name)) expect(covers(allowed, name)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

test.each([
  ['io/1/state', undefined],
  ['/', undefined],
  ['报警', undefined],
  ['', 'empty'],
  ['a/+', 'wildcard'],
  ['a/#', 'wildcard'],
  ['a\0', 'ill-formed'],
  ['a\ufffd', 'ill-formed'],
  ['a/b/c/d/e', 'too-deep'],
  ['报警报警报警报', 'too-long'], // 21 bytes
])('the fault of topic %j is %s', (topic, fault) => {
  expect(topicFault(topic, limits)).toBe(fault);
});

test.each([
  ['a/+/#', undefined],
  ['+', undefined],
  ['#', undefined],
  ['a#', 'wildcard'],
  ['a/#/b', 'wildcard'],
  ['a+', 'wildcard'],
  ['+a/b', 'wildcard'],
  ['', 'empty'],
  ['a/b/c/d/#', 'too-deep'],
])('the fault of filter %j is %s', (filter, fault) => {
  expect(filterFault(filter, limits)).toBe(fault);
});

test.each([
  ['#', true],
  ['+', true],
  ['+/#', true],
  ['+/+', true],
  ['/#', false],
  ['a/#', false],
])('%s is a catch-all: %s', (filter, expected) => {
  expect(isCatchAll(filter)).toBe(expected);
});
