import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { devicesCommand } from '../../../edge/cli/devices.ts';
import { runCommand } from './run-command.ts';

const edge = `site:
  gateway: gw-01
  school: "4137010001"
  region: "370102"
  name: 示例大学
data_dir: data
`;

const root = mkdtempSync(join(tmpdir(), 'devices-command-'));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'site-'));
  write('edge.yaml', edge);
});
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(dir, name), text);
}

describe('devices', () => {
  const site = `places: [{ id: c, kind: campus, name: 东校区 }, { id: gate, kind: point, name: 东门, parent: c }]
slots: [{ id: gate-panic, name: 东门一键报警, place: gate, armed: always }]
credentials: [{ user: io-1, password: a-password }]
devices:
  - { id: io-1, name: 东门模块, profile: io.wired, user: io-1, inputs: { 1: { slot: gate-panic, means: panic } } }
`;
  const devices = (...args: string[]) =>
    runCommand(devicesCommand(), ...args, '--config', join(dir, 'edge.yaml'));

  beforeEach(() => write('campus.yaml', site));

  it('are imported, listed, shown and exported', async () => {
    const dry = await devices('import', join(dir, 'campus.yaml'), '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.out).toContain('+ devices io-1');
    expect(dry.out).toContain('dry run: nothing was changed');
    expect(JSON.parse((await devices('list', '--json')).out)).toEqual([]);

    const imported = JSON.parse((await devices('import', join(dir, 'campus.yaml'), '--json')).out);
    expect(imported).toMatchObject({ ok: true, dryRun: false, report: { devices: { added: ['io-1'] } } });
    expect((await devices('list')).out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
      ['id', 'name', 'profile', 'key'],
      ['io-1', '东门模块', 'io.wired', 'io-1'],
    ]);
    const shown = JSON.parse((await devices('show', 'io-1', '--json')).out);
    expect(shown).toMatchObject({
      id: 'io-1',
      key: 'io-1',
      inputs: {
        1: { means: 'panic', slot: 'gate-panic', place: '东校区 / 东门', armed: 'always', lifeSafety: false },
      },
      rights: { publish: expect.arrayContaining(['io/io-1/state']), subscribe: ['io/io-1/set'] },
    });
    const exported = (await devices('export')).out;
    expect(exported).not.toContain('a-password');
    write('again.yaml', exported);
    const again = JSON.parse((await devices('import', join(dir, 'again.yaml'), '--json')).out);
    expect(again.report.devices).toMatchObject({ added: [], changed: [], unchanged: 1 });
  });

  it('with faults are not imported', async () => {
    write('campus.yaml', site.replace('place: gate', 'place: gat'));
    const ran = await devices('import', join(dir, 'campus.yaml'));
    expect(ran.code).toBe(78);
    expect(ran.err).toContain('slots[0].place: there is no place "gat"; did you mean "gate"?');
    expect(JSON.parse((await devices('list', '--json')).out)).toEqual([]);
  });

  it('are asked for before there are any', async () => {
    const ran = await devices('list');
    expect(ran.code).toBe(1);
    expect(ran.err).toBe(
      `${join(dir, 'data', 'site.db')} does not exist; import a site first: campus-gateway devices import FILE`,
    );
  });

  it('are asked for by a wrong id', async () => {
    await devices('import', join(dir, 'campus.yaml'));
    expect(await devices('show', 'io-9')).toMatchObject({
      code: 1,
      err: 'there is no device "io-9"; see: campus-gateway devices list',
    });
  });

  it('say what to do about a damaged site.db', async () => {
    await devices('import', join(dir, 'campus.yaml'));
    writeFileSync(join(dir, 'data', 'site.db'), 'damaged '.repeat(1_000));
    for (const args of [['list'], ['import', join(dir, 'campus.yaml')]]) {
      const { code, err } = await devices(...args);
      expect(code).toBe(1);
      expect(err).toMatch(
        /data\/site\.db is damaged \(.*\); restore a backup, or move it away and import the site again$/,
      );
    }
  });

  it('are added one by one, with a slot, and named faults', async () => {
    await devices('import', join(dir, 'campus.yaml'));
    const common = ['add', '--name', '东门烟感', '--profile', 'zigbee2mqtt.device'];
    const wrong = await devices(
      ...common,
      '--key',
      'gate/smoke',
      '--place',
      'gaet',
      '--set',
      'gas_alarm=high',
    );
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('--place: there is no place "gaet"; did you mean "gate"?');
    expect(wrong.err).toContain('--set gas_alarm: must be a number');

    const added = await devices(...common, '--key', 'gate/smoke', '--place', 'gate', '--set', 'gas_alarm=30');
    expect([added.code, added.out]).toEqual([
      0,
      '+ slots gate-smoke\n+ devices gate-smoke (zigbee2mqtt.device gate/smoke)',
    ]);
    expect(JSON.parse((await devices('show', 'gate-smoke', '--json')).out)).toMatchObject({
      key: 'gate/smoke',
      settings: { gas_alarm: 30 },
      slot: 'gate-smoke',
      place: '东校区 / 东门',
    });
    const twice = await devices(...common, '--key', 'gate/smoke', '--place', 'gate');
    expect(twice.err).toContain('is the address of device "gate-smoke"');
  });

  it('get a new password that is shown once', async () => {
    await devices('import', join(dir, 'campus.yaml'));
    const first = JSON.parse((await devices('credentials', 'rotate', 'io-1', '--json')).out);
    expect(first).toMatchObject({ user: 'io-1', created: false, devices: ['io-1'] });
    const second = await devices('credentials', 'rotate', 'io-1');
    expect(second.out).toMatch(/^user {6}io-1\npassword {2}\S{23}\nshown this once/);
    expect(second.out).not.toContain(first.password);
    expect((await devices('credentials', 'rotate', 'nobody')).err).toContain('there is no device "nobody"');
  });

  describe('are replaced', () => {
    beforeEach(async () => {
      await devices('import', join(dir, 'campus.yaml'));
    });
    const shown = async (id: string) => JSON.parse((await devices('show', id, '--json')).out);

    it('by a unit with another key: what it is and where stays, its password is new and shown once', async () => {
      const replaced = await devices('replace', 'io-1', '--key', 'unit-2');
      expect(replaced.code).toBe(0);
      expect(replaced.out).toMatch(
        /^~ devices io-1: io\.wired io-1 -> io\.wired unit-2\nuser {6}io-1\npassword {2}\S{23}\nshown this once/,
      );
      expect(await shown('io-1')).toMatchObject({
        key: 'unit-2',
        name: '东门模块',
        inputs: { 1: { slot: 'gate-panic', means: 'panic' } },
        rights: { publish: expect.arrayContaining(['io/unit-2/state']) },
      });
    });

    it('by a unit of another profile, if that takes its inputs and settings', async () => {
      const wrong = await devices('replace', 'io-1', '--profile', 'io.wierd');
      expect([wrong.code, wrong.err]).toEqual([
        1,
        '--profile: there is no profile "io.wierd"; did you mean "io.wired"?',
      ]);
      const other = await devices(
        'replace',
        'io-1',
        '--profile',
        'io.kincony',
        '--key',
        'k-1',
        '--set',
        'no_such=1',
      );
      expect(other.code).toBe(1);
      expect(other.err).toContain('--set no_such: ');
      expect(await shown('io-1')).toMatchObject({ profile: 'io.wired' });
      expect((await devices('replace', 'io-1', '--profile', 'io.kincony', '--key', 'k-1')).code).toBe(0);
      expect(await shown('io-1')).toMatchObject({ profile: 'io.kincony', key: 'k-1' });
    });

    it('but not by the unit of another device, and none that is not there', async () => {
      await devices('add', '--name', 'b', '--profile', 'io.wired', '--key', 'io-2', '--place', 'gate');
      const taken = await devices('replace', 'io-1', '--key', 'io-2');
      expect([taken.code, taken.err]).toEqual([1, expect.stringContaining('--key: ')]);
      expect(await devices('replace', 'io-9', '--key', 'x')).toMatchObject({
        code: 1,
        err: 'there is no device "io-9"; see the list of devices',
      });
    });

    it('with the old password on request, and where another device uses the account too', async () => {
      expect((await devices('replace', 'io-1', '--key', 'unit-2', '--keep-password')).out).not.toContain(
        'password  ',
      );
      await devices(
        'add',
        '--name',
        'b',
        '--profile',
        'io.wired',
        '--key',
        'io-2',
        '--place',
        'gate',
        '--user',
        'io-1',
      );
      const shared = await devices('replace', 'io-1', '--key', 'unit-3');
      expect(shared.out).toContain('the password of "io-1" stays: io-2 use it too');
    });

    it('and an import of the file that names the old unit leaves the new one; one that names a third takes it', async () => {
      await devices('replace', 'io-1', '--key', 'unit-2');
      await devices('replace', 'io-1', '--key', 'unit-3');
      const again = JSON.parse((await devices('import', join(dir, 'campus.yaml'), '--json')).out);
      expect(again.report.devices).toMatchObject({ changed: [], unchanged: 1 });
      expect(await shown('io-1')).toMatchObject({ key: 'unit-3' });
      write('campus.yaml', site.replace('profile: io.wired', 'profile: io.wired, key: unit-4'));
      await devices('import', join(dir, 'campus.yaml'));
      expect(await shown('io-1')).toMatchObject({ key: 'unit-4' });
      write('campus.yaml', site);
      await devices('import', join(dir, 'campus.yaml'));
      expect(await shown('io-1')).toMatchObject({ key: 'io-1' });
    });
  });

  it('that say nothing are told as such by a test', async () => {
    await devices('import', join(dir, 'campus.yaml'));
    expect((await devices('test', 'io-9')).err).toContain('there is no device "io-9"');
    expect((await devices('test', 'io-1', '--seconds', '1')).code).toBe(1);
  });
});
