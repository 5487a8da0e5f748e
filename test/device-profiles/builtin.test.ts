import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { eventDraftSchema } from '../../contract/event.ts';
import { builtinProfiles, Catalogue, profileFiles } from '../../device-profiles/catalogue.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import { messagesOf } from '../../device-profiles/replay.ts';
import { Trial } from '../../device-profiles/trial.ts';
import { builtin } from './helpers.ts';

test('every built-in profile loads', () => {
  const { catalogue, faults } = Catalogue.load({ builtin: builtinProfiles() });
  expect(faults.map(formatFault)).toEqual([]);
  expect(catalogue.list()).toHaveLength(profileFiles(builtinProfiles()).length);
});

describe.each(profileFiles(builtinProfiles()))('%s', (file) => {
  test('has no fault, and every entry is reached by a sample', () => {
    const { faults, notes } = lint(loadProfile(readFileSync(file, 'utf8'), file, 'builtin'));
    expect([...faults, ...notes].map(formatFault)).toEqual([]);
  });
});

test('samples are many, and what they make are events of the contract', () => {
  let samples = 0;
  for (const profile of builtin.list()) {
    for (const sample of profile.definition.samples) {
      samples++;
      const trial = new Trial(Catalogue.of([profile]));
      for (const message of messagesOf(sample)) {
        const { events } = trial.play(message, { profile, settings: sample.settings as never });
        for (const event of events) expect(eventDraftSchema.strict().parse(event)).toEqual(event);
      }
    }
  }
  expect(samples).toBeGreaterThanOrEqual(25);
});

test('bug: devices of ten profiles could be silent for ever', () => {
  // cameras and access controllers over ONVIF have a supervisor of their own
  const mqtt = builtin.list().filter(({ source }) => source === 'mqtt');
  expect(mqtt.flatMap(({ id, definition }) => (definition.heartbeat === undefined ? [id] : []))).toEqual([]);
});

test('no profile names a page that is not public documentation', () => {
  for (const { definition } of builtin.list()) {
    for (const source of definition.sources ?? [])
      expect(source).toMatch(/^https?:\/\/|^Supervised|^remembered: /);
  }
});

test('every setting of a built-in profile has a title, and any description, in Chinese and in English', () => {
  const bare = builtin.list().flatMap(({ id, definition }) =>
    Object.entries(definition.settings).flatMap(([name, { title = '', description }]) => {
      const texts = id.startsWith('onvif.') || description === undefined ? [title] : [title, description];
      const isBoth = texts.every((text) => /^[^—]*\p{Script=Han}[^—]* — [^\p{Script=Han}]+$/u.test(text));
      return isBoth ? [] : [`${id}: ${name}`];
    }),
  );
  expect(bare).toEqual([]);
});
