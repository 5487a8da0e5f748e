import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { LIVE_WATCHDOG_MS } from '../../contract/live-timing.ts';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { arm, attribute, card, openConsole, pastATick, signInAs } from './console-page.ts';
import { playEveryKind, playFlood } from './scenes.ts';
import { SET_UP_CODE, Stage } from './stage.ts';

describeWithPeer('chromium', 'the console in a real browser: what it shows and lets hear', () => {
  let consoleDir: string;
  let browser: Browser;
  let stage: Stage;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    consoleDir = await builtConsole();
    browser = await startBrowser({ program: requirePeer('chromium') });
  });
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    await browser.context.clearCookies();
    stage = await Stage.open({ consoleDir });
    page = await openConsole(browser, stage);
    faults = [];
    page.on('pageerror', (error) => faults.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    await stage.close();
    expect(faults).toEqual([]);
  });

  test('a page of plain HTTP, with a strict content policy, works without complaints', async () => {
    page.on('console', (message) => {
      if (message.type() === 'error' && !/\b401\b/.test(message.text())) faults.push(message.text());
    });
    await page.reload();
    expect(await page.evaluate(() => [isSecureContext, 'serviceWorker' in navigator])).toEqual([
      false,
      false,
    ]);
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await playEveryKind(stage);
    await page.waitForSelector('[data-type="EMG.PANIC"]');
  });

  test('nothing is asked of any other host', async () => {
    const others: string[] = [];
    page.on('request', (request) => {
      if (new URL(request.url()).host !== new URL(page.url()).host) others.push(request.url());
    });
    await page.reload();
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    expect(others).toEqual([]);
  });

  test('a panic is on the screen and in the air within 2 s', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await arm(page);
    expect(await attribute(page, 'pattern')).toBe('none');
    const began = performance.now();
    const alarm = stage.raise({ type: 'EMG.PANIC', slot: 'panic-301', edge: 'pulse' });
    await card(page, alarm.id).waitFor();
    await waitFor(
      'the sound of severity 1',
      async () => (await attribute(page, 'pattern')) === 'severity-1',
      2_000,
    );
    expect(performance.now() - began).toBeLessThan(2_000);
    const text = await card(page, alarm.id).textContent();
    for (const word of [
      '特急',
      '一键式紧急报警',
      '教学楼 / 三层 / 301 教室',
      '未接警',
      '已锁定',
      '省平台 上报中',
    ]) {
      expect(text).toContain(word);
    }
  });

  test('a silent alarm is shown and never heard', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await arm(page);
    const alarm = stage.raise({ type: 'EMG.DURESS', slot: 'duress-finance', edge: 'pulse' });
    await card(page, alarm.id).locator('[data-mark=silent]').waitFor();
    await pastATick(page);
    expect(await attribute(page, 'pattern')).toBe('none');
  });

  test('after a reload the sound waits for one click, and the bar says so until then', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await page.reload();
    const bar = page.locator('[data-action=arm-sound]');
    await bar.waitFor();
    expect(await attribute(page, 'sound')).toBe('off');
    stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508' });
    await page.waitForSelector('[data-type="FIR.SMOKE"]');
    expect(await attribute(page, 'pattern')).toBe('none');
    await bar.click();
    await waitFor('the sound', async () => (await attribute(page, 'pattern')) === 'severity-1');
    expect(await bar.isVisible()).toBe(false);
  });

  test('the gateway is told whether somebody can be heard here', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await arm(page);
    await waitFor('an armed console', () => stage.api.live.soundArmed(), 5_000);
    await page.reload();
    await page.locator('[data-action=arm-sound]').waitFor();
    await page.waitForSelector('html[data-link=up]', { state: 'attached' });
    expect(stage.api.live.soundArmed()).toBe(false);
    await arm(page);
    await waitFor('an armed console again', () => stage.api.live.soundArmed(), 5_000);
  });

  test('marks: late with its age, present at start, replayed, drill, test, walk test', async () => {
    await signInAs(page, 'zhang');
    await playEveryKind(stage);
    await page.locator('[data-type="GAS.COMBUSTIBLE"] [data-mark=late]').waitFor();
    // cards below the fold are not rendered, so there is no inner text
    const words = async (type: string, mark: string) =>
      (await page.locator(`[data-type="${type}"] [data-mark=${mark}]`).first().textContent())?.trim();
    expect(await words('GAS.COMBUSTIBLE', 'late')).toBe('迟到 4 分 12 秒');
    expect(await words('DEV.TAMPER', 'present')).toBe('启动时已存在');
    expect(await words('INT.DOOR', 'replay')).toBe('重放');
    expect(await words('FIR.SMOKE', 'mode-drill')).toBe('演练');
    expect(await words('FIR.MCP', 'mode-test')).toBe('测试');
    expect(await words('INT.AREA', 'mode-walktest')).toBe('步测');
    expect(await words('EMG.DURESS', 'delivery-province-failed')).toContain('上报失败');
    await page.locator('[data-type="INT.FENCE"] [data-mark=proposal]').waitFor({ state: 'attached' });
  });

  test('what is not on the disk is marked until it is', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    stage.diskFull = true;
    const alarm = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508' });
    const mark = card(page, alarm.id).locator('[data-mark=unsaved]');
    await mark.waitFor();
    stage.spaceAgain();
    await mark.waitFor({ state: 'detached' });
    await card(page, alarm.id).waitFor();
  });

  test('the lights of link, storage, clock and devices change with what the gateway says', async () => {
    await signInAs(page, 'zhang');
    const tone = (light: string) => page.getAttribute(`[data-light=${light}]`, 'data-tone');
    await page.waitForSelector('[data-light=storage][data-tone=ok]');
    const lights = ['uplink-province', 'storage', 'clock', 'devices'];
    expect(await Promise.all(lights.map(tone))).toEqual(lights.map(() => 'ok'));
    stage.tellStatus({
      storage: 'full',
      uplinks: [{ recipient: 'province', state: 'down', oldestS: 1_930 }],
      clock: 'unsync',
      devices: { total: 42, offline: 3, unknown: 0 },
    });
    await page.waitForSelector('[data-light=storage][data-tone=bad]');
    for (const light of lights) expect(await tone(light), light).not.toBe('ok');
  });

  test('12 s without the gateway: banner and a sound of its own, the cards stay and are marked', async () => {
    await signInAs(page, 'zhang');
    const alarm = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508' });
    await card(page, alarm.id).waitFor();
    await arm(page);
    const began = performance.now();
    await stage.close();
    await page.locator('[data-banner=lost]').waitFor({ timeout: LIVE_WATCHDOG_MS + 4_000 });
    const took = performance.now() - began;
    // the last word of the gateway may be 5 s old when it goes
    expect(took).toBeGreaterThan(LIVE_WATCHDOG_MS - 5_500);
    expect(await attribute(page, 'pattern')).toBe('lost');
    await card(page, alarm.id).locator('[data-mark=stale]').waitFor();
    await waitFor('the title', async () => (await page.title()).includes('与网关失去联系'));
    await page.click('[data-action=mute-lost]');
    await waitFor(
      'the alarm under the loss',
      async () => (await attribute(page, 'pattern')) === 'severity-1',
    );
  });

  test('a session that the gateway ends is loud: this screen does not watch any more', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await arm(page);
    stage.api.endSessions('zhang');
    await page.locator('.expired').waitFor();
    await waitFor('the sound of loss', async () => (await attribute(page, 'pattern')) === 'lost');
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    expect(await attribute(page, 'pattern')).toBe('none');
  });

  test('signing out is quiet', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await arm(page);
    await page.click('[data-action=sign-out]');
    await page.waitForSelector('[data-form=sign-in]');
    expect(await attribute(page, 'pattern')).toBe('none');
    await page.reload();
    await page.waitForSelector('[data-form=sign-in]');
  });

  test('whoever may not see alarms has a page without any, and no alarm about a lost gateway follows', async () => {
    await signInAs(page, 'audit');
    await page.locator('.office').waitFor();
    expect(await page.locator('[data-alarm]').count()).toBe(0);
    expect(await attribute(page, 'link')).not.toBe('lost');
    expect(await attribute(page, 'pattern')).toBe('none');
  });

  test('the language stays chosen', async () => {
    await page.click('[data-action=language]');
    expect(await page.locator('h1').textContent()).toBe('Sign in for duty');
    await page.reload();
    expect(await page.locator('h1').textContent()).toBe('Sign in for duty');
    await signInAs(page, 'zhang', 'wrong');
    expect(await page.locator('.problem').textContent()).toContain('User name or password is wrong');
    await page.click('[data-action=language]');
  });

  test('the first administrator is made with the code', async () => {
    const bare = await Stage.open({ consoleDir, bare: true });
    const first = await openConsole(browser, bare);
    await first.fill('[name=code]', 'WRONG');
    await first.fill('[name=name]', '赵主任');
    await first.fill('[name=password]', 'long-enough-9');
    await first.fill('[name=again]', 'long-enough-9');
    await first.click('button[type=submit]');
    await first.waitForSelector('.problem');
    await first.fill('[name=code]', SET_UP_CODE.toLowerCase());
    await first.click('button[type=submit]');
    await first.waitForSelector('html[data-page=duty]', { state: 'attached' });
    await first.close();
    await bare.close();
  });

  test('500 alarms: severity 1 comes on top, quickly', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await playFlood(stage, 500);
    await waitFor('500 cards', async () => (await page.locator('[data-alarm]').count()) === 500);
    const began = performance.now();
    const panic = stage.raise({ type: 'EMG.PANIC', slot: 'panic-301', edge: 'pulse' });
    await card(page, panic.id).waitFor();
    console.log(`a panic among 500 cards: shown after ${Math.round(performance.now() - began)} ms`);
    expect(await page.locator('[data-alarm]').first().getAttribute('data-alarm')).toBe(panic.id);
    expect(await page.locator('[data-count="2"] b').textContent()).not.toBe('0');
  });
});
