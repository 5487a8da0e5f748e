import { join } from 'node:path';
import { pino } from 'pino';
import type { Page } from 'playwright-core';
import { loadEdgeConfig } from '../../config/edge.ts';
import { startApp } from '../../edge/app.ts';
import type { Browser } from '../simulators/browser.ts';
import { IoModule } from '../simulators/devices.ts';
import { signIn, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords } from '../simulators/test-campus.ts';
import { openConsole } from './console-page.ts';
import { HOUSE_PASSWORD, houseCampus } from './house-campus.ts';

/** A desk in the security room, and an installer's telephone. */
const sizes = [
  { width: 1280, height: 800 },
  { width: 400, height: 860 },
];

/**
 * Pictures of every page before a real gateway, in both languages, at a desk and on a telephone: `PAGE-LANGUAGE-WIDTH.png`.
 * The console is that of dist/: npm run build.
 */
export async function shootPages(browser: Browser, folder: string): Promise<void> {
  const { dir, remove } = tempDir('screenshots');
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir, site: houseCampus() }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  const app = await startApp(loaded.value, pino({ level: 'silent' }));
  const url = app.consoleUrl;
  const port = Number(new URL(app.mqttEndpoints[0] as string).port);
  const module = await IoModule.connect(port, 'io-1', passwords.device);
  try {
    const page = await openConsole(browser, { url });
    const all = (name: string) => shootAll(page, folder, name);
    const go = async (link: string) => {
      await page.click(`[data-page-link=${link}]`);
      await page.waitForTimeout(300);
    };

    await all('sign-in');
    await enter(page, 'keeper', HOUSE_PASSWORD);
    await page.waitForSelector('[data-person]');
    await all('people');
    await page.click('[data-action=add-person]');
    await all('people-add');
    await page.fill('[name=user]', 'wu');
    await page.fill('[name=name]', '吴保安');
    await page.click('[data-dialog=person] [data-action=submit]');
    await page.waitForSelector('[data-password]');
    await all('people-once');
    const given = (await page.textContent('[data-password]')) ?? '';
    await page.click('[data-dialog=person] [data-action=submit]');
    await leave(page);
    await enter(page, 'wu', given);
    await page.waitForSelector('[data-form=first-password]');
    await all('first-password');
    await page.click('[data-action=sign-out]');

    await enter(page, 'watcher', HOUSE_PASSWORD);
    await page.waitForSelector('[data-line]');
    await all('audit');
    await page.click('[data-action=account]');
    await all('account');
    await page.keyboard.press('Escape');
    await leave(page);

    await enter(page, 'screen', HOUSE_PASSWORD);
    await page.waitForSelector('[data-alarms]');
    await module.set(1, 'alarm');
    await page.waitForSelector('[data-type="EMG.PANIC"]');
    await page.click('[data-type="EMG.PANIC"] .card-select');
    await page.waitForSelector('[data-step]');
    await all('kiosk');
    await leave(page);

    await enter(page, 'guard', passwords.guard);
    await page.waitForSelector('[data-type="EMG.PANIC"]');
    await all('duty-guard');
    await page.click('[data-type="EMG.PANIC"] .card-select');
    await page.waitForSelector('[data-step]');
    await all('duty-detail');
    for (const link of ['devices', 'zones', 'drills', 'shift']) {
      await go(link);
      await all(`guard-${link}`);
    }
    await leave(page);

    const leader = await signIn(url, 'leader', passwords.leader);
    await leader.call('POST', '/api/v1/duty/shift', { on: true, station: '值班室' });
    await leader.call('POST', '/api/v1/drills', {
      places: ['teaching'],
      types: ['FIR.SMOKE'],
      minutes: 30,
      reason: '季度消防演练',
      station: '值班室',
    });
    await module.set(2, 'alarm');
    await leader.call('POST', '/api/v1/duty/checks', { station: '值班室' });
    await enter(page, 'leader', passwords.leader);
    await page.waitForSelector('[data-drill]');
    await all('duty-drill');
    await go('drills');
    await all('drills');
    await go('shift');
    await all('shift');
    await go('kpi');
    await page.waitForSelector('[data-kpi=zones]');
    await all('kpi');
    await go('zones');
    await all('zones');
    await page.click('[data-tab=days]');
    await page.waitForSelector('[data-day]');
    await all('calendar');
    await leave(page);

    const stranger = await IoModule.connect(port, 'io-2', passwords.device);
    await enter(page, 'installer', passwords.installer);
    await go('devices');
    await all('devices');
    for (const tab of ['unreadable', 'ignored', 'cameras', 'devices']) {
      await page.click(`[data-tab=${tab}]`);
      await page.waitForTimeout(200);
      await all(`devices-${tab}`);
    }
    await leave(page);
    await stranger.stop();

    await enter(page, 'admin', HOUSE_PASSWORD);
    await page.waitForSelector('[data-alarms]');
    await all('admin');
    await go('campus');
    await all('campus-phones');
    await page.click('[data-action=add]');
    await all('campus-phone');
    await page.keyboard.press('Escape');
    await page.click('[data-tab=hours]');
    await all('campus-hours');
    await page.click('[data-action=add]');
    await all('campus-hours-add');
    await page.keyboard.press('Escape');
    const picture = await page.screenshot();
    await page.click('[data-tab=plans]');
    await page.waitForSelector('[data-no-picture]');
    await all('campus-plan-empty');
    await page.setInputFiles('[name=picture]', {
      name: 'plan.png',
      mimeType: 'image/png',
      buffer: picture,
    });
    await page.click('[data-choose=room-io-1]');
    await page.click('[data-board]', { position: { x: 200, y: 150 } });
    await page.click('[data-toggle=lab]');
    await all('campus-plan');
    await page.click('[data-action=save-points]');
    await page.waitForFunction(() => document.querySelector('[data-action=save-points]:disabled') !== null);
    await go('duty');
    await page.click('[data-type="EMG.PANIC"] .card-select');
    await page.waitForSelector('[data-plan] img');
    await all('duty-plan');
    await page.close();
  } finally {
    await module.stop();
    await app.stop();
    remove();
  }
}

async function enter(page: Page, user: string, password: string): Promise<void> {
  await page.fill('[name=user]', user);
  await page.fill('[name=password]', password);
  await page.click('[data-form=sign-in] button[type=submit]');
  await page.waitForSelector('[data-form=sign-in]', { state: 'detached' });
}

async function leave(page: Page): Promise<void> {
  await page.click('[data-action=sign-out]');
  await page.waitForSelector('[data-form=sign-in]');
}

async function shootAll(page: Page, folder: string, name: string): Promise<void> {
  for (const viewport of sizes) {
    await page.setViewportSize(viewport);
    for (const language of ['zh', 'en']) {
      // also under a dialog, which lets nothing behind it be clicked
      if (language === 'en') await switchLanguage(page);
      await page.waitForTimeout(250);
      await page.screenshot({ path: join(folder, `${name}-${language}-${viewport.width}.png`) });
      if (language === 'en') await switchLanguage(page);
    }
  }
  await page.setViewportSize(sizes[0] as (typeof sizes)[0]);
}

async function switchLanguage(page: Page): Promise<void> {
  await page.locator('[data-action=language]').evaluate((button: HTMLElement) => button.click());
}
