import { join } from 'node:path';
import type { Browser } from '../simulators/browser.ts';
import { openConsole, signInAs } from './console-page.ts';
import { weekOfReports } from './kpi-scene.ts';
import { Stage } from './stage.ts';

/** The report of a busy week for the shift leader and the auditor, in both languages, at a desk and on a telephone. */
export async function shootKpi(browser: Browser, consoleDir: string, folder: string): Promise<void> {
  const stage = await Stage.open({ consoleDir, kpi: weekOfReports() });
  try {
    for (const user of ['li', 'audit']) {
      const page = await openConsole(browser, stage);
      await signInAs(page, user);
      await page.click('[data-page-link=kpi]');
      await page.waitForSelector('[data-kpi=zones]');
      for (const width of [1280, 400]) {
        // as high as the page, so that all of it is in the picture
        await page.setViewportSize({ width, height: width === 400 ? 5_200 : 2_600 });
        for (const language of ['zh', 'en']) {
          await page.waitForTimeout(300);
          await page.screenshot({ path: join(folder, `kpi-${user}-${language}-${width}.png`) });
          await page.click('[data-action=language]');
        }
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.close();
      await browser.context.clearCookies();
    }
  } finally {
    await stage.close();
  }
}
