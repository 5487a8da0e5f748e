import { describe, expect, test } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { renderCommand } from '../../device-profiles/command.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';

const yaml = `id: acme.siren
version: 1
match: { topic: 'acme/{site}/{node}' }
device: '{site}/{node}'
settings: { zone: { type: string, default: z1 }, silence: { type: string, format: duration, default: 25h } }
heartbeat: { setting: silence }
subscribes: ['acme/+/+/set/#']
map: [{ when: { path: a, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }]
commands:
  siren_on:
    title: { zh: 打开警号, en: Siren on }
    topic: 'acme/{site}/{node}/set/{setting.zone}'
    payload: { siren: { on: true, s: '{duration}', note: 'for {duration} s by {device}' } }
    args: { duration: { type: integer, minimum: 1, maximum: 180, default: 60 } }
    output: siren
  say: { topic: 'acme/{site}/{node}/set/text', text: 'SAY {words}', args: { words: { type: string } }, qos: 2 }
samples:
  - { topic: acme/s/n, payload: { a: 1 }, expect: { status: mapped, events: [{ type: EMG.PANIC }] } }
  - command: siren_on
    device: s/n
    args: { duration: 5 }
    expect: { topic: acme/s/n/set/z1, payload: { siren: { on: true, s: 5, note: for 5 s by s/n } }, qos: 1 }
  - { command: say, device: s/n, args: { words: hi }, expect: { topic: acme/s/n/set/text, payload: SAY hi } }
`;
const { profile } = loadProfile(yaml, 'acme.yaml', 'site');
if (profile === undefined) throw new Error('the profile of this test is faulty');
const render = (name: string, args: Record<string, unknown> = {}, key = 's/n', settings = {}) =>
  renderCommand(profile, name, key, settings, args);
const faults = (text: string) =>
  lint(loadProfile(text, 'acme.yaml', 'site'))
    .faults.map(formatFault)
    .join('\n');

test('a good profile has neither faults nor notes', () => {
  expect(lint(loadProfile(yaml, 'acme.yaml', 'site'))).toEqual({ faults: [], notes: [] });
});

test('arguments keep their type, settings and parts of the key are put in, nothing is retained', () => {
  const made = render('siren_on', {}, 's/n', { zone: 'z2' });
  expect(made).toMatchObject({ topic: 'acme/s/n/set/z2', qos: 1, retain: false });
  expect(JSON.parse(String('payload' in made && made.payload))).toEqual({
    siren: { on: true, s: 60, note: 'for 60 s by s/n' },
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ['none', {}, 'has no command "none"'],
  ['__proto__', {}, 'has no command'],
  ['siren_on', { duration: 0 }, 'argument "duration" must be at least 1'],
  ['siren_on', { duration: 1.5 }, 'must be a whole number'],
  ['siren_on', { duration: '5' }, 'must be a whole number'],
  ['siren_on', { seconds: 5 }, 'there is no argument "seconds"; write one of duration'],
  ['say', {}, 'argument "words" is missing'],
  ['say', { words: 'a\nb' }, 'control characters'],
  ['say', { words: 'x'.repeat(201) }, 'at most 200 characters'],
])('%s %j: %s', (name, args, fault) => {
  expect(render(name, args)).toEqual({ fault: expect.stringContaining(fault) });
});

test.each([['+/n'], ['s/#'], ['s/n\0'], ['s//']])('a key %j makes no topic', (key) => {
  expect(render('siren_on', {}, key)).toEqual({ fault: expect.any(String) });
});

describe('lint', () => {
  test.each([
    ["subscribes: ['acme/+/+/set/#']\n", '', 'commands.siren_on.topic: is not within "subscribes"; add'],
    ['{setting.zone}', '{setting.zon}', 'nothing is known for {setting.zon}'],
    [
      "s: '{duration}', note: 'for {duration} s by {device}'",
      's: 1',
      'commands.siren_on.args.duration: is not used',
    ],
    ['default: 60', 'default: 600', 'commands.siren_on.args.duration.default: must be at most 180'],
    ['s: 5, note', 's: 6, note', 'samples[1].expect.payload: expected'],
    ['command: say', 'command: shout', 'there is no command "shout"'],
    [
      'heartbeat: { setting: silence }',
      'heartbeat: { setting: zone }',
      'must be of type string and format duration',
    ],
    ['default: 25h', 'default: soon', 'settings.silence.default: must be a duration; write e.g. 25h'],
  ])('%s -> %s', (from, to, expected) => {
    expect(faults(yaml.replace(from, to))).toContain(expected);
  });
});

test('the longest healthy silence follows the setting', () => {
  expect(profile.heartbeatMs({})).toBe(25 * 3_600_000);
  expect(profile.heartbeatMs({ silence: '10m' })).toBe(600_000);
  expect(profile.heartbeatMs({ silence: 'never' })).toBe(25 * 3_600_000);
});
