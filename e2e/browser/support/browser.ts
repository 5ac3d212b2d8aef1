import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { repository } from '../../support/processes.ts';

/** A phone as installers hold it, and a laptop. */
export const phone = { width: 390, height: 844 };
export const desktop = { width: 1280, height: 800 };

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
];
/** What a person would wait for, on a machine that does other things meanwhile. */
const patienceMs = 15_000;

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export interface OpenOptions {
  /** An operator token, sent with every request; left out for a browser that has to sign in. */
  readonly token?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly timezoneId?: string;
}

/** One real Chromium for a file of tests. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #problems: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Takes half a second. Call {@link close} when the file is done. */
  static async launch(): Promise<TestBrowser> {
    const executablePath = inject('chromiumPath');
    return new TestBrowser(await chromium.launch({ executablePath, args: flags, chromiumSandbox: false }));
  }

  /** A browser of its own: cookies, storage, tabs that know each other. */
  async person({
    colorScheme = 'light',
    timezoneId = 'UTC',
    token,
    viewport = desktop,
  }: OpenOptions = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({
      viewport,
      colorScheme,
      timezoneId,
      locale: 'en-GB',
      reducedMotion: 'reduce',
      // The development CA is known to no browser.
      ignoreHTTPSErrors: true,
      ...(token === undefined ? {} : { extraHTTPHeaders: { authorization: `Bearer ${token}` } }),
    });
    context.setDefaultTimeout(patienceMs);
    context.on('weberror', (error) => this.#problems.push(error.error().message));
    context.on('console', (message) => {
      // What the policy of the page forbids is never right.
      if (/Content.Security.Policy/i.test(message.text())) this.#problems.push(message.text());
    });
    return context;
  }

  /** A page of a new person, at an address. */
  async open(url: string, options: OpenOptions = {}): Promise<Page> {
    const page = await (await this.person(options)).newPage();
    await page.goto(url);
    return page;
  }

  /** What pages threw, or tried against their policy, since it was last asked. Asserted empty at the end of a file. */
  problems(): string[] {
    return this.#problems.splice(0);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** No violation of WCAG 2.2 AA, in the light and in the dark scheme, by axe. The page stays as it was. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(colorScheme);
    const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
    const told = violations.map(
      ({ help, id, nodes }) =>
        `${colorScheme}: ${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary ?? ''}`).join('\n')}`,
    );
    expect(told).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Once this resolves, whatever happens is shown at once. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('[data-live="live"]').waitFor();
}

/** Nothing of the page sticks out of the screen to the right. */
export async function expectNoSideways(page: Page): Promise<void> {
  // As text: what runs in the page has a document, and this file has none.
  const stickingOut = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  expect(stickingOut).toBe(0);
}

/**
 * Keeps a picture of the page at desktop and phone width in docs/screenshots, when SCREENSHOTS=1 says so; a run of the
 * tests leaves the tree as it was.
 */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['SCREENSHOTS'] !== '1') return;
  const folder = join(repository, 'docs/screenshots');
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  for (const [kind, size] of Object.entries({ desktop, phone })) {
    await page.setViewportSize(size);
    await page.screenshot({
      path: join(folder, `${name}-${kind}.png`),
      animations: 'disabled',
      caret: 'hide',
    });
  }
  if (before !== null) await page.setViewportSize(before);
}
