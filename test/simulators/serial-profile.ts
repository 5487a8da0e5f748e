import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Id of the profile below. */
export const SERIAL_PROFILE = 'test.serial';

/**
 * Writes a site profile for devices whose every message is an event with a key of its own: `serial/{device}` with
 * `{"serial": "..."}`. Returns its folder, for `profiles.dir`. `isKeyed: false`: what tells messages apart is the
 * transport alone.
 */
export function writeSerialProfile(dir: string, { isKeyed = true }: { isKeyed?: boolean } = {}): string {
  const folder = join(dir, 'profiles');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'serial.yaml'),
    `id: ${SERIAL_PROFILE}
version: 1
match:
  - topic: serial/{device}
    has: [serial]
map:
  - when: { path: kind, in: [press] }
    emit: { type: DEV.INPUT, edge: pulse, data: { serial: { path: serial } } }
known: [serial]
${isKeyed ? "dedup: { by: ['path:serial'], window: 1h }\n" : ''}samples:
  - topic: serial/s1
    payload: { kind: press, serial: '1' }
    expect: { status: mapped, events: [{ type: DEV.INPUT, edge: pulse${isKeyed ? ", dedupKey: '1'" : ''} }] }
`,
  );
  return folder;
}
