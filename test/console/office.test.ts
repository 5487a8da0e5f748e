import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, startGateway } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { openConsole, signInAs } from './console-page.ts';
import { HOUSE_PASSWORD, houseCampus } from './house-campus.ts';

const OWN = 'Xin-mi-ma-2026';
/** A duty check code; a simple one is refused. */
const CODE = '4826';

describeWithPeer(
  'chromium',
  'people, drills, duty, campus and audit, as people walk through their pages',
  () => {
    const { dir, remove } = tempDir('office');
    const faults: string[] = [];
    let gateway: Gateway;
    let browser: Browser;
    let page: Page;
    let module: IoModule;

    beforeAll(async () => {
      [gateway, browser] = await Promise.all([
        startGateway({ dir, site: houseCampus() }),
        startBrowser({ program: requirePeer('chromium') }),
      ]);
      module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
      page = await openConsole(browser, gateway);
      page.on('pageerror', (error) => faults.push(error.message));
    }, 60_000);
    beforeEach(async () => {
      // a test that failed leaves somebody signed in
      await browser.context.clearCookies();
      await page.reload();
      await page.waitForSelector('[data-form=sign-in]');
    });
    afterAll(async () => {
      await module?.stop();
      await browser?.close();
      await gateway?.process.stop();
      remove();
    });

    async function leave(): Promise<void> {
      await page.click('[data-action=sign-out]');
      await page.waitForSelector('[data-form=sign-in]');
      expect(faults).toEqual([]);
    }

    async function go(link: string): Promise<void> {
      await page.click(`[data-page-link=${link}]`);
    }

    const words = (selector: string) => page.locator(selector).textContent();

    /** The same place once more in English; then Chinese again. */
    async function inEnglish(selector: string, text: string): Promise<void> {
      await page.click('[data-action=language]');
      await page.locator(selector).filter({ hasText: text }).waitFor();
      await page.click('[data-action=language]');
    }

    test('people: added with a one-time password, which has to be changed first; disabled, they stay out', async () => {
      await signInAs(page, 'keeper', HOUSE_PASSWORD);
      await inEnglish('[data-page=people] h2', 'People and rights');
      await page.click('[data-action=add-person]');
      await page.fill('[name=user]', 'wu');
      await page.fill('[name=name]', '吴保安');
      await page.click('[data-dialog=person] [data-action=submit]');
      const given = (await words('[data-password]')) ?? '';
      expect(await words('.once')).toContain('只显示这一次');
      await page.click('[data-dialog=person] [data-action=submit]');
      expect(await words('[data-person=wu]')).toContain('待改初始密码');
      await leave();

      await signInAs(page, 'wu', given);
      await page.fill('[data-form=first-password] [name=password]', given);
      await page.fill('[name=next]', OWN);
      await page.fill('[name=again]', OWN);
      await page.click('[data-form=first-password] button[type=submit]');
      await page.waitForSelector('[data-alarms]');
      await leave();

      await signInAs(page, 'keeper', HOUSE_PASSWORD);
      await page.click('[data-person=wu] [data-action=disable]');
      await page.click('[data-dialog=person-step] [data-action=submit]');
      await page.locator('[data-person=wu]').filter({ hasText: '已停用' }).waitFor();
      await leave();
      await signInAs(page, 'wu', OWN);
      await page.waitForSelector('.problem');
    });

    test('campus: a telephone, and a point on a floor plan by mouse and by keyboard, for who handles the alarm', async () => {
      await signInAs(page, 'admin', HOUSE_PASSWORD);
      await go('campus');
      await inEnglish('[data-campus-page]', 'Add a telephone');
      await page.click('[data-action=add]');
      await page.fill('[name=name]', '一层楼管');
      await page.fill('[name=number]', '123 4567');
      await page.fill('[name=order]', '1');
      await page.selectOption('[name=places]', 'teaching-1');
      await page.click('[data-dialog=phone] [data-action=submit]');
      await page.locator('[data-phone-entry]').first().filter({ hasText: '一层楼管' }).waitFor();

      await page.click('[data-tab=plans]');
      await page.waitForSelector('[data-no-picture]');
      const file = { name: 'plan.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') };
      await page.setInputFiles('[name=picture]', file);
      expect(await words('[data-trouble]')).toContain('须为 PNG 或 JPEG');
      const buffer = await page.screenshot({ clip: { x: 0, y: 0, width: 400, height: 300 } });
      await page.setInputFiles('[name=picture]', { name: 'plan.png', mimeType: 'image/png', buffer });
      await page.waitForSelector('[data-board] img');
      await page.click('[data-choose=room-io-1]');
      await page.click('[data-board]', { position: { x: 60, y: 40 } });
      await page.click('[data-toggle=lab]');
      await page.locator('[data-pin=lab]').press('Shift+ArrowLeft');
      await page.click('[data-action=save-points]');
      await page.locator('[data-action=save-points]:disabled').waitFor();
      await leave();

      await signInAs(page, 'guard', passwords.guard);
      expect(await page.locator('[data-page-link=campus]').count()).toBe(0);
      await module.set(3, 'alarm');
      await page.click('[data-type="INT.DOOR"] .card-select');
      await page.waitForSelector('[data-plan-id=teaching-1] img');
      const phones = page.locator('[data-alarm-phones] li');
      expect(await phones.allTextContents()).toEqual([
        '一层楼管123 4567',
        '保卫处值班室0531-88880000',
        '辖区派出所110',
      ]);
      await leave();
    });

    test('drill: started, pressed, shown everywhere, ended, with its report', async () => {
      await signInAs(page, 'leader', passwords.leader);
      await go('drills');
      await page.selectOption('[name=place]', 'teaching');
      await page.check('[name=type][value="FIR.SMOKE"]');
      await page.fill('[name=reason]', '季度演练');
      await page.click('[data-action=start]');
      await page.locator('[data-drill-banner]').filter({ hasText: '演练进行中' }).waitFor();
      await inEnglish('[data-drill-banner]', 'Drill under way');
      await module.set(2, 'alarm');
      await page.locator('[data-point=io-1-smoke]').filter({ hasText: '感烟火警' }).waitFor();
      await go('duty');
      expect(await words('[data-type="FIR.SMOKE"]')).toContain('演练');
      await module.set(2, 'normal');
      await page.click('[data-action=end-drill]');
      await page.waitForSelector('[data-drill-banner]', { state: 'detached' });
      await go('drills');
      expect(await words('[data-report] [data-missing]')).toMatch(/1 个已触发/);
      await inEnglish('[data-report]', 'took no part');
      await leave();
    });

    test('duty: on shift, a check answered with the own code, a severity 1 handed over by two', async () => {
      await module.set(1, 'alarm');
      await signInAs(page, 'guard', passwords.guard);
      await page.waitForSelector('[data-type="EMG.PANIC"]');
      await go('shift');
      await page.click('[data-action=on-shift]');
      await page.waitForSelector('[data-on-shift=guard]');
      await page.fill('[name=own-password]', passwords.guard);
      await page.fill('[name=new-code]', CODE);
      await page.click('[data-action=set-code]');
      await page.waitForSelector('[data-said]');
      await leave();

      await signInAs(page, 'leader', passwords.leader);
      await go('shift');
      await page.click('[data-action=start-check]');
      await page.locator('[data-check]').filter({ hasText: '等待值班人员应答' }).waitFor();
      expect(await page.locator('[data-action=answer-check]').count()).toBe(0);
      await leave();

      await signInAs(page, 'guard', passwords.guard);
      await page.locator('[data-check]').filter({ hasText: '请输入本人查岗码' }).waitFor();
      await page.fill('[name=duty-code]', CODE);
      await page.click('[data-action=answer-check]');
      await page.waitForSelector('[data-check]', { state: 'detached' });

      await go('shift');
      await inEnglish('[data-handover]', 'What the next shift should know');
      const submit = page.locator('[data-action=hand-over]');
      expect(await submit.isDisabled()).toBe(true);
      for (const box of await page.locator('[data-sign] input').all()) await box.check();
      await page.fill('[name=second-user]', 'leader');
      await page.fill('[name=second-password]', passwords.leader);
      await submit.click();
      await page.locator('[data-said]').filter({ hasText: '已完成交接班' }).waitFor();
      await page.waitForSelector('[data-on-shift=leader]');
      await page.waitForSelector('[data-on-shift=guard]', { state: 'detached' });
      await leave();
    });

    test('audit: the auditor reads what was done, and nobody else does', async () => {
      await signInAs(page, 'watcher', HOUSE_PASSWORD);
      await page.waitForSelector('[data-line]');
      await waitFor('what was done', async () => {
        const text = (await page.locator('.audit tbody').textContent()) ?? '';
        return ['添加人员', '停用人员'].every((act) => text.includes(act));
      });
      await page.selectOption('[name=act]', 'people');
      await page.click('[data-form=audit] button[type=submit]');
      await inEnglish('[data-page=audit] tbody', 'Person added');
      await leave();
      for (const [user, password] of [
        ['guard', passwords.guard],
        ['keeper', HOUSE_PASSWORD],
      ] as const) {
        await signInAs(page, user, password);
        await page.waitForSelector('[data-form=sign-in]', { state: 'detached' });
        const refused = await page.evaluate(async () => (await fetch('api/v1/audit')).status);
        expect([user, refused, await page.locator('[data-page=audit]').count()]).toEqual([user, 403, 0]);
        await leave();
      }
    });
  },
);
