import { connectAsync, type MqttClient } from 'mqtt';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import { lanUrl, startBrowser } from '../simulators/browser.ts';
import { type Gateway, type Session, signIn, startGateway, testSite } from '../simulators/gateway.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const { dir, remove } = tempDir('command-siren');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

interface Heard {
  topic: string;
  payload: unknown;
  retain: boolean;
  qos: number;
}

/** What a zigbee2mqtt with a siren is told. */
function hear(client: MqttClient): Heard[] {
  const heard: Heard[] = [];
  client.on('message', (topic, payload, { retain, qos }) => {
    heard.push({ topic, payload: JSON.parse(payload.toString()), retain, qos });
  });
  return heard;
}

async function records(session: Session): Promise<unknown[]> {
  const { body } = await session.call('GET', '/api/v1/events?type=DEV.OUTPUT');
  return (body as { events: { event: CloudEvent }[] }).events.map(({ event }) => event.data.data);
}

const sirenOn = { warning: expect.objectContaining({ mode: 'emergency', duration: 20 }) };

describeWithPeer('mosquitto', 'a siren behind the site’s own mosquitto', () => {
  const place = { id: 'campus', kind: 'campus', name: '历下测试小学' };
  const site = {
    places: [place],
    slots: [{ id: 'siren', name: '警号', place: 'campus' }],
    devices: [
      { id: 'z2m', name: 'Zigbee 网桥', profile: 'zigbee2mqtt.bridge', key: 'zigbee2mqtt' },
      { id: 'siren', name: '警号', profile: 'zigbee2mqtt.device', slot: 'siren', bridge: 'z2m' },
    ],
    users: [
      { user: 'leader', name: '李班长', role: 'shift-leader', password: passwords.leader },
      { user: 'installer', name: '王工', role: 'installer', password: passwords.installer },
    ],
  };

  async function gatewayOf(name: string, port: number): Promise<{ gateway: Gateway; leader: Session }> {
    const gateway = await startGateway({
      dir: `${dir}/${name}`,
      config: {
        site: { ...testSite, gateway: name, import: 'campus.yaml' },
        brokers: [
          {
            name: 'site',
            url: `mqtt://127.0.0.1:${port}`,
            subscribe: ['zigbee2mqtt/#'],
            lease: { name: 'campus', takeover_s: 6 },
          },
        ],
      },
      site,
    });
    stops.push(() => gateway.process.stop());
    return { gateway, leader: await signIn(gateway.url, 'leader', passwords.leader) };
  }

  const sound = (leader: Session) =>
    leader.call('POST', '/api/v1/devices/siren/commands/siren_on', { args: { duration: 20 } });

  test('is sounded by the gateway that works, refused by the one that stands by, and never sounds later', {
    timeout: 240_000,
  }, async () => {
    // a broker that would keep QoS 0 messages for sessions that are away
    const user = process.getuid?.() === 0 ? ['user root'] : [];
    const mosquitto = await startMosquitto(requirePeer('mosquitto'), dir, {
      extra: ['queue_qos0_messages true', ...user],
      verbose: false,
    });
    stops.push(() => mosquitto.process.stop());
    const z2m = await connectAsync(mosquitto.url, { clientId: 'zigbee2mqtt', reconnectPeriod: 200 });
    stops.push(() => z2m.endAsync(true));
    await z2m.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
    const heard = hear(z2m);

    const first = await gatewayOf('gw-a', mosquitto.port);
    await first.gateway.process.line((line) => line.includes('this gateway works for the broker'), 60_000);
    await first.gateway.process.line((line) => line.includes('connected to the external broker'), 60_000);
    const second = await gatewayOf('gw-b', mosquitto.port);
    await second.gateway.process.line((line) => line.includes('this one stands by'), 60_000);

    expect(await sound(first.leader)).toMatchObject({ status: 200, body: { result: 'sent' } });
    await waitFor('the siren', () => heard.length > 0);
    expect(heard).toEqual([{ topic: 'zigbee2mqtt/siren/set', payload: sirenOn, retain: false, qos: 0 }]);
    expect(await records(first.leader)).toMatchObject([
      { command: 'siren_on', args: { duration: 20 }, actor: 'leader', result: 'sent' },
    ]);
    // what we sent comes back to us, and is no message of an unknown device
    const installer = await signIn(first.gateway.url, 'installer', passwords.installer);
    expect((await installer.call('GET', '/api/v1/inbox')).body).toMatchObject({ entries: [] });

    expect(await sound(second.leader)).toMatchObject({
      status: 409,
      body: { code: 'not-possible', detail: expect.stringContaining('备用') },
    });
    expect(await records(second.leader)).toMatchObject([{ result: 'failed', reason: 'standby' }]);

    // the broker goes: nothing is kept for its return
    await mosquitto.process.kill();
    await first.gateway.process.line((line) => line.includes('external broker: '), 60_000);
    expect(await sound(first.leader)).toMatchObject({
      status: 409,
      body: { code: 'not-possible', detail: expect.stringContaining('未连接') },
    });
    expect((await records(first.leader))[0]).toMatchObject({ result: 'failed', reason: 'not-connected' });
    const from = first.gateway.process.lines.length;
    const again = await startMosquitto(requirePeer('mosquitto'), dir, {
      port: mosquitto.port,
      extra: user,
      verbose: false,
    });
    stops.push(() => again.process.stop());
    await waitFor(
      'the gateway to connect again',
      () =>
        first.gateway.process.lines
          .slice(from)
          .some((line) => line.includes('connected to the external broker')),
      90_000,
    );
    await waitFor('zigbee2mqtt to connect again', () => z2m.connected);
    expect(
      await waitFor(
        'a command that is taken',
        async () => {
          const answer = await sound(first.leader);
          return answer.status === 200 ? answer : undefined;
        },
        30_000,
        500,
      ),
    ).toMatchObject({ body: { result: 'sent' } });
    await waitFor('the siren again', () => heard.length > 1);
    expect(heard).toHaveLength(2);
  });
});

