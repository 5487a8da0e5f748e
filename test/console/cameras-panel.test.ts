import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, startBrowser } from '../simulators/browser.ts';
import { startCamera } from '../simulators/onvif/camera.ts';
import { startDiscoveryResponder } from '../simulators/onvif/discovery.ts';
import type { SimulatedCamera } from '../simulators/onvif/types.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { builtConsole } from './build-console.ts';
import { openConsole, signInAs } from './console-page.ts';
import { Stage } from './stage.ts';

describeWithPeer('chromium', 'the search of cameras in a real browser', () => {
  const stops: Array<() => unknown> = [];
  let stage: Stage;
  let page: Page;
  let gate: SimulatedCamera;
  let door: SimulatedCamera;

  beforeAll(async () => {
    const consoleDir = await builtConsole();
    const browser: Browser = await startBrowser({ program: requirePeer('chromium') });
    stops.push(() => browser.close());
    gate = await startCamera({
      name: '南门枪机',
      manufacturer: 'Hikvision',
      model: 'DS-2CD3T46',
      serial: 'DS-77',
    });
    gate.stepClock(-90_000);
    door = await startCamera({ kind: 'access-controller', name: '图书馆门禁' });
    stops.push(
      () => gate.stop(),
      () => door.stop(),
    );
    const responder = await startDiscoveryResponder(() => [gate, door]);
    stops.push(() => responder.stop());
    const network = { interfaces: ['127.0.0.1'], unicastPort: responder.port, waitMs: 500 };
    stage = await Stage.open({ consoleDir, network });
    stops.push(() => stage.close());
    page = await openConsole(browser, stage);
    await signInAs(page, 'wang');
    await page.click('[data-page-link=devices]');
    await page.click('[data-tab=cameras]');
  }, 120_000);
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  const row = (camera: SimulatedCamera) => `[data-host="127.0.0.1:${camera.port}"]`;
  const shot = async (name: string) => {
    const { CONSOLE_SHOTS: folder } = process.env;
    if (folder !== undefined) await page.screenshot({ path: `${folder}/cameras-${name}.png` });
  };

  test('finds what is there, tries a password, registers it, and offers the new address of one that moved', async () => {
    await page.fill('[name=cidr]', '8.8.8.8');
    await page.click('[data-action=search-cameras]');
    await page.waitForSelector('[data-cameras] .problem >> text=只能搜索内网地址');
    await page.fill('[name=cidr]', '127.0.0.1');
    await page.click('[data-action=search-cameras]');
    await page.waitForSelector(`${row(gate)} >> text=未登记`);
    await page.waitForSelector(`${row(door)} >> text=未登记`);
    await shot('found');

    await page.fill('[name=onvif-user]', gate.user);
    await page.fill('[name=onvif-password]', 'wrong');
    await page.click(row(gate));
    await page.waitForSelector('[data-clock-off] >> text=设备时钟慢');
    await page.click('[data-action=try]');
    await page.waitForSelector('[data-verdict=refused]');
    expect(gate.stats().refused).toBe(1);
    await shot('refused');

    await page.fill('[name=onvif-password]', gate.password);
    await page.click('[data-action=try-all]');
    await page.waitForSelector(`${row(door)} >> text=密码正确`);
    await page.waitForSelector('[data-fact=serial] >> text=DS-77');
    expect(await page.textContent('[data-fact=model] dd')).toBe('Hikvision DS-2CD3T46');
    // found by nobody but its own place; the password is nowhere to be read
    expect(await page.content()).not.toContain(gate.password);
    await shot('accepted');

    await page.click('[data-action=adopt-camera]');
    await page.waitForSelector('[data-field-error] >> text=安装地点');
    await page.click('[data-action=choose-place]');
    await page.fill('[name=place-search]', '南门');
    await page.keyboard.press('Enter');
    await page.fill('[name=sees-search]', '301');
    await page.check('[data-sees=panic-301]');
    await shot('form');
    await page.click('[data-action=adopt-camera]');
    await page.waitForSelector('[data-adopted] >> text=南门枪机');
    await shot('adopted');
    await page.click('[data-action=next]');
    await page.waitForSelector('[data-found-detail] >> text=图书馆门禁');
    await page.waitForSelector('[data-fact=doors]');
    await shot('access');
    await page.waitForSelector(`${row(gate)} >> text=已登记`);

    await gate.move();
    await page.fill('[name=cidr]', '127.0.0.1');
    await page.click('[data-action=search-cameras]');
    await page.waitForSelector(`${row(gate)} >> text=地址已变`);
    await page.click(row(gate));
    await shot('moved');
    await page.click('[data-action=move]');
    await page.waitForSelector(`${row(gate)} >> text=已登记：南门枪机`);
  }, 60_000);
});
