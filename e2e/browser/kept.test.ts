import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../apps/cloud/src/features/alerts/testing/receiver.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { expectAccessible, TestBrowser } from './support/browser.ts';
import { goBack, holdAnswer, openAfterOverview, stay } from './support/leaving.ts';

describe('what is shown once', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let receiver: Receiver;
  beforeAll(async () => {
    [cloud, browser, receiver] = await Promise.all([
      story.cloud({ WEBHOOK_NETWORKS: '127.0.0.0/8' }),
      TestBrowser.launch(),
      startReceiver(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await story.end();
    await receiver.close();
  });

  const open = (path: string, heading: string): Promise<Page> =>
    openAfterOverview(browser, cloud, path, heading);

  async function makeDevice(name: string): Promise<string> {
    const { json } = await cloud.call('POST', '/api/v1/devices', { name });
    return (json as { readonly device_id: string }).device_id;
  }

  const leaving = (page: Page): Locator => page.getByRole('dialog', { name: 'Leave without it?' });
  const closing = (page: Page): Locator => page.getByRole('dialog', { name: 'Close without it?' });

  /** The dialog that has just opened has the focus, and the one that has just closed did not take it back. */
  async function expectFocusWithin(page: Page): Promise<void> {
    await expect.poll(() => page.getByRole('dialog').count()).toBe(1);
    await expect.poll(() => page.getByRole('dialog').locator(':focus').count()).toBe(1);
  }

  /** No slip takes a secret off the page that nobody has got; once it is copied, nothing is asked any more. */
  async function expectKept(page: Page, secret: Locator, copy: string): Promise<void> {
    await secret.waitFor();
    await page.mouse.click(5, 5);
    await page.keyboard.press('Escape');
    await closing(page).waitFor();
    await page.keyboard.press('Escape');
    await closing(page).waitFor({ state: 'detached' });
    await secret.waitFor();
    await goBack(page);
    await stay(leaving(page));
    await secret.waitFor();
    await page.getByRole('button', { name: copy }).click();
    await page.getByRole('button', { name: 'Done' }).waitFor();
    await page.keyboard.press('Escape');
    await secret.waitFor({ state: 'detached' });
    expect(await closing(page).count()).toBe(0);
  }

  it('the secret of a webhook is made to its end, and stays until somebody has it', async () => {
    const page = await open('/settings/alerts', 'Alerts');
    const letGo = await holdAnswer(page, 'POST', '/api/v1/alert-endpoints');
    await page.getByRole('button', { name: 'Add an endpoint' }).click();
    await page.getByLabel('Name').fill('on call');
    await page.getByLabel('URL').fill(receiver.url);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('button[type=submit][data-loading]').waitFor();
    await page.keyboard.press('Escape');
    await page.mouse.click(5, 5);
    await goBack(page);
    await leaving(page).getByText('It is being made').waitFor();
    await stay(leaving(page));
    letGo();
    await expectKept(page, page.getByText(/^whsec_/), 'Copy the secret');
    await page.getByRole('button', { name: 'New secret for on call' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click();
    await page.getByText(/^whsec_/).waitFor();
    await expectFocusWithin(page);
    await page.getByRole('button', { name: 'I have saved it' }).click();
    await page.getByText(/^whsec_/).waitFor({ state: 'detached' });
    await page.getByRole('cell', { name: /^on call/ }).waitFor();
    expect(browser.problems()).toEqual([]);
  });

  it('a rule is saved to its end, and is in the list then', async () => {
    const page = await open('/settings/alerts', 'Alerts');
    const letGo = await holdAnswer(page, 'POST', '/api/v1/alert-rules');
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('button[type=submit][data-loading]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Add a rule' }).waitFor();
    letGo();
    await page.getByRole('table', { name: 'Alert rules' }).getByText('15 minutes').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('the key that replaces another stays until somebody has it', async () => {
    const page = await open(`/devices/${await makeDevice('pump 1')}`, 'pump 1');
    const letGo = await holdAnswer(page, 'POST', '/rotate-key');
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Replace the key now…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Replace the key' }).click();
    await goBack(page);
    await stay(leaving(page));
    letGo();
    const key = page.getByText(/^efk_/);
    await key.waitFor();
    await expectFocusWithin(page);
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await closing(page).waitFor();
    await expectAccessible(page);
    await stay(closing(page));
    await expectKept(page, key, 'Copy the key');
  });

  it('the code of a device that is provisioned again is made to its end, and stays until somebody has it', async () => {
    const page = await open(`/devices/${await makeDevice('pump 2')}`, 'pump 2');
    const letGo = await holdAnswer(page, 'POST', '/api/v1/provisioning-codes');
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Provision again with a code…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Provision again with a code' });
    await dialog.getByRole('button', { name: 'Make a code' }).click();
    await dialog.locator('button[data-loading]').waitFor();
    await page.keyboard.press('Escape');
    letGo();
    const code = dialog.getByText(/^PROV-/);
    await code.waitFor();
    await dialog.getByRole('link', { name: 'on a page of its own' }).click();
    await stay(leaving(page));
    await expectKept(page, code, 'Copy the code');
  });

  it('a token that nobody has copied outlives the next, whether that is made or refused', async () => {
    const page = await open('/settings/tokens', 'Operator tokens');
    const tokens = page.locator('pre').filter({ hasText: 'edgeflow_' });
    const make = async (name: string): Promise<void> => {
      await page.getByLabel('What it is for').fill(name);
      await page.getByRole('button', { name: 'Make a token' }).click();
    };
    await make('first');
    await tokens.first().waitFor();
    const first = await tokens.innerText();
    await make('second');
    await expect.poll(() => tokens.count()).toBe(2);
    await page.getByText('second: shown this once').waitFor();
    await page.route('**/api/v1/tokens', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    );
    await make('third');
    await page.getByText('The cloud cannot be reached').waitFor();
    expect(await tokens.count()).toBe(2);
    expect(await tokens.first().innerText()).toBe(first);
    await expectAccessible(page);
    await goBack(page);
    await stay(leaving(page));
    await page.getByRole('button', { name: 'I have saved it' }).first().click();
    await expect.poll(() => tokens.count()).toBe(1);
    await page.getByLabel('What it is for').and(page.locator(':focus')).waitFor();
    await page.getByRole('button', { name: 'Copy the token' }).click();
    await page.getByRole('button', { name: 'Done' }).waitFor();
    await goBack(page);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  it('the link of an invitation outlives the next, and leaving asks for it', async () => {
    const page = await open('/settings/members', 'Members');
    const links = page.locator('pre').filter({ hasText: '/invite#' });
    for (const [made, email] of ['grace@example.org', 'edith@example.org'].entries()) {
      await page.getByLabel('E-mail address').fill(email);
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      await expect.poll(() => links.count()).toBe(made + 1);
    }
    await goBack(page);
    await leaving(page).getByRole('button', { name: 'Leave', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });
});
