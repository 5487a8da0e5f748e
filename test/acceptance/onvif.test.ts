import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../simulators/cli.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { startCamera } from '../simulators/onvif/camera.ts';
import type { SimulatedCamera } from '../simulators/onvif/types.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('onvif');
const stops: Array<() => Promise<unknown> | unknown> = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

const PASSWORD = '相机的密码-1';
const people = { guard: 'guard-in-the-test', installer: 'installer-in-the-test' };
let camera: SimulatedCamera;
let gateway: Gateway;
let installer: Session;
let live: LiveClient;

const press = (state: 'true' | 'false') =>
  camera.emit({
    topic: 'tns1:Device/Trigger/DigitalInput',
    operation: 'Changed',
    source: { InputToken: 'in-7' },
    data: { LogicalState: state },
  });

function campus(): Record<string, unknown> {
  return {
    places: [{ id: 'campus', kind: 'campus', name: '校园' }],
    slots: [{ id: 'gate-panic', name: '校门一键报警', place: 'campus', lifeSafety: true }],
    devices: [
      {
        id: 'cam-gate',
        name: '校门枪机',
        profile: 'onvif.camera',
        slot: 'gate-panic',
        inputs: { 'in-7': { means: 'panic', slot: 'gate-panic' } },
        onvif: { url: camera.url, user: camera.user, password_file: 'secrets/cam-gate' },
      },
    ],
    users: [
      { user: 'guard', name: '张值班', role: 'guard', password: people.guard },
      { user: 'installer', name: '王工', role: 'installer', password: people.installer },
    ],
  };
}

interface DeviceAnswer {
  status?: { state: string; channel?: { state: string; reason?: string } };
}

async function channel(session: Session): Promise<NonNullable<DeviceAnswer['status']>['channel']> {
  const { body } = await session.call('GET', '/api/v1/devices/cam-gate');
  return (body as DeviceAnswer).status?.channel;
}

describe('a camera at a real gateway, with the times of a campus', () => {
  beforeAll(async () => {
    camera = await startCamera({ password: PASSWORD, authentication: 'either', inputs: ['in-7'] });
    stops.push(() => camera.stop());
    mkdirSync(join(dir, 'secrets'), { recursive: true });
    writeFileSync(join(dir, 'secrets/cam-gate'), `${PASSWORD}\n`);
    gateway = await startGateway({ dir, site: campus() });
    stops.push(() => gateway.process.stop());
    installer = await signIn(gateway.url, 'installer', people.installer);
    live = await LiveClient.connect(await signIn(gateway.url, 'guard', people.guard));
    stops.push(() => live.close());
  }, 60_000);

  test('a press at its digital input reaches the live feed as an alarm', async () => {
    await waitFor('the event channel', async () => (await channel(installer))?.state === 'ok', 30_000);
    const began = performance.now();
    press('true');
    const { at, event } = await live.event('the press', ({ type }) => type === 'EMG.PANIC');
    console.log(`digital input to live feed: ${Math.round(at - began)} ms`);
    expect(event).toMatchObject({ subject: 'gate-panic' });
    expect(await live.alarm('the press', ({ type }) => type === 'EMG.PANIC')).toMatchObject({
      severity: 1,
      condition: 'active',
      device: 'cam-gate',
    });
    expect(at - began).toBeLessThan(2_000);
  });

  test('a dead event channel of a camera that answers is DEV.SILENT within 30 s, and over when it is mended', async () => {
    const began = performance.now();
    camera.fault('hang', {
      operations: ['PullMessages', 'CreatePullPointSubscription', 'SetSynchronizationPoint'],
    });
    camera.cutConnections();
    const silent = (edge: string) =>
      live.event(`DEV.SILENT ${edge}`, (one) => one.type === 'DEV.SILENT' && one.edge === edge, 60_000);
    const { at, event } = await silent('raise');
    console.log(`dead event channel to DEV.SILENT: ${((at - began) / 1_000).toFixed(1)} s`);
    expect(at - began).toBeLessThan(30_000);
    expect(JSON.stringify(event)).toContain('sends no events');
    const { body } = await installer.call('GET', '/api/v1/devices');
    expect(JSON.stringify(body)).not.toContain('sends no events');
    expect(await channel(installer)).toMatchObject({
      state: 'silent',
      reason: expect.stringContaining('answers'),
    });
    await waitFor('the light of the cameras', () =>
      live.frames.some(
        ({ frame }) => frame.k === 'status' && frame.cameras.silent === 1 && frame.cameras.total === 1,
      ),
    );
    camera.clearFaults();
    const mended = performance.now();
    const back = await silent('clear');
    console.log(`mended to clear: ${((back.at - mended) / 1_000).toFixed(1)} s`);
    press('false');
    press('true');
    const presses = () =>
      live.events().filter(({ event: { type, edge } }) => type === 'EMG.PANIC' && edge === 'raise');
    await waitFor('the next press', () => presses().length === 2);
  }, 120_000);

  test('credentials that are refused are DEV.AUTH at once; a corrected import mends it', async () => {
    // a session that lasted: else the wait goes on growing from the faults before
    const { pulls } = camera.stats();
    await waitFor('two pulls without news', () => camera.stats().pulls > pulls + 1, 60_000);
    camera.setPassword('a new one');
    camera.cutConnections();
    const { event } = await live.event('DEV.AUTH', ({ type }) => type === 'DEV.AUTH', 20_000);
    expect(JSON.stringify(event)).toContain('check user and password');
    expect(camera.stats().refused).toBeLessThanOrEqual(2);
    writeFileSync(join(dir, 'secrets/cam-gate'), 'a new one\n');
    const imported = await cli([
      'devices',
      'import',
      join(dir, 'campus.yaml'),
      '--config',
      gateway.configFile,
    ]);
    expect(imported).toMatchObject({ code: 0 });
    await live.event(
      'the end of DEV.AUTH',
      ({ type, edge }) => type === 'DEV.AUTH' && edge === 'clear',
      60_000,
    );
  }, 120_000);

  test('the password is nowhere but in site.db, which only the gateway reads', async () => {
    const site = join(gateway.dataDir, 'site.db');
    expect(statSync(site).mode & 0o777).toBe(0o600);
    const answers = await Promise.all(
      ['/api/v1/devices', '/api/v1/devices/cam-gate', '/api/v1/site', '/api/v1/events'].map((path) =>
        installer.call('GET', path),
      ),
    );
    const exported = await cli(['devices', 'export', '--config', gateway.configFile]);
    const journal = ['journal.db', 'journal.db-wal'].map((name) =>
      readFileSync(join(gateway.dataDir, name)).toString('utf8'),
    );
    const said = [
      JSON.stringify(answers),
      exported.stdout,
      gateway.process.lines.join('\n'),
      ...journal,
    ].join('\n');
    for (const secret of [PASSWORD, 'a new one']) expect(said).not.toContain(secret);
    expect(exported.stdout).toContain(camera.url);
  }, 120_000);

  test('counters and states are in /metrics', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toMatch(/^campus_cameras_ok 1$/m);
    expect(text).toMatch(/^campus_onvif_pulls [1-9]/m);
    expect(text).toMatch(/^campus_onvif_failed_rejected [1-9]/m);
  });

  test('the subscription is ended when the gateway stops', async () => {
    await gateway.process.stop();
    await waitFor('its end', () => camera.stats().subscriptions === 0);
  });
});
