import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { argumentsOf } from '../../edge/console/commands/commands.ts';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { openConsole, signInAs } from './console-page.ts';
import { Stage } from './stage.ts';
import { people } from './stage-campus.ts';

test('what is typed is sent with the type that the argument has, and what is empty is not sent', () => {
  const args = {
    duration: { type: 'integer' },
    loud: { type: 'boolean' },
    tone: { type: 'integer', enum: [1, 2] },
    text: { type: 'string' },
    left: { type: 'number', default: 3 },
  } as const;
  const typed = { duration: ' 30 ', loud: 'false', tone: '2', text: '007', left: '' };
  const command = {
    name: 'x',
    title: { zh: 'x', en: 'x' },
    output: 'siren',
    right: 'allowed',
    args,
  } as const;
  expect(argumentsOf(command, typed)).toEqual({ duration: 30, loud: false, tone: 2, text: '007' });
  expect(argumentsOf(command, { duration: 'thirty' })).toEqual({ duration: 'thirty' });
});

describeWithPeer('chromium', 'devices controlled from the console', () => {
  let consoleDir: string;
  let browser: Browser;
  let stage: Stage;
  let page: Page;

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
  });
  afterEach(async () => {
    await page.close();
    await stage.close();
  });

  async function openCommands(user: string, device: string): Promise<void> {
    await signInAs(page, user);
    await page.click('[data-page-link=devices]');
    await page.click(`[data-device="${device}"] [data-action=control]`);
    await page.waitForSelector('[data-dialog=commands]');
  }

  test('a shift leader sounds a siren: chosen, filled in, confirmed, and only then sent', async () => {
    await openCommands('li', 'zb-smoke-508');
    await page.click('[data-command=siren_on]');
    await page.fill('[name=arg-duration]', '15');
    const confirm = page.locator('[data-dialog=commands] [data-action=submit]');
    expect(await confirm.textContent()).toContain('确认：打开警号');
    expect(stage.commands).toEqual([]);
    await confirm.click();
    await page.waitForSelector('[data-sent]');
    expect(stage.commands).toEqual([
      { device: 'zb-smoke-508', name: 'siren_on', args: { duration: 15 }, by: 'li' },
    ]);
  });

  test('cancelling a chosen command sends nothing', async () => {
    await openCommands('li', 'zb-smoke-508');
    await page.click('[data-command=unlock]');
    await page.click('[data-dialog=commands] [data-action=cancel]');
    await page.waitForSelector('[data-command=unlock]');
    expect(stage.commands).toEqual([]);
  });

  test('a guard needs the shift leader, who signs in here', async () => {
    await openCommands('zhang', 'zb-smoke-508');
    // of the page of the devices a guard sees what is registered, and nothing of the installer's
    expect(await page.locator('[data-tab]').count()).toBe(1);
    expect(await page.locator('[data-action=issue]').count()).toBe(0);
    await page.click('[data-command=unlock]');
    const leader = people.find(({ user }) => user === 'li');
    await page.fill('[name=second-user]', 'li');
    await page.fill('[name=second-password]', leader?.password ?? '');
    await page.click('[data-dialog=commands] [data-action=submit]');
    await waitFor('the command', () => stage.commands.length > 0);
    expect(stage.commands[0]).toMatchObject({ name: 'unlock', by: 'zhang', second: 'li' });
  });
});
