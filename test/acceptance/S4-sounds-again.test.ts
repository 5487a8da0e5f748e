import { afterAll, expect, test } from 'vitest';
import { isSounding, SILENCE_MAX_MS } from '../../contract/sounding.ts';
import { lanUrl, startBrowser } from '../simulators/browser.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { AlarmDesk } from './alarm-desk.ts';

const { dir, remove } = tempDir('s4');
const stops: Array<() => Promise<unknown>> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** GB 50394-2007 5.2.3, commentary */
describeWithPeer('chromium', 'S4', () => {
  test('a silenced alarm that nobody reset sounds again, by itself within 30 s and at once when triggered', {
    timeout: 90_000,
  }, async () => {
    const desk = await AlarmDesk.start(dir, testCampus(1));
    stops.push(() => desk.stop());
    const browser = await startBrowser({ program: requirePeer('chromium'), kiosk: true });
    stops.push(() => browser.close());
    const page = await browser.page(lanUrl(desk.gateway.url));
    await page.click('[data-action=sign-in-instead]');
    await page.fill('[name=user]', 'guard');
    await page.fill('[name=password]', passwords.guard);
    await page.click('[data-form=sign-in] button[type=submit]');
    await page.waitForSelector('[data-alarms]');
    const inputs = await desk.inputs('io-1');
    inputs.say(1, 'alarm');
    const sounds = async () =>
      (await page.getAttribute('html', 'data-pattern'))?.startsWith('severity-1') ?? false;
    await waitFor('the screen to sound', sounds);
    const { id } = await desk.live.alarm('panic', ({ type }) => type === 'EMG.PANIC');

    // longer than 30 s cannot be asked for
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const asked = await desk.act(desk.guard, id, 'silence', { until });
    const silencedUntil = Date.parse(asked.body.silencedUntil ?? '');
    expect(silencedUntil - Date.now()).toBeLessThanOrEqual(SILENCE_MAX_MS);
    expect(isSounding(asked.body, Date.now())).toBe(false);
    expect(isSounding(asked.body, silencedUntil + 1)).toBe(true);

    // by itself, on the screen, with nothing said by anybody
    await desk.act(desk.guard, id, 'silence', { until: new Date(Date.now() + 3_000).toISOString() });
    await waitFor('silence on the screen', async () => !(await sounds()));
    const frames = desk.live.frames.filter(({ frame }) => frame.k === 'commit').length;
    await waitFor('the screen to sound again', sounds);
    expect(desk.live.frames.filter(({ frame }) => frame.k === 'commit').length).toBe(frames);

    // at once, by a new trigger of the zone
    await desk.act(desk.guard, id, 'silence');
    await waitFor('silence on the screen', async () => !(await sounds()));
    inputs.say(1, 'normal');
    inputs.say(1, 'alarm');
    const again = await desk.live.alarm('the trigger', (alarm) => alarm.id === id && alarm.count === 2);
    expect(again.silencedUntil).toBeUndefined();
    await waitFor('the screen to sound again', sounds, 5_000);
  });
});
