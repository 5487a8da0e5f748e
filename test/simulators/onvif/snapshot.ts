import { readFileSync } from 'node:fs';
import { packageFile } from '../../../contract/package-root.ts';

let picture: Buffer | undefined;

/** The camera's JPEG (320x180), read once. */
export function snapshot(): Buffer {
  picture ??= readFileSync(packageFile('test', 'simulators', 'onvif', 'snapshot.jpg'));
  return picture;
}
