import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtinProfiles, Catalogue } from '../../device-profiles/catalogue.ts';
import { cpuTimeOf } from '../support/cpu-time.ts';
import { builtin } from './helpers.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'profiles-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const profile = (id: string, topic: string) => `id: ${id}
version: 1
match: { topic: '${topic}' }
map: [{ when: { path: a, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }]
samples: [{ topic: '${topic.replace('{device}', '1')}', payload: '{"a":1}', expect: { status: mapped, events: [{}] } }]
`;

function write(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

describe('loading', () => {
  test('a faulty profile is left out and named; the others load', () => {
    write('builtin/a/good.yaml', profile('a.good', 'a/{device}'));
    write('builtin/b/bad.yaml', profile('b.bad', 'b/{device}').replace('EMG.PANIC', 'EMG.PANNIC'));
    write('builtin/c/good.yml', profile('c.good', 'c/{device}'));
    write('builtin/readme.txt', 'no profile');
    const { catalogue, faults } = Catalogue.load({ builtin: join(dir, 'builtin') });
    expect(catalogue.list().map(({ id }) => id)).toEqual(['a.good', 'c.good']);
    expect(faults).toEqual([
      {
        file: join(dir, 'builtin/b/bad.yaml'),
        line: 4,
        column: 51,
        path: 'map[0].emit.type',
        message: '"EMG.PANNIC" is no event type',
        hint: 'did you mean "EMG.PANIC"?',
      },
    ]);
  });

  test('a site profile replaces the built-in one of the same id', () => {
    write('builtin/a.yaml', profile('a', 'a/{device}'));
    write('site/a.yaml', profile('a', 'mine/{device}'));
    const { catalogue, faults } = Catalogue.load({ builtin: join(dir, 'builtin'), site: join(dir, 'site') });
    expect(faults).toEqual([]);
    expect(catalogue.get('a')?.origin).toBe('site');
    expect(catalogue.match('mqtt', 'a/1')).toEqual([]);
    expect(catalogue.match('mqtt', 'mine/1')).toHaveLength(1);
  });

  test('bug: a site profile that is a link, as a ConfigMap mounts it, was not read', () => {
    write('builtin/a.yaml', profile('a', 'a/{device}'));
    write('site/..2026_12_01/b.yaml', profile('b', 'b/{device}'));
    write('real/c.yaml', profile('c', 'c/{device}'));
    symlinkSync('..2026_12_01', join(dir, 'site/..data'));
    symlinkSync('..data/b.yaml', join(dir, 'site/b.yaml'));
    symlinkSync('../real', join(dir, 'site/more'));
    symlinkSync('..', join(dir, 'site/round'));
    const { catalogue } = Catalogue.load({ builtin: join(dir, 'builtin'), site: join(dir, 'site') });
    expect(catalogue.list().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('a link to nothing is said', () => {
    write('builtin/a.yaml', profile('a', 'a/{device}'));
    mkdirSync(join(dir, 'site'));
    symlinkSync('nowhere.yaml', join(dir, 'site/b.yaml'));
    const { faults } = Catalogue.load({ builtin: join(dir, 'builtin'), site: join(dir, 'site') });
    expect(faults.map(({ file }) => file)).toEqual([join(dir, 'site/b.yaml')]);
  });

  test('without their samples built-in profiles are the same, and half the text to read', () => {
    const { catalogue, faults } = Catalogue.load({ builtin: builtinProfiles() }, { samples: false });
    expect(faults).toEqual([]);
    const definitions = (profiles: Catalogue) => profiles.list().map(({ definition }) => definition);
    expect(definitions(catalogue)).toEqual(
      definitions(builtin).map((definition) => ({ ...definition, samples: [] })),
    );
  });

  test('samples that another key follows are read', () => {
    write('builtin/a.yaml', `${profile('a', 'a/{device}')}known: [b]\n`);
    write('site/b.yaml', profile('b', 'b/{device}'));
    const dirs = { builtin: join(dir, 'builtin'), site: join(dir, 'site') };
    const { catalogue, faults } = Catalogue.load(dirs, { samples: false });
    expect(faults).toEqual([]);
    expect(catalogue.list().map(({ definition }) => definition.samples.length)).toEqual([1, 1]);
    expect(catalogue.get('a')?.definition.known).toEqual(['b']);
  });

  test('a faulty site profile leaves the built-in one at work', () => {
    write('builtin/a.yaml', profile('a', 'a/{device}'));
    write('site/a.yaml', 'id: a');
    const { catalogue, faults } = Catalogue.load({ builtin: join(dir, 'builtin'), site: join(dir, 'site') });
    expect(faults.length).toBeGreaterThan(0);
    expect(catalogue.get('a')?.origin).toBe('builtin');
  });

  test('the same id twice in one folder is a fault of the second', () => {
    write('site/1.yaml', profile('a', 'a/{device}'));
    write('site/2.yaml', profile('a', 'b/{device}'));
    write('builtin/z.yaml', profile('z', 'z/{device}'));
    const { catalogue, faults } = Catalogue.load({ builtin: join(dir, 'builtin'), site: join(dir, 'site') });
    expect(faults).toMatchObject([{ file: join(dir, 'site/2.yaml'), line: 1, column: 1, path: 'id' }]);
    expect(faults[0]?.message).toContain('1.yaml');
    expect(catalogue.match('mqtt', 'a/1')).toHaveLength(1);
  });

  test('a folder that is not there is said', () => {
    const { faults } = Catalogue.load({ builtin: join(dir, 'none') });
    expect(faults).toMatchObject([
      { file: join(dir, 'none'), line: 1, column: 1, message: 'there is no such folder of profiles' },
    ]);
  });

  test('a file that is too large is not read', () => {
    write('builtin/a.yaml', `# ${'x'.repeat(1024 * 1024)}`);
    const { faults } = Catalogue.load({ builtin: join(dir, 'builtin') });
    expect(faults).toMatchObject([{ message: 'is larger than 1 MiB' }]);
  });

  test('a file that is not UTF-8, as Windows in China writes it, is said', () => {
    write('builtin/a.yaml', profile('a', 'a/{device}'));
    const text = Buffer.from(profile('b', 'b/{device}'));
    write('builtin/b.yaml', Buffer.concat([Buffer.from('title: '), Buffer.from([0xb1, 0xa8, 0x0a]), text]));
    const { catalogue, faults } = Catalogue.load({ builtin: join(dir, 'builtin') });
    expect(faults).toMatchObject([{ line: 1, column: 8, message: 'is not UTF-8 text (byte 0xb1)' }]);
    expect(catalogue.list().map(({ id }) => id)).toEqual(['a']);
  });
});

describe('a hostile file is left out, quickly, and the others load', () => {
  const laughs = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 10; i++) {
    const aliases = Array(10).fill(`*a${i - 1}`);
    laughs.push(`a${i}: &a${i} [${aliases.join(',')}]`);
  }

  test.each([
    ['20,000 nested brackets ended the process', '['.repeat(20_000), 'is nested deeper than 64 levels'],
    [
      '20,000 nested brackets, closed, ended the process',
      `map: ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      'is nested deeper than 64 levels',
    ],
    ['a billion laughs', laughs.join('\n'), 'aliases write out more than 10000 values'],
    [
      '50,000 duplicate keys took quadratic time',
      // pairs: the same key 50,000 times is found at its first repetition
      Array.from({ length: 50_000 }, (_, i) => `k${i >> 1}: ${i}\n`).join(''),
      'is given twice (first in line 1)',
    ],
    [
      'a word of 900,000 letters was compared with every event type',
      `meanings: { a: ${'x'.repeat(900_000)} }`,
      'is missing',
    ],
  ])('%s', (_, text, message) => {
    write('builtin/hostile.yaml', text);
    write('builtin/good.yaml', profile('good', 'a/{device}'));
    let loaded: ReturnType<typeof Catalogue.load> | undefined;
    const took = cpuTimeOf(() => {
      loaded = Catalogue.load({ builtin: join(dir, 'builtin') });
    });
    expect(took).toBeLessThan(15_000);
    const { catalogue, faults } = loaded as ReturnType<typeof Catalogue.load>;
    expect(catalogue.list().map(({ id }) => id)).toEqual(['good']);
    expect(new Set(faults.map(({ file }) => file))).toEqual(new Set([join(dir, 'builtin/hostile.yaml')]));
    expect(faults.map((fault) => fault.message)).toContain(message);
    // each is a line of the log at every start
    expect(faults.length).toBeLessThanOrEqual(101);
  });
});

describe('matching', () => {
  const matches = (topic: string, source = 'mqtt') =>
    builtin
      .match(source, topic)
      .filter(({ weight }) => weight > 0)
      .map(({ profile: { id }, deviceKey, ignore }) => [id, deviceKey, ignore]);

  test.each([
    ['io/gate-1/state', [['io.wired', 'gate-1', false]]],
    ['io/gate-1/set', [['io.wired', 'gate-1', true]]],
    ['zigbee2mqtt/dorm/2F/a', [['zigbee2mqtt.device', 'dorm/2F/a', false]]],
    ['zigbee2mqtt/dorm/2F/a/availability', [['zigbee2mqtt.device', 'dorm/2F/a', false]]],
    ['zigbee2mqtt/dorm/2F/a/set', [['zigbee2mqtt.device', 'dorm/2F/a', true]]],
    ['zigbee2mqtt/bridge/state', [['zigbee2mqtt.bridge', 'zigbee2mqtt', false]]],
    ['zigbee2mqtt/bridge/logging', [['zigbee2mqtt.bridge', 'zigbee2mqtt', true]]],
    ['zigbee2mqtt/bridge/request/device/remove', [['zigbee2mqtt.bridge', 'zigbee2mqtt', true]]],
    ['io/gate-1/other', []],
    ['somewhere/else', []],
  ])('%s', (topic, expected) => {
    expect(matches(topic)).toEqual(expected);
  });

  test('another transport has other profiles', () => {
    expect(matches('io/gate-1/state', 'onvif')).toEqual([]);
  });

  test('commands and echoes of unknown devices are worth no place in the inbox', () => {
    expect(builtin.ignores('mqtt', 'zigbee2mqtt/bridge/devices')).toBe(true);
    expect(builtin.ignores('mqtt', 'zigbee2mqtt/lamp/set')).toBe(true);
    expect(builtin.ignores('mqtt', 'zigbee2mqtt/lamp')).toBe(false);
    expect(builtin.ignores('mqtt', 'foo/bar')).toBe(false);
  });
});
