import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';
import { buildDashboard } from '../../tools/dashboard/build.ts';
import type { BenchCloud } from './cloud.ts';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
];
const size = { width: 1280, height: 800 };

/** Builds the dashboard that clouds which start from now on serve. */
export async function prepareDashboard(): Promise<void> {
  await buildDashboard({ ifStale: true });
}

/**
 * Milliseconds from the call of the list's address to its first row on the screen of a real Chromium, sorted. The files
 * of the dashboard are in the browser's cache, as they are for whoever works with it.
 */
export async function firstRowTimes({ operator, plain }: BenchCloud, times: number): Promise<number[]> {
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: flags,
    chromiumSandbox: false,
  });
  try {
    const context = await browser.newContext({
      viewport: size,
      extraHTTPHeaders: { authorization: `Bearer ${operator.token}` },
    });
    const page = await context.newPage();
    const ms: number[] = [];
    // The first call fills the cache and is thrown away.
    for (let turn = 0; turn <= times; turn += 1) {
      const startMs = performance.now();
      await page.goto(new URL('/devices', plain).href, { waitUntil: 'commit' });
      await page.locator('tbody tr a').first().waitFor();
      if (turn > 0) ms.push(performance.now() - startMs);
    }
    return ms.toSorted((a, b) => a - b);
  } finally {
    await browser.close();
  }
}