describeWithPeer('chromium', 'a siren from the console', () => {
  async function open(page: Page, url: string, user: string, password: string): Promise<void> {
    await page.goto(lanUrl(url));
    // no administrator yet, but the people of the site import may work
    await page.click('[data-action=sign-in-instead]');
    await page.fill('[name=user]', user);
    await page.fill('[name=password]', password);
    await page.fill('[name=station]', '值班室');
    await page.click('[data-form=sign-in] button[type=submit]');
    await page.waitForSelector('[data-alarms]');
    await page.click('[data-page-link=devices]');
    await page.click('[data-device=lab-smoke-1] [data-action=control]');
    await page.click('[data-command=siren_on]');
    await page.fill('[name=arg-duration]', '20');
  }

  test('the shift leader sounds it alone, and the real client receives it; a guard is asked for the leader’s sign-in', {
    timeout: 180_000,
  }, async () => {
    const gateway = await startGateway({ dir: `${dir}/console`, site: testCampus(1) });
    stops.push(() => gateway.process.stop());
    const z2m = await connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
      clientId: 'zigbee2mqtt',
      username: 'z2m',
      password: passwords.bridge,
    });
    stops.push(() => z2m.endAsync(true));
    await z2m.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
    const heard = hear(z2m);
    const browser = await startBrowser({ program: requirePeer('chromium') });
    stops.push(() => browser.close());
    const page = await browser.page();
    page.setDefaultTimeout(30_000);

    await open(page, gateway.url, 'leader', passwords.leader);
    expect(await page.locator('[name=second-user]').count()).toBe(0);
    await page.click('[data-dialog=commands] [data-action=submit]');
    await page.waitForSelector('[data-sent]');
    await waitFor('the siren', () => heard.length > 0);
    expect(heard).toEqual([{ topic: 'zigbee2mqtt/lab_smoke/set', payload: sirenOn, retain: false, qos: 0 }]);
    await page.click('[data-dialog=commands] [data-action=submit]');
    await page.click('[data-action=sign-out]');

    await open(page, gateway.url, 'guard', passwords.guard);
    // the form itself asks for the leader first
    await page.click('[data-dialog=commands] [data-action=submit]');
    expect(await page.locator('[name=second-user]:invalid').count()).toBe(1);
    await page.fill('[name=second-user]', 'leader');
    await page.fill('[name=second-password]', 'not the password');
    await page.click('[data-dialog=commands] [data-action=submit]');
    await page.waitForSelector('[data-dialog=commands] [role=alert]');
    expect(heard).toHaveLength(1);
    await page.fill('[name=second-password]', passwords.leader);
    await page.click('[data-dialog=commands] [data-action=submit]');
    await page.waitForSelector('[data-sent]');
    await waitFor('the siren again', () => heard.length > 1);

    const leader = await signIn(gateway.url, 'leader', passwords.leader);
    expect(await records(leader)).toMatchObject([
      {
        command: 'siren_on',
        actor: 'guard',
        role: 'guard',
        second: 'leader',
        station: '值班室',
        result: 'sent',
      },
      { command: 'siren_on', actor: 'leader', role: 'shift-leader', station: '值班室', result: 'sent' },
    ]);
    expect(heard).toHaveLength(2);
  });
});
