import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { eventDraftSchema } from '../../contract/event.ts';
import { builtinProfiles, Catalogue, profileFiles } from '../../device-profiles/catalogue.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import type { SampleMessage } from '../../device-profiles/profile-schema.ts';
import { Trial } from '../../device-profiles/trial.ts';
import { builtin } from './helpers.ts';

test('every built-in profile loads', () => {
  const { catalogue, faults } = Catalogue.load({ builtin: builtinProfiles() });
  expect(faults.map(formatFault)).toEqual([]);
  expect(catalogue.list().map(({ id }) => id)).toEqual([
    'io.wired',
    'zigbee2mqtt.bridge',
    'zigbee2mqtt.device',
  ]);
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
      const messages: SampleMessage[] = 'messages' in sample ? sample.messages : [sample];
      for (const message of messages) {
        const { events } = trial.play(message, { profile, settings: sample.settings as never });
        for (const event of events) expect(eventDraftSchema.strict().parse(event)).toEqual(event);
      }
    }
  }
  expect(samples).toBeGreaterThanOrEqual(25);
});

test('no profile names a page that is not public documentation', () => {
  for (const { definition } of builtin.list()) {
    for (const source of definition.sources ?? []) expect(source).toMatch(/^https:\/\/|^Supervised/);
  }
});
