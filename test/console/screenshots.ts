// npx tsx test/console/screenshots.ts FOLDER: pictures of the console in every state, to look at.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startBrowser } from '../simulators/browser.ts';
import { requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { arm, openConsole, signInAs } from './console-page.ts';
import { playEveryKind, playFlood, playStrangers, playWaiting } from './scenes.ts';
import { shootKpi } from './screenshot-kpi.ts';
import { shootPages } from './screenshot-pages.ts';
import { SET_UP_CODE, Stage } from './stage.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: npx tsx test/console/screenshots.ts FOLDER');
mkdirSync(folder, { recursive: true });

const sizes = [
  { width: 1366, height: 768 },
  { width: 1920, height: 1080 },
];

const consoleDir = await builtConsole();
for (const viewport of sizes) await shoot(viewport);
const desk = await startBrowser({ program: requirePeer('chromium') });
await shootPages(desk, folder).finally(() => desk.close());

async function shoot(viewport: { width: number; height: number }): Promise<void> {
  const browser = await startBrowser({ program: requirePeer('chromium'), viewport });
  const save = (page: Page, name: string) =>
    page.screenshot({ path: join(folder as string, `${name}-${viewport.width}.png`) });
  const bare = await Stage.open({ consoleDir, bare: true });
  const stage = await Stage.open({ consoleDir });
  try {
    const setUp = await openConsole(browser, bare);
    await setUp.fill('[name=code]', SET_UP_CODE);
    await setUp.fill('[name=name]', '赵主任');
    await save(setUp, 'set-up');
    await setUp.fill('[name=code]', 'WRONG');
    await setUp.fill('[name=password]', 'long-enough-9');
    await setUp.fill('[name=again]', 'long-enough-9');
    await setUp.click('button[type=submit]');
    await setUp.waitForSelector('.problem');
    await save(setUp, 'set-up-problem');
    await setUp.close();

    const page = await openConsole(browser, stage);
    await save(page, 'sign-in');
    await signInAs(page, 'zhang', 'wrong-password');
    await page.waitForSelector('.problem');
    await save(page, 'sign-in-problem');
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    await save(page, 'empty');
    await page.reload();
    await page.waitForSelector('[data-empty]');
    await save(page, 'empty-unarmed');
    await arm(page);

    await playEveryKind(stage);
    await page.waitForSelector('[data-type="EMG.PANIC"]');
    await page.waitForTimeout(300);
    await save(page, 'alarms-guard');
    await page.click('[data-type="FIR.SMOKE"] .card-select');
    await page.waitForSelector('[data-step]');
    await save(page, 'alarms-detail');
    await page.click('[data-tab=recovered]');
    await save(page, 'recovered');
    await page.click('[data-tab=events]');
    await page.locator('[data-alarms]').evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await page.waitForTimeout(200);
    await save(page, 'alarms-bottom');
    await page.locator('[data-alarms]').evaluate((list) => list.scrollTo(0, 0));
    await page.click('[data-action=language]');
    await page.waitForTimeout(200);
    await save(page, 'alarms-english');
    await page.click('[data-action=language]');

    await page.click('[data-type="FIR.SMOKE"] [data-action=confirm]');
    await page.waitForSelector('[data-dialog=confirm]');
    await save(page, 'dialog-confirm');
    await page.click('[data-action=cancel]');
    await page.click('[data-action=sign-out]');
    await signInAs(page, 'li');
    await page.waitForSelector('[data-type="EMG.PANIC"]');
    await page.click('[data-mark=proposal] >> xpath=.. >> [data-action=dispose]');
    await page.waitForSelector('[data-dialog=dispose]');
    await page.click('[data-choice=real]');
    await save(page, 'dialog-dispose');
    await page.click('[data-action=cancel]');
    await page.click('[data-type="FIR.HEAT"] [data-action=reset]');
    await page.waitForSelector('[data-dialog=second-person]');
    await save(page, 'dialog-second');
    await page.click('[data-action=cancel]');

    await page.click('[data-action=sign-out]');
    await signInAs(page, 'wang');
    playStrangers(stage);
    await page.click('[data-page-link=devices]');
    await page.waitForSelector('[data-entry]');
    await save(page, 'devices');
    await page.click('[data-entry] >> text=dorm-509-smoke');
    await page.waitForSelector('[data-candidate]');
    await save(page, 'devices-detail');
    await page.locator('[data-action=adopt]').scrollIntoViewIfNeeded();
    await save(page, 'devices-form');
    await page.click('[data-action=adopt]');
    await page.fill('[name=name]', '509 宿舍烟感');
    await page.click('[data-action=adopt]');
    await page.waitForSelector('[data-field-error]');
    await save(page, 'devices-faults');
    await page.click('[data-action=choose-place]');
    await page.fill('[name=place-search]', '宿舍');
    await save(page, 'devices-place');
    await page.keyboard.press('Enter');
    await page.click('[data-action=adopt]');
    await page.waitForSelector('[data-adopted]');
    await save(page, 'devices-adopted');
    await page.click('[data-entry] >> text=io-gate');
    await page.waitForSelector('[data-inputs]');
    await page.locator('[data-inputs]').scrollIntoViewIfNeeded();
    await page.selectOption('[data-input="1"] select >> nth=0', 'panic');
    await page.fill('[data-input="1"] input', '南门一键报警');
    await page.locator('summary').first().click();
    await save(page, 'devices-inputs');
    await page.click('[data-entry] >> text=后门门磁');
    await page.waitForSelector('[data-detail] h2 >> text=后门门磁');
    await page.locator('summary').first().click();
    await page.locator('[data-setting]').last().scrollIntoViewIfNeeded();
    await save(page, 'devices-settings');
    await page.click('[data-entry] >> text=7731');
    await page.waitForSelector('[data-detail] h2 >> text=7731');
    await save(page, 'devices-nobody');
    await page.click('[data-tab=unreadable]');
    await page.click('[data-entry]');
    await page.waitForSelector('[data-sample]');
    await save(page, 'devices-unreadable');
    await page.click('[data-tab=described]');
    await page.click('[data-entry] >> text=顶楼水箱');
    await page.waitForSelector('[data-offer]');
    await save(page, 'devices-proposal');
    await page.click('[data-tab=devices]');
    await page.waitForSelector('[data-device]');
    await save(page, 'devices-registered');
    await page.click('[data-device=io-301] [data-action=issue]');
    await save(page, 'devices-issue');
    await page.click('[data-dialog=credential] [data-action=submit]');
    await page.waitForSelector('[data-password]');
    await save(page, 'devices-password');
    await page.click('[data-dialog=credential] [data-action=submit]');
    await page.click('[data-action=language]');
    await page.click('[data-tab=unknown]');
    await page.click('[data-entry] >> text=后门门磁');
    await page.waitForSelector('[data-candidate]');
    await save(page, 'devices-english');
    await page.click('[data-action=language]');
    await page.click('[data-page-link=duty]');

    stage.tellStatus({
      storage: 'full',
      uplinks: [{ recipient: 'province', state: 'down', oldestS: 1_930 }],
      clock: 'unsync',
      devices: { total: 42, offline: 3, unknown: 0 },
    });
    await page.waitForSelector('[data-light=storage][data-tone=bad]');
    await save(page, 'lights-bad');
    await page.click('[data-action=language]');
    await save(page, 'lights-bad-english');
    await page.click('[data-action=language]');

    await stage.close();
    await page.waitForSelector('[data-banner=lost]', { timeout: 30_000 });
    await page.waitForTimeout(500);
    await save(page, 'lost');
    await page.close();

    const waiting = await Stage.open({ consoleDir });
    const waits = await openConsole(browser, waiting);
    await signInAs(waits, 'li');
    playWaiting(waiting);
    await waits.waitForSelector('[data-mark=shelved]');
    await save(waits, 'waiting');
    await waits.click('[data-type="INT.AREA"] .card-select');
    await waits.click('[data-detail] [data-action=shelve]');
    await waits.waitForSelector('[data-dialog=shelve]');
    await save(waits, 'dialog-shelve');
    await waits.click('[data-action=cancel]');
    await waits.click('[data-type="INT.FENCE"] .card-select');
    await waits.waitForSelector('[data-step]');
    await save(waits, 'shelved-detail');
    // nobody isolates what nobody has looked at
    const heat = waiting.raise({ type: 'FIR.HEAT', slot: 'gas-kitchen' });
    waiting.act(heat, 'acknowledge', 'li');
    waiting.act(heat, 'confirm', 'li', { how: 'on-site' });
    await waits.click('[data-type="FIR.HEAT"] .card-select');
    await waits.click('[data-detail] [data-action=isolate]');
    await waits.waitForSelector('[data-dialog=isolate]');
    await save(waits, 'dialog-isolate');
    await waits.click('[data-action=cancel]');
    await waits.click('[data-action=language]');
    await waits.waitForTimeout(200);
    await save(waits, 'waiting-english');
    await waiting.close();

    const flooded = await Stage.open({ consoleDir });
    const flood = await openConsole(browser, flooded);
    await signInAs(flood, 'li');
    await playFlood(flooded, 500);
    await flood.waitForSelector('[data-alarm]');
    await flood.waitForTimeout(1_000);
    await save(flood, 'flood');
    flooded.happen({ type: 'SYS.FLOOD' });
    await flood.waitForSelector('[data-flood]');
    await save(flood, 'flood-grouped');
    await flooded.close();
    await shootKpi(browser, consoleDir, folder as string);
  } finally {
    await browser.close();
    await bare.close();
    await stage.close();
  }
}
