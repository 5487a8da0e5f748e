import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ArmingWorld } from '../edge/arming/arming-world.ts';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { openConsole, signInAs } from './console-page.ts';
import { Stage } from './stage.ts';
import { places, slots } from './stage-campus.ts';

/** Zones over the campus of the stage: one with delays, one with a schedule that the calendar does not cover. */
const zones = {
  places,
  slots,
  devices: [{ id: 'd-leak-chemistry', name: '水浸', profile: 'io.wired', slot: 'leak-chemistry' }],
  zones: [
    {
      id: 'teaching',
      name: '教学楼防区',
      places: ['teaching'],
      entrySlots: ['panic-301'],
      entryDelay: 200,
      exitDelay: 0,
    },
    { id: 'dorm', name: '3 号公寓防区', places: ['dorm-3'], schedule: [{ from: '22:00', to: '06:00' }] },
  ],
};

describeWithPeer('chromium', 'the page of zones in a real browser', () => {
  let consoleDir: string;
  let browser: Browser;
  let world: ArmingWorld;
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
    world = new ArmingWorld(zones);
    world.wall = Date.now();
    stage = await Stage.open({ consoleDir, zones: world.desk });
    show();
    page = await openConsole(browser, stage);
    faults = [];
    page.on('pageerror', (error) => faults.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    await stage.close();
    expect(faults).toEqual([]);
  });

  /** What the gateway does after each change. */
  function show(): void {
    const { zones: list, prompts, blind } = world.arming.status();
    stage.status = { ...stage.status, zones: list, prompts, blind };
    stage.api.live.status(stage.status);
  }

  async function open(user: string): Promise<void> {
    await signInAs(page, user);
    await page.click('[data-page-link=zones]');
    await page.waitForSelector('[data-zones-page]');
  }

  test('a guard arms, is told why not, and forces it with the shift leader as the second person', async () => {
    world.say('VID.CROWD', 'leak-chemistry');
    show();
    await open('zhang');
    const tile = page.locator('[data-zone=teaching]');
    await tile.locator('[data-action=arm]').click();
    const dialog = page.locator('[data-dialog=arm]');
    await dialog.locator('[data-reason=open]').waitFor();
    expect(await dialog.textContent()).toContain('水槽水浸');
    await dialog.locator('[name=reason]').fill('已派人巡查');
    await dialog.locator('[name=second-user]').fill('li');
    await dialog.locator('[name=second-password]').fill('li-on-stage-1');
    await dialog.locator('[data-action=submit]').click();
    await dialog.waitFor({ state: 'detached' });
    show();
    await page.waitForSelector('[data-zone=teaching][data-mode=away] [data-bypass=leak-chemistry]');
    expect(world.zone('teaching').bypasses).toMatchObject([
      { forced: true, reason: '已派人巡查', by: 'zhang' },
    ]);
  });

  test('an entry delay counts down on every page, and disarming ends it', async () => {
    await world.desk.act(
      'teaching',
      'arm',
      { version: 0 },
      { user: 'li', role: 'shift-leader', station: 'x' },
    );
    world.say('INT.DOOR', 'panic-301');
    show();
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-entry=teaching]');
    await page.click('[data-entry=teaching] button');
    const tile = page.locator('[data-zone=teaching][data-phase=entry]');
    expect(await tile.locator('[data-countdown]').textContent()).toMatch(/进入延时.*\d+ 秒/);
    await tile.locator('[data-action=disarm]').click();
    await expect.poll(() => world.zone('teaching').mode).toBe('disarmed');
    show();
    await page.waitForSelector('[data-zone=teaching][data-mode=disarmed]');
    expect(await page.locator('[data-entry]').count()).toBe(0);
  });

  test('the unprotected time stays until it is signed for; prompts and the next 30 days are shown, in English too', async () => {
    world.pass(40);
    world.restart(600_000);
    stage = await reopened();
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-blind]');
    expect(await page.textContent('[data-blind]')).toMatch(/盲区.*\d\d:\d\d:\d\d - .*\d\d:\d\d:\d\d/s);
    await page.waitForSelector('[data-prompt=calendar-missing]');
    await page.click('[data-action=sign-blind]');
    await expect.poll(() => world.arming.status().blind.length).toBe(0);
    show();
    await page.waitForSelector('[data-blind]', { state: 'detached' });
    await page.click('[data-page-link=zones]');
    await page.click('[data-tab=days]');
    await expect.poll(() => page.locator('[data-day]').count()).toBe(30);
    await page.click('[data-action=language]');
    expect(await page.textContent('[data-calendar]')).toContain('Not in the calendar');
    expect(await page.textContent('[data-prompt=calendar-missing]')).toContain('does not cover today');
  });

  /** The desk of the world that started again. */
  async function reopened(): Promise<Stage> {
    await page.close();
    await stage.close();
    const next = await Stage.open({ consoleDir, zones: world.desk });
    stage = next;
    world.pass(6);
    show();
    page = await openConsole(browser, next);
    return next;
  }
});
