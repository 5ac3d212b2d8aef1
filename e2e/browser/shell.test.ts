import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { expectAccessible, expectNoSideways, TestBrowser, untilLive } from './support/browser.ts';

describe('the shell of the dashboard', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;

  beforeAll(async () => {
    [cloud, browser] = await Promise.all([story.cloud(), TestBrowser.launch()]);
  });

  afterAll(async () => {
    await browser.close();
    await story.end();
  });

  const open = (path: string, viewport?: { width: number; height: number }): Promise<Page> =>
    browser.open(cloud.plainUrl + path, {
      token: cloud.token,
      ...(viewport === undefined ? {} : { viewport }),
    });

  it('says what is not there, in words, at an address of no page', async () => {
    const page = await open('/no/such/page');
    await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
    await expectAccessible(page);
    expect(browser.problems()).toEqual([]);
  });

  it.each([360, 1280])('fits %i pixels', async (width) => {
    const page = await open('/', { width, height: 700 });
    await page.getByRole('link', { name: 'EdgeFlow, to the start' }).waitFor();
    await untilLive(page);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expectNoSideways(page);
    await expectAccessible(page);
    expect(browser.problems()).toEqual([]);
  });

  it('leads past its frame by the first press of Tab', async () => {
    const page = await open('/');
    await untilLive(page);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
  });

  it('says which page is open to whoever does not see it change', async () => {
    const page = await open('/devices');
    await untilLive(page);
    const said = page.getByRole('main').getByRole('status');
    expect(await said.first().textContent()).toBe('');
    await page.getByRole('link', { name: 'Codes', exact: true }).click();
    await expect.poll(() => said.first().textContent()).toBe('Codes');
  });

  it('is served with a policy that runs no inline script, and without HSTS', async () => {
    const answer = await cloud.call('GET', '/some/page', undefined, { accept: 'text/html' });
    expect(answer.status).toBe(200);
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toMatch(/script-src 'self' 'nonce-[0-9a-f]{32}'/);
    for (const word of [
      "frame-ancestors 'none'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "object-src 'none'",
    ])
      expect(policy).toContain(word);
    expect(policy).not.toContain('unsafe');
    expect(answer.headers['strict-transport-security']).toBeUndefined();
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
    });
  });
});
