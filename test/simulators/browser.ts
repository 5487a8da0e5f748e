import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** A real Chromium with a profile of its own, as it stands in a security room in China. */
export interface Browser {
  context: BrowserContext;
  page(url?: string): Promise<Page>;
  close(): Promise<void>;
}

export interface BrowserOptions {
  /** Path of the program. */
  program: string;
  viewport?: { width: number; height: number };
  /** A kiosk's browser plays sound without a click. */
  kiosk?: boolean;
}

/**
 * A name for this machine that browsers do not trust as they trust localhost: pages of plain HTTP have as little here
 * as on a campus network (no Notification, wakeLock, crypto.subtle, clipboard).
 */
export const LAN_NAME = 'gateway.campus.test';

/** The same address as the campus network would have it. */
export function lanUrl(url: string): string {
  const lan = new URL(url);
  lan.hostname = LAN_NAME;
  return lan.href;
}

const flags = [
  `--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`,
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium without a window. */
export async function startBrowser({ program, viewport, kiosk = false }: BrowserOptions): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'campus-gateway-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    headless: true,
    args: kiosk ? [...flags, '--autoplay-policy=no-user-gesture-required'] : flags,
    // playwright allows sound without a click unless told otherwise
    ignoreDefaultArgs: kiosk ? [] : ['--autoplay-policy=no-user-gesture-required'],
    viewport: viewport ?? { width: 1366, height: 768 },
    // without a graphics card every frame of a pulsing card costs the processor that the gateway under test needs
    reducedMotion: 'reduce',
    timezoneId: 'Asia/Shanghai',
    locale: 'zh-CN',
  });
  const page: Browser['page'] = async (url) => {
    const opened = await context.newPage();
    if (url !== undefined) await opened.goto(url);
    return opened;
  };
  const close = async (): Promise<void> => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, page, close };
}
