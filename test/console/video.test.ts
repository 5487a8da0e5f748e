import { pino } from 'pino';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveVideo } from '../../edge/adapters/video/live-video.ts';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { type RtspCodec, type RtspSource, startRtspSource } from '../simulators/rtsp.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { arm, openConsole, signInAs } from './console-page.ts';
import { Stage } from './stage.ts';

/** What each camera of the stage sends. */
const codecs: Readonly<Record<string, RtspCodec>> = {
  'cam-corridor': 'h264',
  'cam-gate': 'h265',
  'cam-kitchen': 'mjpeg',
  'cam-wall': 'h264',
};
const account = { user: 'operator', password: 'Gehe!m-4713' };

/** What a video element has to say of its playing. */
interface Playing {
  currentTime: number;
  frames: number;
  behind: number;
}

function playing(page: Page, camera: string): Promise<Playing> {
  return page.locator(`[data-camera=${camera}] video`).evaluate((video: HTMLVideoElement) => {
    const { buffered, currentTime } = video;
    const newest = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
    return {
      currentTime,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      behind: newest - currentTime,
    };
  });
}

/** A short mark of what a canvas shows; undefined while it is empty. */
function drawn(page: Page, camera: string): Promise<string | undefined> {
  return page.locator(`[data-camera=${camera}] canvas`).evaluate((canvas: HTMLCanvasElement) => {
    const { width, height } = canvas;
    const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    let bright = 0;
    let mark = 0;
    for (let at = 0; at < data.length; at += 4) {
      const green = data[at + 1] ?? 0;
      // the test picture is a bright ball on black
      if (green < 128) continue;
      bright += 1;
      mark = (mark * 31 + at) % 1_000_000_007;
    }
    return bright === 0 ? undefined : `${width}x${height} ${bright} ${mark}`;
  });
}

async function lives(page: Page, camera: string): Promise<void> {
  await page.waitForSelector(`[data-camera=${camera}][data-state=live]`, { timeout: 50_000 });
}

/** Its canvas shows a ball that moves. */
async function moves(page: Page, camera: string): Promise<void> {
  await lives(page, camera);
  const seen = new Set<string>();
  await waitFor(
    `moving pictures of ${camera}`,
    async () => {
      const mark = await drawn(page, camera);
      if (mark !== undefined) seen.add(mark);
      return seen.size >= 3;
    },
    20_000,
    100,
  );
}

