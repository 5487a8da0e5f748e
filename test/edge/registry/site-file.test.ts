import { describe, expect, it } from 'vitest';
import { formatFault } from '../../../config/fault.ts';
import { siteSchema } from '../../../contract/site.ts';
import { readSiteFile, type SiteFileOptions } from '../../../edge/registry/site-file.ts';
import { campus, profiles, workspace } from './campus.ts';

const at = workspace();

function faultsOf(text: string, options: SiteFileOptions = {}): string[] {
  const read = readSiteFile(at.write(text), { profiles, ...options });
  return 'faults' in read ? read.faults.map((fault) => formatFault(fault).replace(`${at.dir}/`, '')) : [];
}

describe('a site file', () => {
  it('that is right has no faults', () => {
    expect(faultsOf(campus)).toEqual([]);
    expect(faultsOf('{}')).toEqual([]);
  });

  it('names every fault at once, where it stands, of the schema and of what it refers to', () => {
    const text = `places:
  - { id: c, kind: campus, name: 校区 }
  - { id: b, kind: building, name: 楼, parent: campus }
  - { id: b, kind: building, name: 楼, parent: c }
  - { id: f, kind: floor, name: 层, parent: c }
  - { id: c2, kind: campus, name: 校区, parent: c }
  - { id: r, kind: room, name: 室 }
  - { id: x y, kind: point, name: 点, parent: c }
slots:
  - { id: s, name: 位, place: rr, unit: u }
  - { id: s2, name: 位, place: b, armed: allways }
devices:
  - { id: d1, name: 一, profile: io.wird, slot: s }
  - { id: d2, name: 二, profile: io.wired, slot: s9, user: u1, bridge: d2, inputs: { 1: { means: panik, slot: s8 } } }
  - { id: d3, name: 三, profile: io.wired, key: d2, settings: { hold: 3 } }
  - { id: d4, name: 四, profile: io.wired, bridge: d5 }
  - { id: d5, name: 五, profile: io.wired, bridge: d4 }
credentials:
  - { user: a/b, password: long-enough }
  - { user: c1, password: long-enough, password_file: x }
  - { user: c2 }
  - { user: c2, password: long-enough }
  - { user: c3, password_file: no-such-file }
  - { user: c4, password: long-enough, publish: [io/#/x, 'a+/b'], subscribe: ['#', '+/#', $SYS/x] }
users:
  - { user: Guard, name: 王, role: guard, password: short }
  - { user: guard, name: 王, role: gard }
links:
  - { slot: s9, cameras: [d1, cam] }
`;
    expect(faultsOf(text)).toEqual([
      'campus.yaml:3:47 places[1].parent: there is no place "campus"; add it to the places',
      'campus.yaml:4:11 places[2].id: "b" is taken by places[1]; give each its own',
      'campus.yaml:5:44 places[3].parent: "c" is a campus; a floor stands in a building; name such a place',
      'campus.yaml:6:47 places[4].parent: a campus is in no other place; remove it',
      'campus.yaml:7:5 places[5].parent: is missing; name the floor or building it is in',
      'campus.yaml:8:11 places[6].id: must be 1-64 letters, digits, "-", "_" or ".", starting with a letter or digit (is "x y"); write e.g. dorm-3',
      'campus.yaml:10:30 slots[0].place: there is no place "rr"; add it to the places',
      'campus.yaml:10:40 slots[0].unit: there is no unit "u"; add it to the units',
      'campus.yaml:11:41 slots[1].armed: must be never or always (is "allways"); did you mean "always"?',
      'campus.yaml:13:33 devices[0].profile: there is no profile "io.wird"; did you mean "io.wired"?',
      'campus.yaml:14:49 devices[1].slot: there is no slot "s9"; add it to the slots',
      'campus.yaml:14:59 devices[1].user: there is no credential "u1"; add it to the credentials',
      'campus.yaml:14:71 devices[1].bridge: "d2" would be reached through itself; name the real bridge',
      'campus.yaml:14:97 devices[1].inputs.1.means: "panik" is no meaning of this profile; write one of panic, door',
      'campus.yaml:14:110 devices[1].inputs.1.slot: there is no slot "s8"; add it to the slots',
      'campus.yaml:15:48 devices[2].key: "d2" is the address of device "d2" with the same profile; give one of them another key',
      'campus.yaml:15:70 devices[2].settings.hold: no such setting',
      'campus.yaml:16:51 devices[3].bridge: "d4" would be reached through itself; name the real bridge',
      'campus.yaml:17:51 devices[4].bridge: "d5" would be reached through itself; name the real bridge',
      'campus.yaml:19:13 credentials[0].user: "a/b" has a character that topics give a meaning to; use no "+", "#", "/" or control character',
      'campus.yaml:20:55 credentials[1].password_file: is given beside password; keep one of the two',
      'campus.yaml:20:55 credentials[1].password_file: "x" does not exist; write the password into that file, relative to this one',
      'campus.yaml:21:13 credentials[2].user: "c2" is new and has no password; add password_file',
      'campus.yaml:22:13 credentials[3].user: "c2" is taken by credentials[2]; give each its own',
      'campus.yaml:23:32 credentials[4].password_file: "no-such-file" does not exist; write the password into that file, relative to this one',
      'campus.yaml:24:50 credentials[5].publish[0]: "io/#/x" has a "#" that is not the whole last level; write a topic or filter, e.g. io/{user}/#',
      'campus.yaml:24:58 credentials[5].publish[1]: "a+/b" has a "+" that is not a whole level; write a topic or filter, e.g. io/{user}/#',
      'campus.yaml:24:79 credentials[5].subscribe[0]: "#" would show this account every device; name a branch, e.g. io/{user}/#',
      'campus.yaml:24:84 credentials[5].subscribe[1]: "+/#" would show this account every device; name a branch, e.g. io/{user}/#',
      'campus.yaml:24:91 credentials[5].subscribe[2]: "$SYS/x" is a topic of the broker itself; write a topic or filter, e.g. io/{user}/#',
      'campus.yaml:26:13 users[0].user: must be 1-32 of a-z, 0-9, ".", "_" and "-" (is "Guard")',
      'campus.yaml:26:52 users[0].password: must be 8-128 characters',
      'campus.yaml:27:35 users[1].role: must be guard, shift-leader, installer, administrator, security-administrator, auditor or kiosk (is "gard"); did you mean "guard"?',
      'campus.yaml:29:13 links[0].slot: there is no slot "s9"; add it to the slots',
      'campus.yaml:29:31 links[0].cameras[1]: there is no device "cam"; add it to the devices',
    ]);
  });

  it('does not blame an entry for a fault in the one it refers to', () => {
    const text =
      'places:\n  - { id: c, kind: campus, name: "" }\n  - { id: b, kind: building, name: 楼, parent: c }\n';
    expect(faultsOf(text)).toEqual(['campus.yaml:2:34 places[0].name: must not be empty']);
  });

  it('may refer to what is registered already', () => {
    const existing = siteSchema.parse({
      places: [{ id: 'c', kind: 'campus', name: 'c' }],
      credentials: [{ user: 'u' }],
    });
    const text = 'slots: [{ id: s, name: s, place: c }]\ncredentials: [{ user: u }]\n';
    expect(faultsOf(text, { existing })).toEqual([]);
    expect(faultsOf(text)).toHaveLength(2);
    expect(faultsOf(`${text}places: []\n`, { existing, replace: true })).toEqual([
      'campus.yaml:1:34 slots[0].place: there is no place "c"; add it to the places',
    ]);
  });

  it('refuses the address of a registered device', () => {
    const existing = siteSchema.parse({ devices: [{ id: 'old', name: 'o', profile: 'io.wired', key: '7' }] });
    expect(faultsOf('devices: [{ id: new, name: n, profile: io.wired, key: "7" }]', { existing })).toEqual([
      'campus.yaml:1:55 devices[0].key: "7" is the address of device "old" with the same profile; give one of them another key',
    ]);
    expect(faultsOf('devices: [{ id: old, name: n, profile: io.wired, key: "7" }]', { existing })).toEqual(
      [],
    );
  });

  it.each([
    [
      'short',
      'users: [{ user: a, name: A, role: guard, password_file: pw }]',
      'seven77',
      'holds 7 characters; write 8-128 characters into it',
    ],
    [
      'of several lines',
      'users: [{ user: a, name: A, role: guard, password_file: pw }]',
      'line-one-1\nline-two-2\n',
      'has several lines; keep the password alone in it',
    ],
  ])('refuses a password file that is %s', (_, text, secret, message) => {
    at.write(secret, 'pw');
    expect(faultsOf(text)).toEqual([`campus.yaml:1:57 users[0].password_file: "pw" ${message}`]);
  });

  it('with a section that is no list, or no mapping at all, has plain faults', () => {
    expect(faultsOf('places: 1\ndevices: [1, null]\n')).toEqual([
      'campus.yaml:1:9 places: must be a list (is 1)',
      'campus.yaml:2:11 devices[0]: must be a mapping of keys and values (is 1)',
      'campus.yaml:2:14 devices[1]: is empty; fill it in or remove the key',
    ]);
    expect(faultsOf('- a\n')).toEqual(['campus.yaml:1:1 must be a mapping of keys and values (is a list)']);
    expect(faultsOf('')).toEqual(['campus.yaml:1:1 is empty; fill it in or remove the key']);
  });

  it('of 5,000 devices is read in seconds', () => {
    const devices = Array.from(
      { length: 5_000 },
      (_, i) => `  - { id: d${i}, name: 设备${i}, profile: io.wired, user: u${i}, slot: s${i % 50} }`,
    );
    const slots = Array.from({ length: 50 }, (_, i) => `  - { id: s${i}, name: 位${i}, place: c }`);
    const credentials = Array.from(
      { length: 5_000 },
      (_, i) => `  - { user: u${i}, password: password-${i} }`,
    );
    const text = `places: [{ id: c, kind: campus, name: 校区 }]\nslots:\n${slots.join('\n')}\ndevices:\n${devices.join('\n')}\ncredentials:\n${credentials.join('\n')}\n`;
    const started = performance.now();
    expect(faultsOf(text)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

it('a device key that no topic can hold is refused, one with levels is not', () => {
  const keyed = (key: string) => faultsOf(`devices: [{ id: d, name: 一, profile: io.wired, key: "${key}" }]`);
  for (const key of ['a+b', '+', 'a/#', '#', '/a', 'a/', 'a//b', '/', 'a\\0b', 'a\\nb']) {
    expect(keyed(key), key).toEqual([
      expect.stringMatching(
        /^campus\.yaml:1:\d+ devices\[0\]\.key: ".*" has an? (?:character|empty level).*; /,
      ),
    ]);
  }
  expect(keyed('dorm-3/走廊 1/smoke')).toEqual([]);
});
