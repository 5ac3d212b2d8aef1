import type { Locator, Page } from 'playwright-core';
import type { CloudProcess } from '../../support/cloud-process.ts';
import { type TestBrowser, untilLive } from './browser.ts';

/** A page with the overview before it, to which Back leads within the dashboard. */
export async function openAfterOverview(
  browser: TestBrowser,
  cloud: CloudProcess,
  path: string,
  heading: string,
): Promise<Page> {
  const page = await browser.open(`${cloud.plainUrl}/overview`, { token: cloud.token });
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  // What a link does: the router stays, and Back with it.
  await page.evaluate(`history.pushState({ key: 'there', __TSR_index: 1 }, '', ${JSON.stringify(path)})`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await untilLive(page);
  return page;
}

/** As the button does. Playwright's own waits for a page that a question may keep from coming. */
export async function goBack(page: Page): Promise<void> {
  await page.evaluate('history.back()');
}

/** Keeps the answer of a call back, which the cloud has carried out, until it is let go. */
export async function holdAnswer(page: Page, method: string, path: string): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  await page.route(`**${path}`, async (route) => {
    if (route.request().method() !== method) return route.continue();
    const response = await route.fetch();
    await promise;
    return route.fulfill({ response });
  });
  return () => resolve(undefined);
}

/** Answers the question whether something may be lost; afterwards Escape is for what is beneath it. */
export async function stay(question: Locator): Promise<void> {
  await question.getByRole('button', { name: 'Stay' }).last().click();
  await question.waitFor({ state: 'detached' });
}
