import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { CloudProcess } from '../../support/cloud-process.ts';
import { type OpenOptions, type TestBrowser, untilLive } from './browser.ts';

/** The page *Add a device*, as a person uses it. */
export class AddDevicePage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(
    browser: TestBrowser,
    cloud: CloudProcess,
    options: OpenOptions & { readonly path?: string } = {},
  ): Promise<AddDevicePage> {
    const { path = '/devices/add', ...more } = options;
    const opened = await browser.open(cloud.plainUrl + path, { token: cloud.token, ...more });
    await untilLive(opened);
    await opened.getByRole('heading', { level: 1 }).waitFor();
    return new AddDevicePage(opened);
  }

  static of(page: Page): AddDevicePage {
    return new AddDevicePage(page);
  }

  /** Makes a code and answers its text and its public id. */
  async create(
    fill: (form: Locator) => Promise<void> = async () => undefined,
  ): Promise<{ code: string; id: string }> {
    const form = this.page.getByRole('form', { name: 'Add a device' });
    await fill(form);
    await form.getByRole('button', { name: 'Create code' }).click();
    return this.shown();
  }

  /** The code that the page shows. */
  async shown(): Promise<{ code: string; id: string }> {
    await this.page.waitForURL(/code=pc_/);
    const code = (await this.page.getByTestId('code').textContent()) ?? '';
    return { code, id: new URL(this.page.url()).searchParams.get('code') ?? '' };
  }

  /** Opens what is folded away. */
  async unfold(): Promise<void> {
    await this.page.getByRole('button', { name: /Group, tags, validity/ }).click();
  }

  get panel(): Locator {
    return this.page.getByRole('region', { name: 'Progress' });
  }

  /** Waits until the panel's headline reads so. */
  async says(headline: string | RegExp, timeoutMs = 20_000): Promise<void> {
    const heading = this.panel.getByRole('heading', { level: 2 });
    await expect
      .poll(() => heading.textContent(), { timeout: timeoutMs })
      .toEqual(typeof headline === 'string' ? headline : expect.stringMatching(headline));
  }

  /** The text of a snippet, as it is shown. */
  async snippet(tab: string, label: string): Promise<string> {
    await this.page.getByRole('tab', { name: tab }).click();
    return (await this.page.locator(`pre[aria-label="${label}"]`).textContent()) ?? '';
  }
}
