import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadEdgeConfig } from '../../config/edge.ts';
import { packageFile } from '../../contract/package-root.ts';
import type { Site } from '../../contract/site.ts';
import { checkConfig } from '../../edge/cli/check-config.ts';

const campus = readFileSync(packageFile('config', 'campus.example.yaml'), 'utf8');
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'examples-'));
  copyFileSync(packageFile('config', 'edge.example.yaml'), join(dir, 'edge.yaml'));
  copyFileSync(packageFile('config', 'campus.example.yaml'), join(dir, 'campus.yaml'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('the examples in config/', () => {
  it('say which password files to make', async () => {
    const faults = await checkConfig(join(dir, 'edge.yaml'));
    expect(faults.length).toBeGreaterThan(0);
    for (const { message } of faults) expect(message).toMatch(/^"secrets\/[a-z0-9-]+" does not exist$/);
  });

  it('have no faults once the passwords of their heading are made', async () => {
    mkdirSync(join(dir, 'secrets'));
    const users = /for user in (.*); do/.exec(campus)?.[1]?.split(' ') ?? [];
    for (const user of users) writeFileSync(join(dir, 'secrets', user), 'a-generated-password\n');
    expect(await checkConfig(join(dir, 'edge.yaml'))).toEqual([]);
  });

  it('name real defaults', () => {
    const loaded = loadEdgeConfig(join(dir, 'edge.yaml'));
    expect(loaded).toMatchObject({
      value: {
        mqtt: { max_payload: 262_144 },
        storage: { reserve_mib: 64, retention_days: 180 },
      },
    });
  });

  it('hold a campus with both device families and private rooms', () => {
    const site = parse(campus) as Site;
    expect(new Set(site.devices.map(({ profile }) => profile))).toEqual(
      new Set(['io.wired', 'zigbee2mqtt.bridge', 'zigbee2mqtt.device']),
    );
    expect(site.places.filter((place) => place.private).length).toBeGreaterThan(1);
    const meanings = site.devices.flatMap(({ inputs }) =>
      Object.values(inputs ?? {}).map(({ means }) => means),
    );
    expect(meanings).toEqual(expect.arrayContaining(['panic', 'smoke', 'door', 'fence', 'tamper']));
  });
});
