import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { type Browser, lanUrl, startBrowser } from '../simulators/browser.ts';
import { IoModule } from '../simulators/devices.ts';
import { startGateway } from '../simulators/gateway.ts';
import { freePort } from '../simulators/mosquitto.ts';
import { startRtspSource } from '../simulators/rtsp.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const { dir, remove } = tempDir('live-view');
const stops: Array<() => Promise<unknown> | unknown> = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

const CAMERA_PASSWORD = 'Camera-4714-secret';

describeWithPeer(
  ['chromium', 'ffmpeg', 'gstreamer'],
  'the real gateway, a real camera stream, a real browser',
  () => {
    test('a panic, one click, and the guard sees the place; the password is nowhere, the view is on record', {
      timeout: 120_000,
    }, async () => {
      const account = { user: 'operator', password: CAMERA_PASSWORD };
      const source = await startRtspSource({ account });
      stops.push(() => source.stop());
      const campus = testCampus(1) as { devices: object[]; slots: object[]; places: object[] };
      const port = await freePort();
      const gateway = await startGateway({
        dir,
        config: { console: { host: '127.0.0.1', port } },
        site: {
          ...campus,
          slots: [...campus.slots, { id: 'lab-video', name: '实验室视频', place: 'lab' }],
          devices: [
            ...campus.devices,
            {
              id: 'cam-1',
              name: '实验室枪机',
              profile: 'onvif.camera',
              slot: 'lab-video',
              onvif: {
                // nobody answers there: the picture does not need the event channel
                url: 'http://127.0.0.1:9/onvif/device_service',
                ...account,
                rtsp: { main: source.url('h264'), sub: source.url('h264', 'sub') },
              },
            },
          ],
          links: [{ slot: 'io-1-panic', cameras: ['cam-1'] }],
        },
      });
      stops.push(() => gateway.process.stop());
      const browser: Browser = await startBrowser({ program: requirePeer('chromium') });
      stops.push(() => browser.close());
      const page = await browser.page(lanUrl(gateway.url));
      page.setDefaultTimeout(15_000);
      await page.click('[data-action=sign-in-instead]');
      await page.fill('[name=user]', 'guard');
      await page.fill('[name=password]', passwords.guard);
      await page.fill('[name=station]', '值班室');
      await page.click('[data-form=sign-in] button[type=submit]');
      await page.waitForSelector('[data-alarms]');
      const module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
      stops.push(() => module.stop());
      await module.set(1, 'alarm');

      await page.click('[data-type="EMG.PANIC"] [data-action=look]');
      const clicked = performance.now();
      await page.waitForSelector('[data-camera=cam-1][data-state=live]', { timeout: 30_000 });
      console.log(`click to the picture, real gateway: ${Math.round(performance.now() - clicked)} ms`);
      const time = () =>
        page
          .locator('[data-camera=cam-1] video')
          .evaluate((video: { currentTime: number }) => video.currentTime);
      const began = await time();
      await waitFor('the picture goes on', async () => (await time()) > began + 1, 15_000);

      const shown = readdirSync('/proc').filter((pid) => {
        try {
          return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(CAMERA_PASSWORD);
        } catch {
          return false;
        }
      });
      expect(shown).toHaveLength(0);
      expect(gateway.process.lines.filter((line) => line.includes(CAMERA_PASSWORD))).toHaveLength(0);

      await page.click('[data-action=close-wall]');
      const records = await waitFor('both records', async () => {
        const { events } = (await page.evaluate(async () =>
          (await fetch('api/v1/events?type=DEV.OUTPUT&limit=20')).json(),
        )) as {
          events: Array<{ event: { data: { data?: Record<string, unknown>; origin: { device?: string } } } }>;
        };
        return events.length >= 2 ? events : undefined;
      });
      const text = JSON.stringify(records);
      for (const word of ['live-view', '"actor":"guard"', '"cam-1"', '"begin"', '"end"', '值班室'])
        expect(text).toContain(word);
    });
  },
);