describeWithPeer(['chromium', 'ffmpeg', 'gstreamer'], 'live pictures in a real browser', () => {
  let consoleDir: string;
  let source: RtspSource;
  let video: LiveVideo;
  let stage: Stage;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    consoleDir = await builtConsole();
    source = await startRtspSource({ account, gop: 50 });
    video = new LiveVideo({
      logger: pino({ level: 'silent' }),
      streams: {
        streamOf: async (camera, which) => ({ url: source.url(codecs[camera] ?? 'h264', which), ...account }),
      },
      times: { idleMs: 300 },
    });
    stage = await Stage.open({ consoleDir, video });
    browser = await startBrowser({ program: requirePeer('chromium') });
    page = await openConsole(browser, stage);
    await signInAs(page, 'zhang');
    await arm(page);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
    await video?.stop();
    await source?.stop();
  });

  test('one click on the card: H.264 plays close to the present, H.265 is drawn; the alarms stay in view', {
    timeout: 120_000,
  }, async () => {
    stage.raise({ type: 'EMG.PANIC', slot: 'panic-301' });
    const card = page.locator('[data-type="EMG.PANIC"]');
    const began = performance.now();
    await card.locator('[data-action=look]').click();
    await lives(page, 'cam-corridor');
    console.log(`click to the first H.264 picture: ${Math.round(performance.now() - began)} ms`);
    const first = await playing(page, 'cam-corridor');
    const later = await waitFor(
      'the picture goes on',
      async () => {
        const now = await playing(page, 'cam-corridor');
        return now.currentTime > first.currentTime + 2 && now.frames > first.frames + 20 ? now : undefined;
      },
      20_000,
    );
    console.log(`H.264: ${later.frames} frames, ${later.behind.toFixed(2)} s behind what was received`);
    expect(later.behind).toBeLessThan(1.5);
    expect(await page.getAttribute('[data-camera=cam-corridor]', 'data-player')).toBe('mse');

    await moves(page, 'cam-gate');
    console.log(`click to moving H.265 pictures: ${Math.round(performance.now() - began)} ms`);
    expect(await page.getAttribute('[data-camera=cam-gate]', 'data-player')).toBe('jsmpeg');

    // nothing lies over the card, and it can be handled while the pictures run
    const wall = await page.locator('[data-wall]').boundingBox();
    const list = await page.locator('[data-alarms]').boundingBox();
    expect((list?.x ?? 0) + (list?.width ?? 0)).toBeLessThanOrEqual((wall?.x ?? 0) + 1);
    const button = await card.locator('[data-action=acknowledge]').boundingBox();
    expect((button?.x ?? 0) + (button?.width ?? 0)).toBeLessThanOrEqual((list?.x ?? 0) + (list?.width ?? 0));
    await card.locator('[data-action=acknowledge]').click();
    await page.waitForSelector('[data-type="EMG.PANIC"][data-operator=acknowledged]');
  });

  test('every picture carries the name of who looks and the time', async () => {
    const mark = await page.locator('[data-camera=cam-corridor] [data-watermark] span').first().textContent();
    expect(mark).toMatch(/^张建国 zhang \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(stage.looked).toContainEqual(
      expect.objectContaining({ command: 'live-view', actor: 'zhang', result: 'sent' }),
    );
  });

  test('from the list of cameras up to four at once; a private one cannot be chosen; MJPEG is drawn', {
    timeout: 90_000,
  }, async () => {
    await page.click('[data-action=cameras]');
    await page.waitForSelector('[data-choose=cam-dorm]');
    expect(await page.isDisabled('[data-choose=cam-dorm]')).toBe(true);
    await page.click('[data-choose=cam-kitchen]');
    await page.click('[data-choose=cam-wall]');
    await moves(page, 'cam-kitchen');
    await lives(page, 'cam-wall');
    expect(await page.locator('[data-camera][data-state=live]').count()).toBe(4);
    expect(video.status()).toMatchObject({ streams: 4, viewers: 4, transcodes: 2 });
  });

  test('the main stream on demand', { timeout: 60_000 }, async () => {
    const size = () =>
      page
        .locator('[data-camera=cam-wall] video')
        .evaluate((element: HTMLVideoElement) => element.videoWidth);
    expect(await size()).toBe(320);
    await page.click('[data-camera=cam-wall] [data-action=stream]');
    await waitFor('the larger picture', async () => (await size()) === 640, 20_000);
    await lives(page, 'cam-wall');
  });

  test('a camera that freezes is said, and comes back by itself', { timeout: 90_000 }, async () => {
    source.freeze();
    const failed = page.locator('[data-camera=cam-wall][data-state=failed]');
    await failed.waitFor({ timeout: 50_000 });
    expect(await failed.textContent()).toContain('画面停住了');
    source.thaw();
    await lives(page, 'cam-wall');
    await moves(page, 'cam-gate');
  });

  test('closed pictures end their ffmpeg', async () => {
    await page.click('[data-action=close-wall]');
    await waitFor('no stream', () => video.status().streams === 0);
    expect(await page.locator('[data-wall]').count()).toBe(0);
  });

  test('a browser without Media Source Extensions is sent MPEG-1', {
    timeout: 120_000,
    retry: 1,
  }, async () => {
    const old = await browser.context.newPage();
    try {
      await old.addInitScript(() => Reflect.deleteProperty(window, 'MediaSource'));
      old.setDefaultTimeout(10_000);
      await old.goto(page.url());
      await old.waitForSelector('[data-action=look]');
      await old.click('[data-type="EMG.PANIC"] [data-action=look]');
      await moves(old, 'cam-corridor');
      expect(await old.getAttribute('[data-camera=cam-corridor]', 'data-player')).toBe('jsmpeg');
    } finally {
      await old.close();
    }
    await waitFor('no stream', () => video.status().streams === 0);
  });
});
