import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { cli } from '../simulators/cli.ts';
import { restartGateway, startGateway, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { testCampus } from '../simulators/test-campus.ts';

const { dir, remove } = tempDir('bad-config');
const stops: Array<() => Promise<unknown>> = [];

afterAll(async () => {
  for (const stop of stops) await stop();
  remove();
});

const faulty = `site:
  gateway: GW 01
  school: '123'
  region: '370102'
  name: 测试
mqtt:
  listeners:
    - { host: 127.0.0.1, port: abc }
consol: {}
`;

test('every fault at once with file, line and column, and exit code 78, from check-config and from start', async () => {
  const file = join(dir, 'faulty.yaml');
  writeFileSync(file, faulty);
  for (const args of [
    ['check-config', '--config', file],
    ['start', '--config', file],
  ]) {
    const { code, stderr } = await cli(args);
    expect(code, args[0]).toBe(78);
    for (const place of [':2:12', ':3:11', ':8:32', ':9:1'])
      expect(stderr, `${args[0]} ${place}`).toContain(file + place);
  }
});

test('a running gateway keeps its last good configuration, and says what is wrong with the new one', async () => {
  const home = join(dir, 'running');
  mkdirSync(home);
  const gateway = await startGateway({ dir: home, site: testCampus(1) });
  stops.push(() => gateway.process.stop());
  const good = readFileSync(gateway.configFile, 'utf8');
  writeFileSync(gateway.configFile, faulty);
  gateway.process.child.kill('SIGHUP');
  const line = await gateway.process.line((text) => text.includes('last good one stays'));
  expect(line).toContain('edge.yaml:2:12');
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  writeFileSync(gateway.configFile, good);
});

test('what needs a restart is named as long as the file differs from what runs, and no longer', async () => {
  const home = join(dir, 'pending');
  mkdirSync(home);
  const { process, configFile } = await startGateway({ dir: home, site: testCampus(1) });
  stops.push(() => process.stop());
  const good = readFileSync(configFile, 'utf8');
  const answers = () =>
    process.lines
      .filter((text) => text.includes('configuration read'))
      .map((text) => text.includes('"keys"'));
  const reload = async (text: string, answer: number) => {
    writeFileSync(configFile, text);
    process.child.kill('SIGHUP');
    await vi.waitFor(() => expect(answers()).toHaveLength(answer), 10_000);
  };
  const other = `${good}profiles: {}\nstorage: { retention_days: 200 }\n`;
  await reload(other, 1);
  await reload(other, 2);
  await reload(good, 3);
  expect(answers()).toEqual([true, true, false]);
});

test('a campus whose site import was broken by an edit is protected by the site as registered', async () => {
  const home = join(dir, 'import');
  const site = testCampus(1);
  const first = await startGateway({ dir: home, site });
  await first.process.stop();
  writeGatewayConfig({ dir: home, site: { ...site, devices: [{ id: 'x', name: 'x', profile: 'no.such' }] } });
  const again = await restartGateway(first.configFile);
  stops.push(() => again.process.stop());
  expect(again.process.lines.join('\n')).toMatch(/campus\.yaml:\d+:\d+ devices\[0\]\.profile/);
  expect((await fetch(`${again.url}/healthz`)).status).toBe(200);
});

test('a first start with a broken site import exits with 78', async () => {
  const home = join(dir, 'first');
  const file = writeGatewayConfig({
    dir: home,
    site: { devices: [{ id: 'x', name: 'x', profile: 'no.such' }] },
  });
  const { code, stderr } = await cli(['start', '--config', file]);
  expect(code).toBe(78);
  expect(stderr).toMatch(/campus\.yaml:\d+:\d+ devices\[0\]\.profile/);
});
