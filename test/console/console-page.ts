import type { Locator, Page } from 'playwright-core';
import { type Browser, lanUrl } from '../simulators/browser.ts';
import { waitFor } from '../simulators/wait.ts';
import type { Stage } from './stage.ts';
import { people } from './stage-campus.ts';

/** Opens the console in a new tab, as from another computer of the campus. */
export async function openConsole(browser: Browser, stage: Pick<Stage, 'url'>): Promise<Page> {
  const page = await browser.page(lanUrl(stage.url));
  page.setDefaultTimeout(10_000);
  await page.waitForSelector('html:not([data-page=loading])', { state: 'attached' });
  return page;
}

/** Fills in the sign-in page and sends it; does not wait for what comes of it. */
export async function signInAs(page: Page, user: string, password?: string): Promise<void> {
  const person = people.find((candidate) => candidate.user === user);
  await page.fill('[name=user]', user);
  await page.fill('[name=password]', password ?? person?.password ?? '');
  await page.click('[data-form=sign-in] button[type=submit]');
}

/** Presses the sound bar if it is there, and waits until the sound is on. */
export async function arm(page: Page): Promise<void> {
  const bar = page.locator('[data-action=arm-sound]');
  if (await bar.isVisible()) await bar.click();
  await page.waitForSelector('html[data-sound=armed]', { state: 'attached' });
}

/** The card of an alarm. */
export function card(page: Page, id: string): Locator {
  return page.locator(`[data-alarm="${id}"]`);
}

/** State that the page writes on its root element: `sound`, `pattern`, `link`, `page`. */
export function attribute(page: Page, name: string): Promise<string | null> {
  return page.getAttribute('html', `data-${name}`);
}

/** Lets at least one tick of the page pass: its clock must change twice. */
export async function pastATick(page: Page): Promise<void> {
  for (let changes = 0; changes < 2; changes += 1) {
    const before = await page.textContent('.top-clock');
    await waitFor('the clock', async () => (await page.textContent('.top-clock')) !== before, 5_000);
  }
}
