import type { Locator, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { LIVE_WATCHDOG_MS } from '../../contract/live-timing.ts';
import { type Browser, lanUrl, startBrowser } from '../simulators/browser.ts';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, restartGateway, startGateway } from '../simulators/gateway.ts';
import { freePort } from '../simulators/mosquitto.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const { dir, remove } = tempDir('console-browser');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** What the console writes on its root element: `sound`, `pattern` (what is heard), `link`. */
async function heard(page: Page, name: 'sound' | 'pattern' | 'link', value: string, withinMs = 2_000) {
  const attribute = () => page.getAttribute('html', `data-${name}`);
  await waitFor(`${name} ${value}`, async () => (await attribute()) === value, withinMs);
}

async function signInAt(page: Page, user: string, password: string): Promise<void> {
  await page.fill('[name=user]', user);
  await page.fill('[name=password]', password);
  await page.fill('[name=station]', '值班室');
  await page.click('[data-form=sign-in] button[type=submit]');
  await page.waitForSelector('[data-alarms]');
}

async function press(card: Locator, action: string): Promise<void> {
  await card.locator(`[data-action=${action}]`).click();
}

async function bothConfirm(page: Page): Promise<void> {
  await page.fill('[name=second-user]', 'guard');
  await page.fill('[name=second-password]', passwords.guard);
  await page.click('[data-action=submit]');
}

describeWithPeer('chromium', 'the security room, in a real browser before the real gateway', () => {
  let gateway: Gateway;
  let browser: Browser;
  let page: Page;
  let module: IoModule;

  test('a panic is seen and heard within 2 s, and handled from acknowledge to close', {
    timeout: 120_000,
  }, async () => {
    const port = await freePort();
    gateway = await startGateway({
      dir,
      site: testCampus(1),
      config: { console: { host: '127.0.0.1', port } },
    });
    stops.push(() => gateway.process.stop());
    browser = await startBrowser({ program: requirePeer('chromium') });
    stops.push(() => browser.close());
    page = await browser.page(lanUrl(gateway.url));
    page.setDefaultTimeout(15_000);
    // no administrator yet, but the people of the site import may work
    await page.click('[data-action=sign-in-instead]');
    await signInAt(page, 'leader', passwords.leader);
    const bar = page.locator('[data-action=arm-sound]');
    if (await bar.isVisible()) await bar.click();
    await heard(page, 'sound', 'armed');
    module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
    stops.push(() => module.stop());

    const began = performance.now();
    await module.set(1, 'alarm');
    const card = page.locator('[data-type="EMG.PANIC"]');
    await card.waitFor({ timeout: 2_000 });
    await heard(page, 'pattern', 'severity-1');
    const shownMs = Math.round(performance.now() - began);
    console.log(`panic to card and sound in the browser: ${shownMs} ms`);
    expect(shownMs).toBeLessThan(2_000);
    const words = await card.textContent();
    for (const word of ['一键式紧急报警', '教学楼 / 一层 / io-1 室', '未接警']) expect(words).toContain(word);

    await press(card, 'acknowledge');
    await page.waitForSelector('[data-type="EMG.PANIC"][data-operator=acknowledged]');
    await heard(page, 'pattern', 'none');
    await press(card, 'confirm');
    await page.click('[data-choice=on-site]');
    await page.click('[data-action=submit]');
    await page.waitForSelector('[data-type="EMG.PANIC"][data-operator=confirmed]');
    await press(card, 'dispose');
    await page.click('[data-choice=real]');
    await page.check('[name=policeChecked]');
    await page.fill('[name=note]', '学生摔伤，校医已到场');
    await page.click('[data-action=submit]');
    await page.waitForSelector('[data-type="EMG.PANIC"][data-operator=disposed]');

    // still pressed: there is nothing to reset yet
    expect(await card.locator('[data-action=reset]').count()).toBe(0);
    await module.set(1, 'normal');
    await press(card, 'reset');
    await bothConfirm(page);
    await page.waitForSelector('[data-type="EMG.PANIC"][data-latched=false]');
    await press(card, 'close');
    await bothConfirm(page);
    await card.waitFor({ state: 'detached' });

    await page.click('[data-tab=events]');
    await page.click('[data-kind=record]');
    await waitFor('the close among the events', async () =>
      (await page.locator('[data-event="ALM.TRANSITION"]').first().textContent())?.includes('关闭'),
    );
  });

  test('the gateway killed: after 12 s the screen says so and sounds by itself; the cards stay', {
    timeout: 120_000,
  }, async () => {
    await module.set(2, 'alarm');
    const card = page.locator('[data-type="FIR.SMOKE"]');
    await card.waitFor();
    await heard(page, 'pattern', 'severity-1');
    const killed = performance.now();
    await gateway.process.kill();
    await page.locator('[data-banner=lost]').waitFor({ timeout: LIVE_WATCHDOG_MS + 3_000 });
    await heard(page, 'pattern', 'lost');
    const lostMs = performance.now() - killed;
    console.log(`gateway killed to banner and sound: ${Math.round(lostMs)} ms`);
    // the last heartbeat may be 5 s old when the gateway dies
    expect(lostMs).toBeGreaterThan(LIVE_WATCHDOG_MS - 5_500);
    expect(lostMs).toBeLessThan(LIVE_WATCHDOG_MS + 2_000);
    await card.locator('[data-mark=stale]').waitFor();
  });

  test('the gateway back: the screen resumes by itself, with every alarm and its sound', {
    timeout: 120_000,
  }, async () => {
    gateway = await restartGateway(gateway.configFile);
    stops.push(() => gateway.process.stop());
    await heard(page, 'link', 'up', 15_000);
    await page.locator('[data-type="FIR.SMOKE"][data-sounding=true]').waitFor();
    await heard(page, 'pattern', 'severity-1');
    expect(await page.locator('[data-banner=lost], [data-mark=stale]').count()).toBe(0);
    await press(page.locator('[data-type="FIR.SMOKE"]'), 'acknowledge');
    await page.waitForSelector('[data-type="FIR.SMOKE"][data-operator=acknowledged]');
  });
});
