import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { builtinProfiles, profileFiles } from './catalogue.ts';
import { loadWithoutSamples } from './load-profile.ts';
import { digestOf, type Prepared } from './prepared.ts';

// A step of the build: node dist/device-profiles/prepare.js FILE

const prepared: Prepared = {};
for (const file of profileFiles(builtinProfiles())) {
  // one with faults is named by the gateway that reads it
  const definition = loadWithoutSamples(file, 'builtin').profile?.definition;
  if (definition === undefined) continue;
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(definition)), definition))
    throw new Error(`${file} cannot be prepared: its schema makes values that JSON has not`);
  prepared[digestOf(file)] = definition;
}
writeFileSync(process.argv[2] ?? 'prepared.json', JSON.stringify(prepared));
