import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Registry } from '../../../edge/registry/registry.ts';
import { type Workspace, workspace } from './campus.ts';

let at: Workspace;
let registry: Registry;
const file = (name: string) => join(at.dir, name);

beforeEach(async () => {
  at = workspace();
  registry = await at.open();
});
afterEach(() => registry.close());

const url = 'http://192.0.2.10/onvif/device_service';
const camera = (onvif: string) =>
  `devices: [{id: cam, name: 枪机, profile: onvif.camera, onvif: {${onvif}}}]\n`;
const profiles = {
  ids: new Set(['onvif.camera', 'io.wired']),
  sourceOf: (id: string) => (id === 'onvif.camera' ? 'onvif' : 'mqtt'),
  check: () => [],
};

async function take(text: string, options: { replace?: boolean } = {}) {
  const result = await registry.importFile(at.write(text), { profiles, ...options });
  if ('faults' in result)
    return result.faults.map(({ path, message, hint }) => `${path}: ${message}; ${hint}`);
  const { added, changed, removed, unchanged } = result.report.devices;
  return { added, changed, removed, unchanged };
}

describe('the password of a camera', () => {
  test('is read from its file, kept beside the site, and in no view of it', async () => {
    writeFileSync(file('pw'), '密 码\n');
    expect(await take(camera(`url: "${url}", user: admin, password_file: pw`))).toMatchObject({
      added: ['cam'],
    });
    expect(registry.secretOf('cam')).toBe('密 码');
    expect(registry.device('cam')?.onvif).toEqual({ url, user: 'admin' });
    expect(JSON.stringify(registry.site())).not.toContain('密 码');
    const mode = statSync(file('site.db')).mode & 0o777;
    expect(mode.toString(8)).toBe('600');
    expect(statSync(file('site.db-wal')).mode & 0o077).toBe(0);
  });

  test('outlives a restart, changes with its file, and stays where an import does not name it', async () => {
    writeFileSync(file('pw'), 'one\n');
    const text = camera(`url: "${url}", user: admin, password_file: pw`);
    await take(text);
    await registry.close();
    registry = await Registry.open({ file: file('site.db'), logger: pino({ level: 'silent' }) });
    expect(registry.secretOf('cam')).toBe('one');
    expect(await take(text)).toMatchObject({ changed: [], unchanged: 1 });
    writeFileSync(file('pw'), 'two\n');
    expect(await take(text)).toMatchObject({ changed: ['cam'] });
    expect(registry.secretOf('cam')).toBe('two');
    expect(await take(camera(`url: "${url}2", user: admin`))).toMatchObject({ changed: ['cam'] });
    expect(registry.secretOf('cam')).toBe('two');
    expect(await take(camera(`url: "${url}"`))).toMatchObject({ changed: ['cam'] });
    expect(registry.secretOf('cam')).toBeUndefined();
  });

  test('goes with its device', async () => {
    await take(camera(`url: "${url}", user: admin, password: secret`));
    expect(await take('devices: []\n', { replace: true })).toMatchObject({ removed: ['cam'] });
    expect(registry.secretOf('cam')).toBeUndefined();
    await registry.close();
    expect(readFileSync(file('site.db')).toString('latin1')).not.toContain('device_secretcam');
    registry = await at.open();
  });

  test.each([
    ['user: admin', /onvif.user: "admin" is new here and has no password; add password_file/],
    ['password: x', /onvif.password: is given without user; add user/],
    ['user: a, password: x, password_file: pw', /onvif.password_file: is given beside password/],
    ['user: a, password_file: nowhere', /onvif.password_file: "nowhere" does not exist/],
    ['user: a, password: x, tls: {ca_file: pw}', /tls.ca_file: "pw" holds no certificate/],
    ['user: a, password: x, rtsp: {main: "rtsp://u:p@192.0.2.1/x"}', /rtsp.main: must be rtsp:/],
  ])('faults are named: %s', async (more, fault) => {
    writeFileSync(file('pw'), 'x\n');
    expect(String(await take(camera(`url: "${url}", ${more}`)))).toMatch(fault);
  });

  test.each(['http://u:p@192.0.2.10/onvif', 'ftp://192.0.2.10/x', '192.0.2.10', 'http://192.0.2.10'])(
    'an address that is none: %s',
    async (bad) => {
      expect(String(await take(camera(`url: "${bad}"`)))).toMatch(/onvif.url: must be http/);
    },
  );
});

test('a profile and the way to its device belong together', async () => {
  const wired = `devices: [{id: cam, name: x, profile: io.wired, onvif: {url: "${url}"}}]\n`;
  expect(String(await take(wired))).toMatch(/profile: "io.wired" does not read ONVIF/);
  const nowhere = 'devices: [{id: cam, name: x, profile: onvif.camera}]\n';
  expect(String(await take(nowhere))).toMatch(/onvif: is missing; "onvif.camera" reads ONVIF/);
});
