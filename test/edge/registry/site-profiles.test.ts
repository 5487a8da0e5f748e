import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalogue } from '../../../device-profiles/catalogue.ts';
import { SiteProfiles } from '../../../edge/registry/site-profiles.ts';

let builtin: string;
let site: string;
let profiles: SiteProfiles;
let changes: number;

const text = (id: string, version = 1) =>
  `id: ${id}\nversion: ${version}\nmatch: [{ topic: "acme/{device}" }]\nmap:\n  - { when: { path: smoke, in: [true] }, emit: { type: FIR.SMOKE, edge: raise } }\nsamples:\n  - { topic: acme/1, payload: { smoke: true }, expect: { status: mapped, events: [{ type: FIR.SMOKE }] } }\n`;

beforeEach(() => {
  builtin = mkdtempSync(join(tmpdir(), 'builtin-'));
  site = mkdtempSync(join(tmpdir(), 'site-'));
  writeFileSync(join(builtin, 'a.yaml'), text('acme.smoke'));
  profiles = new SiteProfiles(Catalogue.load({ builtin, site }).catalogue, { builtin, site });
  changes = 0;
  profiles.onChange(() => changes++);
});

afterEach(() => {
  for (const dir of [builtin, site]) rmSync(dir, { recursive: true, force: true });
});

test('a profile put into the folder by hand is there after a reload, and hides a built-in one of its id', () => {
  writeFileSync(join(site, 'b.yaml'), text('acme.smoke', 2));
  writeFileSync(join(site, 'c.yaml'), text('acme.door'));
  expect(profiles.reload()).toEqual([]);
  expect(profiles.get('acme.smoke')).toMatchObject({ version: 2, origin: 'site' });
  expect(profiles.get('acme.door')).toBeDefined();
  expect(changes).toBe(1);
  rmSync(join(site, 'b.yaml'));
  profiles.reload();
  expect(profiles.get('acme.smoke')).toMatchObject({ version: 1, origin: 'builtin' });
});

test('a profile that was spoilt keeps serving its devices as it was, and the fault is named', () => {
  writeFileSync(join(site, 'c.yaml'), text('acme.door'));
  profiles.reload();
  writeFileSync(join(site, 'c.yaml'), text('acme.door').replace('FIR.SMOKE', 'FIR.SMOK'));
  expect(profiles.reload()).toMatchObject([{ file: join(site, 'c.yaml') }]);
  expect(profiles.get('acme.door')).toBeDefined();
});

test('a proposed profile is added and taken back, and never written over another', () => {
  expect(profiles.add('ha.one', text('ha.one'))).toBeUndefined();
  expect(profiles.get('ha.one')).toMatchObject({ origin: 'site' });
  expect(profiles.add('ha.one', text('ha.one'))).toBe('taken');
  expect(profiles.add('ha.two', 'id: ha.two')).toMatchObject({ faults: expect.any(Array) });
  profiles.remove('ha.one');
  expect(profiles.get('ha.one')).toBeUndefined();
  expect(Catalogue.load({ builtin, site }).catalogue.get('ha.one')).toBeUndefined();
});
