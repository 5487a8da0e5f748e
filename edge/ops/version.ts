import { readFileSync } from 'node:fs';
import { packageFile } from '../../contract/package-root.ts';

/** `campus-gateway/{version}` without the name, from package.json. */
export const softwareVersion: string = (
  JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }
).version;
