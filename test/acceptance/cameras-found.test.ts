import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import type { DeviceCommand } from '../../contract/command.ts';
import { cli } from '../simulators/cli.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { startCamera } from '../simulators/onvif/camera.ts';
import type { SimulatedCamera } from '../simulators/onvif/types.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('cameras-found');
const stops: Array<() => Promise<unknown> | unknown> = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

const people = { leader: 'leader-in-the-test', installer: 'installer-in-the-test' };
const site = {
  places: [
    { id: 'campus', kind: 'campus', name: '校园' },
    { id: 'gate', kind: 'building', name: '南门', parent: 'campus' },
  ],
  users: [
    { user: 'leader', name: '李班长', role: 'shift-leader', password: people.leader },
    { user: 'installer', name: '王工', role: 'installer', password: people.installer },
  ],
};

interface FoundAnswer {
  state: string;
  devices: Array<{
    id: string;
    url: string;
    registered?: { device: string; is: string };
    trial?: { verdict: string };
  }>;
}

describe('cameras that nobody told the gateway of', () => {
  let camera: SimulatedCamera;
  let controller: SimulatedCamera;
  let gateway: Gateway;
  let installer: Session;
  let leader: Session;
  let found: FoundAnswer;

  beforeAll(async () => {
    camera = await startCamera({ password: '相机的密码-1', serial: 'SN-9' });
    controller = await startCamera({ kind: 'access-controller', doors: [{ token: '007', name: '正门' }] });
    stops.push(
      () => camera.stop(),
      () => controller.stop(),
    );
    gateway = await startGateway({ dir, site, config: { onvif: { answer_timeout_s: 1.5 } } });
    stops.push(() => gateway.process.stop());
    installer = await signIn(gateway.url, 'installer', people.installer);
    leader = await signIn(gateway.url, 'leader', people.leader);
  }, 60_000);

  async function search(...cameras: SimulatedCamera[]): Promise<FoundAnswer> {
    const ports = cameras.map(({ port }) => port);
    const begun = await installer.call('POST', '/api/v1/discovery', { cidr: ['127.0.0.1'], ports });
    expect(begun.status).toBe(200);
    let answer = begun.body as FoundAnswer;
    await waitFor('the search', async () => {
      if (answer.state !== 'running') return true;
      answer = (await installer.call('GET', '/api/v1/discovery')).body as FoundAnswer;
      return false;
    });
    return answer;
  }

  const foundAt = (url: string) => found.devices.find((one) => one.url === url);

  test('are found, tried, registered, and heard at once', async () => {
    found = await search(camera, controller);
    const one = foundAt(camera.url);
    expect(one?.trial).toMatchObject({ verdict: 'no-user' });
    const path = `/api/v1/discovery/${one?.id}`;
    const wrong = await installer.call('POST', `${path}/try`, { user: camera.user, password: 'wrong' });
    expect(wrong.body).toMatchObject({ trial: { verdict: 'refused' } });
    expect(camera.stats().refused).toBe(1);
    const right = { user: camera.user, password: camera.password };
    const tried = await installer.call('POST', `${path}/try`, right);
    expect(tried.body).toMatchObject({
      trial: { verdict: 'accepted' },
      facts: { serial: 'SN-9', pullPoint: true },
    });
    const adopted = await installer.call('POST', `${path}/adopt`, {
      ...right,
      name: '南门枪机',
      place: 'gate',
    });
    expect(adopted).toMatchObject({ status: 201, body: { device: { id: 'cam-1' } } });
    expect(JSON.stringify(adopted.body)).not.toContain(camera.password);
    await waitFor(
      'its event channel',
      async () => {
        const { body } = await installer.call('GET', '/api/v1/devices/cam-1');
        return (body as { status?: { channel?: { state: string } } }).status?.channel?.state === 'ok';
      },
      30_000,
    );
    expect((await installer.call('GET', '/api/v1/discovery')).body).toMatchObject({
      devices: expect.arrayContaining([
        expect.objectContaining({ registered: { device: 'cam-1', is: 'here' } }),
      ]),
    });
  });

  test('move, and are taken over at their new address', async () => {
    await camera.move();
    found = await search(camera, controller);
    const one = foundAt(camera.url);
    // over HTTP alone it is known by its serial number, which it tells to those it knows
    const right = { user: camera.user, password: camera.password };
    const { body } = await installer.call('POST', `/api/v1/discovery/${one?.id}/try`, right);
    expect(body).toMatchObject({ registered: { device: 'cam-1', is: 'moved' } });
    expect((await installer.call('POST', `/api/v1/discovery/${one?.id}/move`)).status).toBe(200);
    await waitFor('its event channel', async () => camera.stats().subscriptions === 1, 30_000);
  });

  test('do what they are told, once, and what came of it is on record', async () => {
    const { user, password } = controller;
    const path = `/api/v1/discovery/${foundAt(controller.url)?.id}`;
    await installer.call('POST', `${path}/try`, { user, password });
    await installer.call('POST', `${path}/adopt`, {
      user,
      password,
      name: '门禁',
      place: 'gate',
      profile: 'onvif.access',
    });
    const device = (
      (await installer.call('GET', '/api/v1/devices')).body as {
        devices: Array<{ id: string; name: string }>;
      }
    ).devices.find(({ name }) => name === '门禁')?.id;
    const commands = `/api/v1/devices/${device}/commands`;
    await waitFor(
      'the choices',
      async () => {
        const { body } = await leader.call('GET', commands);
        const list = (
          body as { commands: Array<{ name: string; args: Record<string, { choices?: unknown }> }> }
        ).commands;
        return list.find(({ name }) => name === 'door_access')?.args.door?.choices !== undefined;
      },
      30_000,
    );
    const { body } = await leader.call('GET', commands);
    const names = (body as { commands: Array<{ name: string }> }).commands.map(({ name }) => name);
    expect(names).toContain('door_lock_down');
    // it has none
    expect(names).not.toContain('relay_on');
    const open = (name: string) => leader.call('POST', `${commands}/${name}`, { args: { door: '007' } });
    expect(await open('door_access')).toMatchObject({ status: 200, body: { result: 'done' } });
    await open('door_lock_down');
    const refused = await open('door_unlock');
    expect(refused).toMatchObject({ status: 409, body: { code: 'not-possible' } });
    controller.fault('hang', { operations: ['LockDownReleaseDoor'] });
    const silent = await open('door_lock_down_release');
    expect(silent).toMatchObject({ status: 503, body: { code: 'not-ready' } });
    expect(controller.stats().commands.map(({ operation }) => operation)).toEqual([
      'AccessDoor',
      'LockDownDoor',
      'UnlockDoor',
    ]);
    expect(controller.stats().requests.LockDownReleaseDoor).toBe(1);
    const { body: events } = await leader.call('GET', '/api/v1/events?type=DEV.OUTPUT');
    const results = (events as { events: { event: CloudEvent }[] }).events
      .map(({ event }) => event.data.data as unknown as DeviceCommand)
      .filter(({ command }) => command?.startsWith('door_'));
    expect(results.map(({ result, reason }) => [result, reason]).reverse()).toEqual([
      ['done', undefined],
      ['done', undefined],
      ['failed', 'device-refused'],
      ['unanswered', 'no-answer'],
    ]);
    expect(results.find(({ reason }) => reason === 'device-refused')?.answer).toContain('LockedDown');
  }, 40_000);

  test('no password of a device is in a log or an answer', async () => {
    const log = gateway.process.lines.join('\n');
    for (const { password } of [camera, controller]) expect(log).not.toContain(password);
  });

  test('devices discover tells the same at the command line', async () => {
    // TP-Link's port, which is asked at each address
    const hidden = await startCamera({ host: '127.0.0.77', port: 2020, serial: 'SN-CLI' });
    stops.push(() => hidden.stop());
    writeFileSync(join(dir, 'password'), `${hidden.password}\n`);
    const args = ['devices', 'discover', '--config', gateway.configFile, '--json'];
    const credentials = ['--user', hidden.user, '--password-file', join(dir, 'password')];
    const ran = await cli([...args, '--cidr', '127.0.0.77', ...credentials]);
    expect(ran.code).toBe(0);
    const { devices } = JSON.parse(ran.stdout) as { devices: Array<{ url: string }> };
    expect(devices.find(({ url }) => url === hidden.url)).toMatchObject({
      trial: { verdict: 'accepted' },
      facts: { serial: 'SN-CLI', inputs: ['DI-1'] },
    });
    expect(hidden.stats().refused).toBe(0);
    const refused = await cli([...args, '--cidr', '8.8.8.0/24']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('private') });
  }, 30_000);
});
