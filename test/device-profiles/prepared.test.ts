import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { packageFile } from '../../contract/package-root.ts';
import { builtinProfiles, profileFiles } from '../../device-profiles/catalogue.ts';
import { loadProfileFile } from '../../device-profiles/load-profile.ts';
import { digestOf, type Prepared } from '../../device-profiles/prepared.ts';
import { tempDir } from '../simulators/temp-dir.ts';

const temp = tempDir('prepared');
afterAll(temp.remove);
const build = packageFile('dist', 'device-profiles');

it('the build prepares every built-in profile as its YAML says it', () => {
  const file = join(temp.dir, 'prepared.json');
  execFileSync(process.execPath, [join(build, 'prepare.js'), file]);
  const prepared = JSON.parse(readFileSync(file, 'utf8')) as Prepared;
  const files = profileFiles(builtinProfiles());
  expect(files.length).toBeGreaterThan(30);
  for (const profile of files) {
    const { samples: _, ...definition } = loadProfileFile(profile, 'builtin').profile?.definition ?? {};
    expect({ ...prepared[digestOf(profile)], samples: undefined }, profile).toEqual({
      ...definition,
      samples: undefined,
    });
  }
});

it('a built-in profile that was changed since the build is read as it is now', () => {
  const folder = join(temp.dir, 'builtin');
  cpSync(builtinProfiles(), folder, { recursive: true });
  const wired = profileFiles(folder).find((file) => file.endsWith('wired.yaml'));
  if (wired === undefined) throw new Error('there is no profile of the wired module');
  appendFileSync(wired, '\nnonsense: true\n');
  const program = `
    import { Catalogue } from ${JSON.stringify(join(build, 'catalogue.js'))};
    const { catalogue, faults } = Catalogue.load({ builtin: ${JSON.stringify(folder)} }, { samples: false });
    console.log(JSON.stringify({ profiles: catalogue.list().length, faults: faults.map(({ file }) => file) }));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual({
    profiles: profileFiles(folder).length - 1,
    faults: [expect.stringContaining('wired.yaml')],
  });
});
