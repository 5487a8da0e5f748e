import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { openDatabase } from '../../edge/journal/sqlite.ts';
import { type Browser, lanUrl, startBrowser } from '../simulators/browser.ts';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { startCamera } from '../simulators/onvif/camera.ts';
import type { SimulatedCamera } from '../simulators/onvif/types.ts';
import { type RtspSource, startRtspSource } from '../simulators/rtsp.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { plantMedia } from './planted-media.ts';

const { dir, remove } = tempDir('evidence');
const stops: Array<() => Promise<unknown> | unknown> = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

const PLANTED = 40;
const PLANTED_BYTES = 26_000;

/** What an event of the API says of a look at a picture. */
interface Look {
  command?: string;
  actor?: string;
  result?: string;
  args?: { media?: string; size?: string };
}

describeWithPeer(['chromium', 'ffmpeg', 'gstreamer'], 'pictures of alarms, the real gateway', () => {
  let gateway: Gateway;
  let guard: Session;
  let live: LiveClient;
  let page: Page;
  let rtsp: RtspSource;
  let near: SimulatedCamera;
  let far: SimulatedCamera;
  let hanging: SimulatedCamera;
  let locked: SimulatedCamera;
  const modules: IoModule[] = [];

  beforeAll(async () => {
    rtsp = await startRtspSource({ gop: 12 });
    stops.push(() => rtsp.stop());
    const streams = { main: rtsp.url('h264'), sub: rtsp.url('h264', 'sub') };
    [near, far, hanging, locked] = (await Promise.all(
      [1, 2, 3, 4].map(() => startCamera({ authentication: 'digest', streams })),
    )) as [SimulatedCamera, SimulatedCamera, SimulatedCamera, SimulatedCamera];
    for (const camera of [near, far, hanging, locked]) stops.push(() => camera.stop());
    // asked for its picture it says nothing, and its stream is nowhere
    hanging.fault('hang', { operations: ['snapshot', 'GetStreamUri'] });
    plantMedia(join(dir, 'data', 'media'), PLANTED, PLANTED_BYTES);
    gateway = await startGateway({
      dir,
      site: campus(),
      config: {
        onvif: { pull_timeout_s: 1, answer_timeout_s: 1, back_off_first_s: 0.2 },
        media: {
          snapshot_timeout_s: 1,
          max_mib: 1,
          min_free_mib: 0,
          clips: [{ camera: 'cam-near', before_s: 1, after_s: 1 }],
        },
      },
    });
    stops.push(() => gateway.process.stop());
    guard = await signIn(gateway.url, 'guard', passwords.guard);
    live = await LiveClient.connect(guard);
    stops.push(() => live.close());
    const browser: Browser = await startBrowser({ program: requirePeer('chromium') });
    stops.push(() => browser.close());
    page = await browser.page(lanUrl(gateway.url));
    page.setDefaultTimeout(15_000);
    await page.click('[data-action=sign-in-instead]');
    await page.fill('[name=user]', 'guard');
    await page.fill('[name=password]', passwords.guard);
    await page.fill('[name=station]', '值班室');
    await page.click('[data-form=sign-in] button[type=submit]');
    await page.waitForSelector('[data-alarms]');
    for (const id of ['io-1', 'io-2', 'io-3', 'io-4']) {
      modules.push(await IoModule.connect(gateway.mqttPort, id, passwords.device));
      stops.push(() => modules.find((module) => module.id === id)?.stop());
    }
    await waitFor('all cameras', async () => {
      const { body } = await guard.call('GET', '/api/v1/devices');
      const { devices } = body as {
        devices: Array<{ id: string; status?: { channel?: { state: string } } }>;
      };
      return ['cam-near', 'cam-far', 'cam-hanging', 'cam-locked'].every((id) =>
        ['ok', 'refused'].includes(devices.find((one) => one.id === id)?.status?.channel?.state ?? ''),
      );
    });
  }, 150_000);

  function campus(): Record<string, unknown> {
    const base = testCampus(4) as { devices: object[]; slots: object[]; places: object[] };
    const camera = (
      id: string,
      name: string,
      place: string,
      at: SimulatedCamera | undefined,
      password?: string,
    ) => ({
      slot: { id: `${id}-video`, name, place },
      device: {
        id,
        name,
        profile: 'onvif.camera',
        slot: `${id}-video`,
        onvif: {
          url: at?.url ?? 'http://127.0.0.1:9/onvif/device_service',
          user: 'admin',
          password: password ?? 'campus-2026',
        },
      },
    });
    const cameras = [
      camera('cam-near', '实验室枪机', 'lab', near),
      camera('cam-far', '走廊枪机', 'teaching-1', far),
      camera('cam-dead', '门厅枪机', 'teaching-1', undefined),
      camera('cam-hanging', '楼梯枪机', 'teaching-1', hanging),
      camera('cam-locked', '操场枪机', 'teaching-1', locked, 'not the one'),
      camera('cam-private', '更衣室枪机', 'changing', far),
    ];
    return {
      ...base,
      places: [...base.places, { id: 'changing', kind: 'room', name: '更衣室', parent: 'teaching-1' }],
      slots: [...base.slots, ...cameras.map(({ slot }) => slot)],
      devices: [...base.devices, ...cameras.map(({ device }) => device)],
      links: [
        { slot: 'io-1-panic', cameras: ['cam-near', 'cam-far'] },
        { slot: 'io-2-panic', cameras: ['cam-dead', 'cam-locked', 'cam-far'] },
        { slot: 'io-3-panic', cameras: ['cam-hanging'] },
        { slot: 'io-4-panic', cameras: ['cam-private', 'cam-near'] },
      ],
    };
  }

  const press = (module: number) => modules[module - 1]?.set(1, 'alarm');
  const panicOf = (slot: string, match: (alarm: Alarm) => boolean = () => true, withinMs?: number) =>
    live.alarm(`panic of ${slot}`, (alarm) => alarm.slot === slot && match(alarm), withinMs);
  const resultOf = (alarm: Alarm, camera: string) =>
    alarm.evidence?.find((one) => one.camera === camera && one.kind === 'snapshot')?.result;
  const looks = async (): Promise<Look[]> => {
    const { body } = await guard.call('GET', '/api/v1/events?type=DEV.OUTPUT&limit=50');
    const { events } = body as { events: Array<{ event: { data: { data?: Look } } }> };
    return events
      .flatMap(({ event }) => event.data.data ?? [])
      .filter(({ command }) => command === 'view-evidence');
  };

  test('a panic: the alarm is on the screen first, the picture follows; both timed; one click enlarges it', async () => {
    const pressed = performance.now();
    await press(1);
    const card = page.locator('[data-type="EMG.PANIC"]').first();
    await card.waitFor();
    const shown = performance.now() - pressed;
    const picture = card.locator('[data-media][data-kind=snapshot] img').first();
    await picture.waitFor();
    await waitFor('the picture is drawn', () =>
      picture.evaluate(
        (img: { complete: boolean; naturalWidth: number }) => img.complete && img.naturalWidth > 0,
      ),
    );
    const drawn = performance.now() - pressed;
    const alarm = await panicOf('io-1-panic', ({ media = [] }) => media.length >= 2);
    const [raise] = live.events().filter(({ event }) => event.id === alarm.raisedBy);
    const attached = live.frames.find(
      ({ frame }) => frame.k === 'commit' && frame.alarms.some(({ id, media }) => id === alarm.id && media),
    );
    console.log(
      `panic to the live feed ${ms(raise!.at - pressed)}, to the screen ${ms(shown)}; ` +
        `picture attached ${ms(attached!.at - pressed)}, drawn with its watermark ${ms(drawn)}`,
    );
    expect(raise!.at).toBeLessThan(attached!.at);
    expect(shown).toBeLessThan(drawn);
    expect(alarm.version).toBeGreaterThan(1);
    expect(near.stats().refused).toBe(0);

    // who saw the alarm before its pictures came acts upon the same alarm
    const { status } = await guard.call('POST', `/api/v1/alarms/${alarm.id}/acknowledge`, { version: 1 });
    expect(status).toBe(200);

    await picture.click();
    const large = page.locator('[data-enlarged] img');
    await large.waitFor();
    await waitFor('the large one is drawn', () =>
      large.evaluate(
        (img: { complete: boolean; naturalWidth: number }) => img.complete && img.naturalWidth >= 320,
      ),
    );
    await page.click('[data-action=close-enlarged]');

    const media = alarm.media!.find(({ kind }) => kind === 'snapshot')!;
    const answer = await fetch(`${gateway.url}/api/v1/media/${media.id}`, {
      headers: { cookie: guard.cookie },
    });
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
    const original = stored(media.id);
    expect(bytes.equals(original), 'never without the mark').toBe(false);
    await waitFor('the looks are on record', async () => {
      const found = (await looks()).filter(({ args }) => args?.media === media.id);
      return (
        found.some(({ args }) => args?.size === 'thumb') && found.some(({ args }) => args?.size === 'full')
      );
    });

    const film = await panicOf(
      'io-1-panic',
      ({ media = [] }) => media.some(({ kind }) => kind === 'clip'),
      20_000,
    );
    const clip = film.media!.find(({ kind }) => kind === 'clip')!;
    const played = await fetch(`${gateway.url}/api/v1/media/${clip.id}`, {
      headers: { cookie: guard.cookie },
    });
    expect(played.headers.get('content-type')).toBe('video/mp4');
    expect(
      Buffer.from(await played.arrayBuffer())
        .subarray(4, 8)
        .toString(),
    ).toBe('ftyp');
  }, 60_000);

  test('who may not look is refused and on record; a picture is not found for whom there is none', async () => {
    const alarm = await panicOf('io-1-panic', ({ media = [] }) => media.length > 0);
    const { id } = alarm.media![0]!;
    const installer = await signIn(gateway.url, 'installer', passwords.installer);
    const refused = await installer.call('GET', `/api/v1/media/${id}`);
    expect(refused).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    await waitFor('the refusal is on record', async () =>
      (await looks()).some(({ actor, result }) => actor === 'installer' && result === 'refused'),
    );
    expect(await guard.call('GET', '/api/v1/media/00000000-0000-7000-8000-000000000000')).toMatchObject({
      status: 404,
      body: { code: 'unknown-media' },
    });
    expect((await fetch(`${gateway.url}/api/v1/media/${id}`)).status).toBe(401);
  });

  test('a dead camera and a wrong password: the card says so and offers the next nearest', async () => {
    const pressed = performance.now();
    await press(2);
    const alarm = await panicOf('io-2-panic', ({ evidence = [] }) => evidence.length >= 3);
    console.log(`a dead camera is said after ${ms(performance.now() - pressed)}`);
    expect(resultOf(alarm, 'cam-dead')).toBe('unreachable');
    expect(resultOf(alarm, 'cam-locked')).toBe('wrong-password');
    expect(resultOf(alarm, 'cam-far')).toBe('taken');
    const card = page.locator(`[data-alarm="${alarm.id}"]`);
    await card.locator('[data-missing=cam-dead][data-result=unreachable]').waitFor();
    const offer = card.locator('[data-missing=cam-dead] [data-action=instead]');
    expect(await offer.getAttribute('data-instead')).toBe('cam-far');
    expect(await offer.textContent()).toContain('走廊枪机');
    await offer.click();
    await page.waitForSelector('[data-camera=cam-far][data-state=live]', { timeout: 30_000 });
    await page.click('[data-action=close-wall]');
    // asked once by the supervisor, and not again for a picture
    expect(locked.stats().attempts.filter(({ operation }) => operation === 'snapshot')).toHaveLength(0);
  }, 60_000);

  test('a private place is refused, and not even asked', async () => {
    // an import refuses such a camera; a site.db of before may hold one
    const db = await openDatabase(join(dir, 'data', 'site.db'), 'write');
    await db.exec(`UPDATE place SET body = json_set(body, '$.private', json('true')) WHERE id = 'changing'`);
    await db.close();
    await waitFor('the gateway has noticed', async () => {
      const { body } = await guard.call('GET', '/api/v1/live/cameras');
      const { cameras } = body as { cameras: Array<{ id: string; private: boolean }> };
      return cameras.find(({ id }) => id === 'cam-private')?.private;
    });
    const asked = far.stats().requests.snapshot;
    await press(4);
    const alarm = await panicOf('io-4-panic', ({ evidence = [] }) => evidence.length >= 2);
    expect(resultOf(alarm, 'cam-private')).toBe('private-place');
    expect(resultOf(alarm, 'cam-near')).toBe('taken');
    expect(far.stats().requests.snapshot, 'the private one has the address of this one').toBe(asked);
    await page.locator(`[data-alarm="${alarm.id}"] [data-result="private-place"]`).waitFor();
  });

  test('a camera that hangs delays nothing, and one nearby is asked in its place', async () => {
    const pressed = performance.now();
    await press(3);
    const first = await panicOf('io-3-panic');
    const raised = performance.now() - pressed;
    await page.locator(`[data-alarm="${first.id}"]`).waitFor();
    const shown = performance.now() - pressed;
    const alarm = await panicOf('io-3-panic', (one) => one.media !== undefined, 25_000);
    const taken = alarm.evidence?.find(({ result }) => result === 'taken');
    console.log(
      `beside a camera that hangs: panic to the live feed ${ms(raised)}, to the screen ${ms(shown)}; ` +
        `picture of ${taken?.camera} instead after ${ms(performance.now() - pressed)}`,
    );
    expect(raised).toBeLessThan(2_000);
    expect(resultOf(alarm, 'cam-hanging')).toBe('no-answer');
    expect(taken).toBeDefined();
  }, 60_000);

  test('room is made of the oldest pictures of closed alarms, counted; those of open ones stay', async () => {
    const metrics = await waitFor('the figures', async () => {
      const text = readFiguresOf(await (await fetch(`${gateway.url}/metrics`)).text());
      return text.removed > 0 ? text : undefined;
    });
    const left = readdirSync(join(dir, 'data', 'media', '2026', '11', '01')).filter((name) =>
      name.endsWith('.jpg'),
    );
    console.log(
      `pictures before ${PLANTED}, removed for room ${metrics.removed}, bytes now ${metrics.bytes}`,
    );
    expect(left).toHaveLength(PLANTED - metrics.removed);
    expect(metrics.bytes).toBeLessThanOrEqual(1024 * 1024);
    const open = [...live.alarms.values()].flatMap(({ media = [] }) => media);
    for (const { id } of open) expect(stored(id).length).toBeGreaterThan(0);
  });

  function stored(id: string): Buffer {
    const at = new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString();
    const folder = join(dir, 'data', 'media', ...at.slice(0, 10).split('-'));
    const name = readdirSync(folder).find((one) => one.startsWith(id) && !one.endsWith('.json'));
    return readFileSync(join(folder, name!));
  }
});

function readFiguresOf(text: string): { removed: number; bytes: number } {
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { removed: value('campus_media_removed_room'), bytes: value('campus_media_bytes') };
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}
