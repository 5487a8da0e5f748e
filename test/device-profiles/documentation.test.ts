import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageFile } from '../../contract/package-root.ts';
import { units } from '../../contract/reading.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import { profileSchema } from '../../device-profiles/profile-schema.ts';

const page = readFileSync(packageFile('docs', 'adding-a-device.md'), 'utf8');

test('the profile that the page writes is good, and its samples reach every entry', () => {
  const yaml = /```yaml\n(id: acme\.smoke[\s\S]*?)```/.exec(page)?.[1] ?? '';
  expect(lint(loadProfile(yaml, 'adding-a-device.md', 'site'))).toEqual({ faults: [], notes: [] });
});

test('the page names every key of a profile and every unit', () => {
  for (const key of Object.keys(profileSchema.shape))
    expect(page, key).toMatch(new RegExp(`\`${key}\\b|\\b${key}:`));
  expect(page).toContain(units.join(' '));
});
