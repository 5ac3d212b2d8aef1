import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCloudCommand } from '../support/cloud-command.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import {
  expectAccessible,
  expectNoSideways,
  phone,
  screenshot,
  TestBrowser,
  untilLive,
} from './support/browser.ts';
import { plantOrganization } from './support/second-organization.ts';

const ada = 'ada@example.org';
const mine = 'Pump stations';
const theirs = 'Waterworks of the northern district';

describe('somebody who belongs to two organizations', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  beforeAll(async () => {
    [cloud, browser] = await Promise.all([story.cloud(), TestBrowser.launch()]);
    const printed = await cloud.waitFor(
      'its link',
      (line) => /http:\/\/localhost:\d+\/setup#\S+/.exec(line)?.[0],
      10_000,
    );
    const owner = await browser.open(printed);
    await owner.getByLabel('Your name').fill('Ada Lovelace');
    await owner.getByLabel('E-mail address').fill(ada);
    await owner.getByLabel('Password', { exact: true }).fill('correct horse battery');
    await owner.getByLabel('Organization (optional)').fill(mine);
    await owner.getByRole('button', { name: 'Become the owner' }).click();
    await owner.getByText(mine).first().waitFor();
    // One organization: nothing to choose.
    expect(await owner.getByRole('button', { name: /^Organization/ }).count()).toBe(0);
    await owner.context().close();
    await plantOrganization(story, { email: ada, role: 'operator' }, { id: 'org_second', name: theirs });
  });
  afterAll(async () => {
    await browser.close();
    await story.end();
  });

  /** A browser of its own in which she is signed in, with one tab. */
  async function signIn(viewport?: { width: number; height: number }): Promise<Page> {
    const { stdout } = await runCloudCommand(cloud, ['sign-in-link', '--email', ada]);
    const page = await browser.open(stdout.trim(), viewport === undefined ? {} : { viewport });
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await untilLive(page);
    return page;
  }

  async function another(person: BrowserContext, path: string): Promise<Page> {
    const page = await person.newPage();
    await page.goto(`${cloud.plainUrl.replace('127.0.0.1', 'localhost')}${path}`);
    await untilLive(page);
    return page;
  }

  const current = (page: Page, name: string): Promise<void> =>
    page.getByRole('button', { name: `Organization: ${name}`, exact: true }).waitFor();

  /** Makes a code as whoever is signed in there, in the organization of that browser. */
  async function makeCode(page: Page, name: string): Promise<void> {
    const { origin } = new URL(page.url());
    const answer = await page.request.post(`${origin}/api/v1/provisioning-codes`, {
      data: { device_name: name },
      headers: { origin },
    });
    expect(answer.status()).toBe(201);
  }

  it('goes on in the other one by the keyboard: pages, roles and live events of every tab are of that one', async () => {
    await cloud.call('POST', '/api/v1/devices', { name: 'pump-1' });
    const page = await signIn();
    const tab = await another(page.context(), '/devices');
    await tab.getByText('pump-1').waitFor();
    const third = await another(page.context(), '/settings/tokens');
    await third.getByRole('button', { name: 'Make a token' }).waitFor();
    // In a browser of its own, which stays where it is: the choice is one of the session.
    const elsewhere = await signIn();

    const button = page.getByRole('button', { name: `Organization: ${mine}` });
    await button.click();
    await page.getByRole('menuitemradio', { name: /Waterworks/ }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await button.focus();
    await page.keyboard.press('Enter');
    const focused = page.locator(':focus');
    await page
      .getByRole('menuitemradio', { name: /Pump stations/ })
      .and(focused)
      .waitFor();
    await page.keyboard.press('ArrowDown');
    await page
      .getByRole('menuitemradio', { name: /Waterworks/ })
      .and(focused)
      .waitFor();
    await page.keyboard.press('Enter');
    for (const one of [page, tab, third]) {
      await current(one, theirs);
      await one.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      await untilLive(one);
    }
    await page.getByText(`This is ${theirs} now`).waitFor({ state: 'attached' });
    await expectAccessible(page);
    await tab.getByRole('link', { name: 'Devices', exact: true }).click();
    await tab.getByRole('heading', { name: 'No devices yet' }).waitFor();
    expect(await tab.getByText('pump-1').count()).toBe(0);
    await third.getByRole('link', { name: 'Codes', exact: true }).click();
    await third.getByRole('heading', { name: 'No codes yet' }).waitFor();

    // What happens there is heard in every tab, and what happens in the first organization in none.
    await cloud.call('POST', '/api/v1/devices', { name: 'pump-2' });
    await cloud.call('POST', '/api/v1/provisioning-codes', { device_name: 'code of the pumps' });
    await makeCode(page, 'code of the waterworks');
    await third.getByText('code of the waterworks').waitFor();
    expect(await third.getByText('code of the pumps').count()).toBe(0);
    expect(await tab.getByText('pump-2').count()).toBe(0);
    await current(elsewhere, mine);
    await elsewhere.getByRole('link', { name: 'Devices', exact: true }).click();
    await elsewhere.getByText('pump-2').waitFor();
    expect(browser.problems()).toEqual([]);
  });

  it('is asked before what a page alone keeps is lost, and a reload stays there', async () => {
    const page = await signIn();
    await page.getByRole('link', { name: 'Add Device' }).click();
    await page.getByRole('button', { name: 'Create code' }).click();
    await page.getByTestId('code').waitFor();
    const choose = async (): Promise<void> => {
      await page.getByRole('button', { name: `Organization: ${mine}` }).click();
      await page.getByRole('menuitemradio', { name: /Waterworks/ }).click();
    };
    await choose();
    const question = page.getByRole('dialog', { name: `Leave this page for ${theirs}?` });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await page.getByTestId('code').waitFor();
    await choose();
    await question.getByRole('button', { name: 'Leave' }).click();
    await current(page, theirs);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.reload();
    await current(page, theirs);
  });

  it('does the same on a phone', async () => {
    const page = await signIn(phone);
    await page.getByRole('button', { name: 'Navigation' }).click();
    await page.getByRole('button', { name: `Organization: ${mine}` }).click();
    await page.getByRole('menuitemradio', { name: /Waterworks/ }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'organizations');
    await page.getByRole('menuitemradio', { name: /Waterworks/ }).click();
    await current(page, theirs);
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await expectNoSideways(page);
    expect(browser.problems()).toEqual([]);
  });
});
