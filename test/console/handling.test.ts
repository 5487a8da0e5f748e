import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { arm, attribute, card, openConsole, pastATick, signInAs } from './console-page.ts';
import { Stage } from './stage.ts';
import { people } from './stage-campus.ts';

describeWithPeer('chromium', 'the console in a real browser: what people do to alarms', () => {
  let consoleDir: string;
  let browser: Browser;
  let stage: Stage;
  let page: Page;

  const passwordOf = (user: string) => people.find((person) => person.user === user)?.password ?? '';
  const isIn = (id: string, state: string) =>
    page.waitForSelector(`[data-alarm="${id}"][data-operator=${state}]`);

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

  async function onDuty(user: string): Promise<void> {
    await signInAs(page, user);
    await page.waitForSelector('[data-empty]');
  }

  test('from acknowledge to close: the whole way of a severity 1, with a second person', async () => {
    await onDuty('li');
    await arm(page);
    const { id } = stage.raise({ type: 'EMG.PANIC', slot: 'panic-301', edge: 'pulse' });
    await card(page, id).locator('[data-action=acknowledge]').click();
    await isIn(id, 'acknowledged');
    await waitFor('silence', async () => (await attribute(page, 'pattern')) === 'none');
    expect(stage.book.get(id)?.owner).toBe('li');

    await card(page, id).locator('[data-action=confirm]').click();
    await page.click('[data-action=submit]');
    expect(await page.locator('[data-dialog=confirm] .dialog-missing').textContent()).not.toBe('');
    await page.click('[data-choice=video]');
    await page.click('[data-action=submit]');
    await isIn(id, 'confirmed');

    await card(page, id).locator('[data-action=dispatch]').click();
    await isIn(id, 'dispatched');
    await card(page, id).locator('[data-action=arrive]').click();
    await isIn(id, 'on-scene');

    await card(page, id).locator('[data-action=dispose]').click();
    await page.click('[data-choice=real]');
    await page.click('[data-action=submit]');
    // the category is only suggested until a person has checked it
    expect(await page.locator('[data-dialog=dispose] .dialog-missing').textContent()).toContain('警情类别');
    await page.selectOption('[name=policeCode]', '101300');
    await page.fill('[name=note]', '校外人员威胁教师，已带离');
    await page.click('[data-action=submit]');
    await isIn(id, 'disposed');
    expect(stage.book.get(id)?.disposition).toMatchObject({
      verdict: 'real',
      policeCode: '101300',
      by: 'li',
    });

    await card(page, id).locator('[data-action=reset]').click();
    await page.fill('[name=second-user]', 'zhang');
    await page.fill('[name=second-password]', 'not-the-password');
    await page.click('[data-action=submit]');
    await page.waitForSelector('[data-dialog=second-person] [data-notice]');
    await page.fill('[name=second-password]', passwordOf('zhang'));
    await page.click('[data-action=submit]');
    await page.waitForSelector(`[data-alarm="${id}"][data-latched=false]`);
    expect(stage.book.get(id)?.steps?.reset).toMatchObject({ by: 'li', second: 'zhang' });

    await card(page, id).locator('[data-action=close]').click();
    await page.fill('[name=second-user]', 'zhang');
    await page.fill('[name=second-password]', passwordOf('zhang'));
    await page.click('[data-action=submit]');
    await card(page, id).waitFor({ state: 'detached' });
    expect(stage.book.get(id)?.operator).toBe('closed');
  });

  test('a guard proposes, the leader sees it and disposes', async () => {
    await onDuty('zhang');
    const { id } = stage.raise({ type: 'INT.FENCE', slot: 'fence-east' });
    await card(page, id).locator('[data-action=acknowledge]').click();
    await isIn(id, 'acknowledged');
    await card(page, id).locator('[data-action=dispose]').click();
    await page.click('[data-choice=nuisance]');
    await page.fill('[name=note]', '树枝搭在围栏上');
    await page.click('[data-action=submit]');
    await card(page, id).locator('[data-mark=proposal]').waitFor();
    expect(stage.book.get(id)?.operator).toBe('acknowledged');

    await page.click('[data-action=sign-out]');
    await signInAs(page, 'li');
    await card(page, id).locator('[data-action=dispose]').click();
    expect(await page.inputValue('[name=note]')).toBe('树枝搭在围栏上');
    await page.click('[data-action=submit]');
    await isIn(id, 'disposed');
    expect(stage.book.get(id)?.disposition).toMatchObject({ verdict: 'nuisance', by: 'li' });
  });

  test('an alarm that changed meanwhile is shown anew, and the person is told', async () => {
    await onDuty('zhang');
    const alarm = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508' });
    await page.route('**/acknowledge', async (route) => {
      stage.act(alarm, 'acknowledge', 'li');
      await route.continue();
    });
    await card(page, alarm.id).locator('[data-action=acknowledge]').click();
    await card(page, alarm.id).locator('[data-notice]').waitFor();
    expect(await card(page, alarm.id).locator('[data-notice]').textContent()).toContain('最新状态');
    await isIn(alarm.id, 'acknowledged');
    expect(stage.book.get(alarm.id)?.owner).toBe('li');
  });

  test('an action that does not reach the gateway is not shown as done', async () => {
    await onDuty('zhang');
    const { id } = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508' });
    await page.route('**/acknowledge', (route) => route.abort());
    await card(page, id).locator('[data-action=acknowledge]').click();
    await card(page, id).locator('[data-notice]').waitFor();
    expect(await card(page, id).locator('[data-notice]').textContent()).toContain('操作没有执行');
    expect(await card(page, id).getAttribute('data-operator')).toBe('new');
  });

  test('an action that the disk does not take is shown with its mark', async () => {
    await onDuty('zhang');
    const { id } = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508' });
    await card(page, id).waitFor();
    stage.diskFull = true;
    await card(page, id).locator('[data-action=acknowledge]').click();
    await isIn(id, 'acknowledged');
    await card(page, id).locator('[data-mark=unsaved]').waitFor();
    await card(page, id).locator('[data-notice]').waitFor();
  });

  test('keys: an arrow chooses a card, A acknowledges it, S silences; without a choice they do nothing', async () => {
    await onDuty('zhang');
    await arm(page);
    const first = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508', ago: 60_000 });
    const second = stage.raise({ type: 'FIR.HEAT', slot: 'gas-kitchen' });
    await card(page, second.id).waitFor();
    await page.keyboard.press('a');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('s');
    await card(page, first.id).locator('[data-mark=silenced]').waitFor();
    // what is silenced stands below what sounds
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('a');
    await isIn(second.id, 'acknowledged');
    expect(stage.book.get(first.id)?.operator).toBe('new');
  });

  test('a double click acknowledges one alarm, not the one that moves up', async () => {
    await onDuty('zhang');
    const first = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508', ago: 60_000 });
    const second = stage.raise({ type: 'FIR.HEAT', slot: 'gas-kitchen' });
    await card(page, second.id).waitFor();
    const box = await card(page, first.id).locator('[data-action=acknowledge]').boundingBox();
    const { x = 0, y = 0 } = box ?? {};
    await page.mouse.dblclick(x + 20, y + 15, { delay: 80 });
    await isIn(first.id, 'acknowledged');
    await pastATick(page);
    expect(stage.book.get(second.id)?.operator).toBe('new');
  });

  test('details: the history tells who did what, when and where', async () => {
    await onDuty('zhang');
    const { id } = stage.raise({ type: 'LAB.CAB_OPEN', slot: 'door-chemistry' });
    await card(page, id).locator('.card-select').click();
    await page.waitForSelector('[data-step=raise]');
    await card(page, id).locator('[data-action=acknowledge]').click();
    const step = page.locator('[data-step=acknowledge]');
    await step.waitFor();
    const text = await step.textContent();
    for (const word of ['接警', '张建国', '在 值班室', '未接警 → 已接警']) expect(text).toContain(word);
  });

  test('what recovered by itself waits to be seen, all at once if wanted', async () => {
    await onDuty('zhang');
    for (const slot of ['leak-chemistry', 'door-302']) {
      stage.happen({ type: 'DEV.OFFLINE', slot });
      stage.happen({ type: 'DEV.OFFLINE', slot, edge: 'clear' });
    }
    await page.click('[data-tab=recovered]');
    await page.waitForSelector('[data-recovered-alarm]');
    expect(await page.locator('[data-recovered-alarm]').count()).toBe(2);
    await page.click('[data-action=see-all]');
    await waitFor('an empty list', async () => (await page.locator('[data-recovered-alarm]').count()) === 0);
    expect(stage.book.recovered()).toEqual([]);
  });

  test('events: the last ones stand there at once, new ones come on top, by kind if wanted', async () => {
    stage.happen({ type: 'ACC.GRANT', slot: 'door-302', edge: 'pulse' });
    await onDuty('zhang');
    await page.waitForSelector('[data-event="ACC.GRANT"]');
    stage.happen({ type: 'DEV.OFFLINE', slot: 'leak-chemistry' });
    await page.waitForSelector('[data-event="DEV.OFFLINE"]');
    expect(await page.locator('[data-event]').first().getAttribute('data-event')).toBe('DEV.OFFLINE');
    await page.click('[data-kind=fault]');
    expect(await page.locator('[data-event]').count()).toBe(1);
  });
});
