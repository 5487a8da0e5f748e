import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { openConsole, signInAs } from './console-page.ts';
import { playStrangers } from './scenes.ts';
import { Stage } from './stage.ts';

describeWithPeer('chromium', 'the page of devices in a real browser', () => {
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
    page.on('console', (message) => {
      // of what was refused on purpose the browser complains by itself
      if (message.type() === 'error' && !/\b40[019]\b/.test(message.text())) faults.push(message.text());
    });
  });
  afterEach(async () => {
    await page.close();
    await stage.close();
    expect(faults).toEqual([]);
  });

  async function openDevices(): Promise<void> {
    await signInAs(page, 'wang');
    await page.click('[data-page-link=devices]');
    await page.waitForSelector('[data-devices-page]');
  }

  test('a guard sees no strangers; the installer sees the number of strangers change', async () => {
    await signInAs(page, 'zhang');
    await page.waitForSelector('[data-empty]');
    stage.hear('zigbee2mqtt/first-one', { smoke: false });
    await page.click('[data-page-link=devices]');
    await page.waitForSelector('[data-device]');
    expect(await page.locator('[data-strangers], [data-tab=unknown], [data-action=issue]').count()).toBe(0);
    await page.click('[data-action=sign-out]');
    await openDevices();
    await page.waitForSelector('[data-strangers] >> text="1"');
    stage.hear('zigbee2mqtt/new-one', { smoke: false });
    await page.waitForSelector('[data-strangers] >> text="2"');
    await page.waitForSelector('[data-entry] >> text=new-one');
  });

  test('a stranger is looked at, a fault stands at its field, and then it is registered', async () => {
    playStrangers(stage);
    await openDevices();
    await page.click('[data-entry] >> text=dorm-509-smoke');
    const best = page.locator('[data-candidate]').first();
    expect(await best.getAttribute('data-candidate')).toBe('zigbee2mqtt.device');
    await best.locator('text=感烟火警 触发').waitFor();
    await page.fill('[name=name]', '509 宿舍烟感');
    await page.click('[data-action=adopt]');
    await page.waitForSelector('[data-field-error] >> text=安装地点');
    expect(await page.inputValue('[name=name]')).toBe('509 宿舍烟感');
    await page.click('[data-action=choose-place]');
    await page.fill('[name=place-search]', '508');
    await page.keyboard.press('Enter');
    await page.click('[data-action=adopt]');
    await page.waitForSelector('[data-adopted] >> text=509 宿舍烟感');
    await page.waitForSelector('[data-adopted] [role=alert]');
    await waitFor('the device to leave the list', async () => {
      return (await page.locator('[data-entry] >> text=dorm-509-smoke').count()) === 0;
    });
    await page.click('[data-tab=devices]');
    await page.waitForSelector('[data-device="dorm-509-smoke"] >> text=508 宿舍');
  });

  test('the settings of the profile are a form, and its faults stand there too', async () => {
    stage.hear('zigbee2mqtt/gas', { gas: 30 });
    await openDevices();
    await page.click('[data-entry]');
    await page.fill('[name=name]', '后厨燃气');
    await page.click('[data-action=choose-place]');
    await page.click('[data-place=kitchen]');
    await page.locator('[data-setting=gas_alarm]').waitFor({ state: 'attached' });
    // in the language of the console, with its choices
    expect(await page.textContent('[data-setting=gas_alarm] label')).toBe('燃气报警值（%LEL，达到即报警）');
    expect(await page.textContent('[data-setting=contact] option[value=intrusion]')).toContain(
      '入侵防区（intrusion）',
    );
    await page.locator('summary').first().click();
    await page.fill('[name="settings.gas_alarm"]', '400');
    await page.click('[data-action=adopt]', { force: true });
    // the browser itself refuses what is beyond the maximum of the schema
    expect(await page.locator('[name="settings.gas_alarm"]:invalid').count()).toBe(1);
    await page.fill('[name="settings.gas_alarm"]', '30');
    await page.click('[data-action=adopt]');
    await page.waitForSelector('[data-adopted]');
  });

  test('no PIN of a stranger is on the screen, and it can be ignored and shown again', async () => {
    stage.hear('zigbee2mqtt/keypad', { action: 'emergency', action_code: '471108' });
    await openDevices();
    await page.click('[data-entry]');
    await page.waitForSelector('[data-sample] >> text=***');
    expect(await page.content()).not.toContain('471108');
    await page.click('[data-action=dismiss]');
    await waitFor(
      'the device to leave the list',
      async () => (await page.locator('[data-entry]').count()) === 0,
    );
    await page.click('[data-tab=ignored]');
    await page.click('[data-action=revoke]');
    await waitFor('nothing ignored', async () => (await page.locator('[data-ignored]').count()) === 0);
  });

  test('a new password is shown once', async () => {
    await openDevices();
    await page.click('[data-tab=devices]');
    await page.click('[data-device=io-301] [data-action=issue]');
    await page.click('[data-dialog=credential] [data-action=submit]');
    const password = await page.textContent('[data-password]');
    expect(password).toMatch(/^\S{23}$/);
    await page.click('[data-dialog=credential] [data-action=submit]');
    await page.waitForSelector('[data-dialog=credential]', { state: 'detached' });
    expect(await page.content()).not.toContain(password ?? '');
  });

  test('what cannot be read of a registered device is shown with its reason', async () => {
    stage.hearUnreadable('leak-1', 'zigbee2mqtt/leak-1', { water_leak: 'perhaps' }, 'a value is not known');
    await openDevices();
    await page.click('[data-tab=unreadable]');
    await page.click('[data-entry] >> text=水浸 1');
    await page.waitForSelector('[data-detail] >> text=a value is not known');
    expect(await page.locator('[data-form=adopt]').count()).toBe(0);
  });
});
