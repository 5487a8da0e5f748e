import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { checkConfigCommand } from '../../../edge/cli/check-config.ts';
import { devicesCommand } from '../../../edge/cli/devices.ts';
import { runCommand } from './run-command.ts';

const edge = `site:
  gateway: gw-01
  school: "4137010001"
  region: "370102"
  name: 示例大学
  import: campus.yaml
data_dir: data
profiles: { dir: profiles }
`;

const root = mkdtempSync(join(tmpdir(), 'check-config-'));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'site-'));
  mkdirSync(join(dir, 'profiles'));
  write('edge.yaml', edge);
  write('campus.yaml', 'places: [{ id: c, kind: campus, name: 校区 }]\n');
});
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
}

async function check(...args: string[]) {
  const ran = await runCommand(checkConfigCommand(), '--config', join(dir, 'edge.yaml'), ...args);
  return { ...ran, out: ran.out.replaceAll(`${dir}/`, ''), err: ran.err.replaceAll(`${dir}/`, '') };
}

describe('check-config', () => {
  it('ends with 0 when nothing is wrong', async () => {
    expect(await check()).toEqual({ code: 0, out: 'edge.yaml: no faults', err: '' });
    expect(await check('--json')).toEqual({ code: 0, out: '{"ok":true,"faults":[]}', err: '' });
  });

  it('ends with 78 and names every fault of edge.yaml', async () => {
    write('edge.yaml', edge.replace('"370102"', '370102').replace('data_dir', 'datadir'));
    expect(await check()).toEqual({
      code: 78,
      out: '',
      err: [
        'edge.yaml:4:11 site.region: must be text (is 370102); put it in quotes: "370102"',
        'edge.yaml:7:1 datadir: is not a known key; did you mean "data_dir"?',
        '2 faults',
      ].join('\n'),
    });
  });

  it('bug: a site profile whose own samples fail had no faults', async () => {
    write(
      'profiles/acme.yaml',
      `id: acme.smoke
version: 1
match: { topic: 'acme/{device}' }
map: [{ when: { path: smoke, in: [2] }, emit: { type: FIR.SMOKE, edge: raise } }]
samples: [{ topic: acme/1, payload: '{"smoke":1}', expect: { status: mapped, events: [{ type: FIR.SMOKE }] } }]
`,
    );
    const { code, err } = await check();
    expect(code).toBe(78);
    expect(err).toMatch(/^profiles\/acme\.yaml:5:\d+ samples\[0\]/m);
  });

  it('bug: an input that no message can name had no faults', async () => {
    write(
      'campus.yaml',
      `places: [{ id: c, kind: campus, name: 校区 }]
devices: [{ id: io-1, name: 模块, profile: io.wired, inputs: { DI1: { means: panic } } }]
`,
    );
    const { code, err } = await check();
    expect(code).toBe(78);
    expect(err).toContain('no message of this profile names an input so; did you mean "1"?');
  });

  it('names the faults of profiles and of the site import together', async () => {
    write('profiles/bad.yaml', 'id: bad\nversion: x\n');
    write(
      'campus.yaml',
      'places: [{ id: c, kind: campus, name: 校区 }]\ndevices:\n  - { id: d, name: 模块, profile: io.wird, slot: s }\n  - { id: e, name: 模块, profile: io.wired, inputs: { 1: { means: panick } } }\n',
    );
    const { code, err } = await check();
    expect(code).toBe(78);
    expect(err).toContain(
      'profiles/bad.yaml:2:10 version: must be a whole number from 1 (is "x"); write e.g. 1',
    );
    expect(err).toContain(
      'campus.yaml:3:33 devices[0].profile: there is no profile "io.wird"; did you mean "io.wired"?',
    );
    expect(err).toContain('campus.yaml:3:48 devices[0].slot: there is no slot "s"; add it to the slots');
    expect(err).toMatch(
      /campus\.yaml:4:\d+ devices\[1\]\.inputs\.1\.means: "panick" is no meaning of this profile; did you mean "panic"\?/,
    );
  });

  it('prints faults as JSON', async () => {
    write('campus.yaml', 'slots: [{ id: s, name: 位, place: p }]\n');
    const { code, out, err } = await check('--json');
    expect({ code, err }).toEqual({ code: 78, err: '' });
    expect(JSON.parse(out)).toEqual({
      ok: false,
      faults: [
        {
          file: 'campus.yaml',
          line: 1,
          column: 34,
          path: 'slots[0].place',
          message: 'there is no place "p"',
          hint: 'add it to the places',
        },
      ],
    });
  });

  it('says where a file is that is not there', async () => {
    rmSync(join(dir, 'edge.yaml'));
    expect(await check()).toEqual({
      code: 78,
      out: '',
      err: 'edge.yaml:1:1 does not exist; create it, or name another file\n1 fault',
    });
  });

  it('knows what is registered already', async () => {
    await runCommand(
      devicesCommand(),
      'import',
      join(dir, 'campus.yaml'),
      '--config',
      join(dir, 'edge.yaml'),
    );
    write('campus.yaml', 'slots: [{ id: s, name: 位, place: c }]\n');
    expect((await check()).code).toBe(0);
  });

  it('names a damaged site.db', async () => {
    write('data/site.db', 'damaged '.repeat(1_000));
    const { code, err } = await check();
    expect(code).toBe(78);
    expect(err).toMatch(/^data\/site\.db:1:1 is damaged \(.*\); restore a backup/);
  });

  it('names the faults of the site import beside those of edge.yaml', async () => {
    write('edge.yaml', `${edge}log: { level: loud }\n`);
    write(
      'campus.yaml',
      'slots: [{ id: s, name: 位, place: p }]\ndevices: [{ id: d, name: 模块, profile: io.wird }]\n',
    );
    const { code, err } = await check();
    expect(code).toBe(78);
    expect(err).toContain('edge.yaml:9:15 log.level: must be');
    expect(err).toContain('campus.yaml:1:34 slots[0].place: there is no place "p"');
    expect(err).toContain('there is no profile "io.wird"; did you mean "io.wired"?');
    expect(err).toMatch(/\n3 faults$/);
  });

  it('makes up no faults of profiles or registered places where their folders are not known', async () => {
    write('campus.yaml', 'devices: [{ id: d, name: 模块, profile: site.own }]\n');
    write('edge.yaml', edge.replace('dir: profiles', 'dir: nowhere'));
    expect((await check()).err).toMatch(/^edge\.yaml:8:18 profiles\.dir: [^\n]*\n1 fault$/);
    write('edge.yaml', edge.replace('data_dir: data', 'data_dir: 3'));
    expect((await check()).err).toMatch(/^edge\.yaml:7:11 data_dir: [^\n]*\n1 fault$/);
  });
});
