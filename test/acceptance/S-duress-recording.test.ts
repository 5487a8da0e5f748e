import { connectAsync } from 'mqtt';
import { afterAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import type { LiveFrame } from '../../contract/live.ts';
import { isLouder, isSounding } from '../../contract/sounding.ts';
import { lanUrl, startBrowser } from '../simulators/browser.ts';
import { type Session, signIn } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { freePort } from '../simulators/mosquitto.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { AlarmDesk } from './alarm-desk.ts';

const { dir, remove } = tempDir('duress');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

const silentTypes = ['EMG.DURESS', 'EMG.SILENT', 'EMG.BULLY'];
const room = 'room-io-1';
const password = 'somebody-in-the-test';

function campus() {
  const site = testCampus(2) as {
    slots: unknown[];
    users: unknown[];
    devices: { id: string; inputs?: Record<string, unknown> }[];
  };
  const module = site.devices.find(({ id }) => id === 'io-1');
  for (const [input, means] of Object.entries({ 6: 'duress', 7: 'silent', 8: 'bully' })) {
    site.slots.push({ id: `io-1-${means}`, name: means, place: room });
    if (module?.inputs) module.inputs[input] = { slot: `io-1-${means}`, means };
  }
  site.users.push({ user: 'screen', name: '值班屏', role: 'kiosk', password });
  site.users.push({ user: 'admin', name: '管理员', role: 'administrator', password });
  return site;
}

/** Everything a session can read of alarms and events, in one text. */
async function pages(session: Session, ids: readonly string[]): Promise<string> {
  const paths = [
    ...['open', 'closed', 'all'].map((state) => `/api/v1/alarms?state=${state}&limit=1000`),
    '/api/v1/events?limit=500',
    ...silentTypes.map((type) => `/api/v1/events?type=${type}`),
    '/api/v1/events?type=ALM.TRANSITION&limit=500',
    '/api/v1/events?type=SYS.UNDELIVERED',
    `/api/v1/events?place=${room}`,
    '/api/v1/status',
  ];
  // asked for by its id, the answer names the id it was asked for, and nothing else
  const byId = ids.flatMap((id) => [`/api/v1/alarms/${id}`, `/api/v1/alarms/${id}/history`]);
  const answers = await Promise.all([...paths, ...byId].map((path) => session.call('GET', path)));
  for (const { status } of answers.slice(paths.length)) expect(status).toBe(404);
  return JSON.stringify(answers.slice(0, paths.length));
}

/** A machine that is not busy has everything in place by then. */
const SETTLED_MS = 12_000;

const alarmsOf = (frame: LiveFrame): Alarm[] =>
  frame.k === 'commit' || frame.k === 'snapshot' || frame.k === 'unsaved' ? frame.alarms : [];

describeWithPeer('chromium', 'silent types', () => {
  test('while one runs nothing is shown, heard or sent in its room, and nothing anywhere is louder', {
    timeout: 180_000,
  }, async () => {
    // nobody receipts, and nobody takes it: everything that may speak up has a reason to
    const desk = await AlarmDesk.start(dir, campus(), {
      uplinks: [{ recipient: 'province', url: `mqtt://127.0.0.1:${await freePort()}` }],
      alarms: {
        undelivered_s: 0.5,
        handle_within_s: 1,
        on_scene_within_s: 1.5,
        escalation: { second_station_s: 0.5, shift_leader_s: 1, security_chief_s: 2 },
      },
    });
    stops.push(() => desk.stop());
    const began = performance.now();
    const { url, mqttPort, process: running } = desk.gateway;

    // who must not notice: the screen in the corridor, and whoever sits in the room
    const kiosk = await signIn(url, 'screen', password);
    const inRoom = await signIn(url, 'guard', passwords.guard, 'room', room);
    const installer = await signIn(url, 'installer', passwords.installer, 'room', room);
    const blind = [kiosk, inRoom, installer];
    const feeds = await Promise.all(blind.map((session) => LiveClient.connect(session)));
    const leaderFeed = await LiveClient.connect(desk.leader);
    stops.push(() => [leaderFeed, ...feeds].map((feed) => feed.close()));
    // the devices, with all that they may hear
    const heard: string[] = [];
    for (const [user, secret] of [
      ['io-1', passwords.device],
      ['io-2', passwords.device],
      ['z2m', passwords.bridge],
    ] as const) {
      const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
        username: user,
        password: secret,
        clientId: `spy-${user}`,
      });
      stops.push(() => client.endAsync(true));
      client.on('message', (topic) => heard.push(`${user}: ${topic}`));
      for (const filter of ['#', 'io/+/set', `io/${user}/set`, 'zigbee2mqtt/+/set', 'zigbee2mqtt/#'])
        await client.subscribeAsync(filter).catch(() => undefined);
    }
    // a real screen with its sound switched on
    const browser = await startBrowser({ program: requirePeer('chromium'), kiosk: true });
    stops.push(() => browser.close());
    const screen = await browser.page();
    await browser.context.addCookies([
      { name: 'cg_session', value: kiosk.cookie.split('=')[1] ?? '', url: lanUrl(url) },
    ]);
    await screen.goto(lanUrl(url));
    await screen.waitForSelector('[data-alarms]');
    const onScreen = async () => ({
      pattern: await screen.getAttribute('html', 'data-pattern'),
      cards: await screen.locator('[data-alarm]').count(),
    });
    // the dead uplink itself is told after 30 s, which has nothing to do with the rest: have it behind, or far ahead
    const isLostUplink = ({ type }: Alarm) => type === 'SYS.UPLINK_LOST';
    if (performance.now() - began > SETTLED_MS) {
      const { id } = await desk.live.alarm('the lost uplink', isLostUplink, 60_000);
      await desk.act(desk.guard, id, 'acknowledge');
      await waitFor('a quiet screen', async () => !(await onScreen()).pattern?.startsWith('severity'));
    }
    const quiet = await onScreen();

    const inputs = await desk.inputs('io-1');
    for (const input of [6, 7, 8]) inputs.say(input, 'alarm');
    const known: Alarm[] = [];
    for (const type of silentTypes) {
      known.push(
        await leaderFeed.alarm(type, (alarm) => alarm.type === type && alarm.escalation?.step === 3, 60_000),
      );
    }
    const undelivered = () =>
      [...leaderFeed.alarms.values()].filter(({ type }) => type === 'SYS.UNDELIVERED');
    await waitFor('what is not delivered', () => undelivered().length === silentTypes.length);
    const ids = [...known, ...undelivered()].map(({ id }) => id);
    const eventIds = leaderFeed.events().flatMap(({ event }) => {
      const body = JSON.stringify(event);
      return ids.some((id) => body.includes(id)) || silentTypes.some((type) => body.includes(type))
        ? [event.id]
        : [];
    });
    expect(eventIds.length).toBeGreaterThan(20);

    // nothing louder, for nobody: not even those who see it hear it
    for (const feed of [leaderFeed, desk.live, ...feeds]) {
      for (const { frame } of feed.frames) {
        for (const alarm of alarmsOf(frame).filter((one) => !isLostUplink(one))) {
          expect(isSounding(alarm, Date.now()), `${alarm.type} ${alarm.subject}`).toBe(false);
          if (alarm.silent === true) expect(isLouder(alarm)).toBe(false);
        }
      }
    }
    // nothing local: neither frames nor pages nor a word of the gateway
    const leaks = (text: string) =>
      [...ids, ...eventIds, '"silent":true', '"discreet":true'].filter((secret) => text.includes(secret));
    for (const feed of feeds) expect(leaks(JSON.stringify(feed.frames))).toEqual([]);
    for (const session of blind) expect(leaks(await pages(session, ids))).toEqual([]);
    expect(heard).toEqual([]);
    expect(await onScreen()).toEqual(quiet);
    const log = running.lines.join('\n');
    expect([...leaks(log), ...silentTypes.filter((type) => log.includes(type))]).toEqual([]);
    const admin = await signIn(url, 'admin', password);
    const metrics = await (await fetch(`${url}/metrics`, { headers: { cookie: admin.cookie } })).text();
    expect(silentTypes.filter((type) => metrics.includes(type))).toEqual([]);

    // resolved from another station only; in the room an answer says no more than for an alarm that never was
    const [duress] = known as [Alarm];
    const fromRoom = (id: string) =>
      inRoom.call('POST', `/api/v1/alarms/${id}/acknowledge`, { version: duress.version });
    const never = '01990000-0000-7000-8000-000000000000';
    const told = JSON.stringify(await fromRoom(duress.id)).replaceAll(duress.id, never);
    expect(told).toBe(JSON.stringify(await fromRoom(never)));
    expect((await desk.act(desk.leader, duress.id, 'acknowledge')).status).toBe(200);
    for (const feed of feeds) expect(leaks(JSON.stringify(feed.frames))).toEqual([]);

    // and the recording records: a panic that is not silent reaches every one of them
    inputs.say(1, 'alarm');
    for (const feed of feeds) await feed.alarm('the panic', ({ type }) => type === 'EMG.PANIC');
    await screen.waitForSelector('[data-type="EMG.PANIC"]');
    await waitFor(
      'the screen to sound',
      async () => (await onScreen()).pattern?.startsWith('severity-1') ?? false,
    );
    inputs.say(1, 'normal');
  });
});
