import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCloudCommand } from '../support/cloud-command.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { expectAccessible, TestBrowser, untilLive } from './support/browser.ts';

const ada = 'ada@example.org';
const password = 'correct horse battery';

describe('a session in the browser', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let origin: string;
  beforeAll(async () => {
    [cloud, browser] = await Promise.all([story.cloud(), TestBrowser.launch()]);
    const printed = await cloud.waitFor(
      'its link',
      (line) => /http:\/\/localhost:\d+\/setup#\S+/.exec(line)?.[0],
      10_000,
    );
    ({ origin } = new URL(printed));
    const owner = await browser.open(printed);
    await owner.getByLabel('Your name').fill('Ada Lovelace');
    await owner.getByLabel('E-mail address').fill(ada);
    await owner.getByLabel('Password', { exact: true }).fill(password);
    await owner.getByRole('button', { name: 'Become the owner' }).click();
    await heading(owner, 'Overview');
    await owner.context().close();
    await cloud.call('POST', '/api/v1/devices', { name: 'pump-1' });
  });
  afterAll(async () => {
    await browser.close();
    await story.end();
  });

  const heading = (page: Page, name: string): Promise<void> =>
    page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

  /** A browser of its own in which she is signed in, with one tab. */
  async function enter(path: string): Promise<Page> {
    const { stdout } = await runCloudCommand(cloud, ['sign-in-link', '--email', ada]);
    const first = await browser.open(stdout.trim());
    await heading(first, 'Overview');
    const page = await first.context().newPage();
    await first.close();
    await page.goto(origin + path);
    await untilLive(page);
    return page;
  }

  async function signOut(page: Page): Promise<void> {
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
  }

  async function signIn(page: Page): Promise<void> {
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(ada);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  it('ends in every tab, and Back shows nothing of it', async () => {
    const page = await enter('/devices');
    await page.getByText('pump-1').waitFor();
    const tab = await page.context().newPage();
    await tab.goto(`${origin}/codes`);
    await untilLive(tab);
    await page.getByRole('link', { name: 'Overview' }).click();
    await heading(page, 'Overview');
    await signOut(page);
    await heading(page, 'Sign in');
    await heading(tab, 'Sign in');
    // Whatever is still kept in memory would be there at once; the cloud would have to be asked for anything else.
    await page.context().setOffline(true);
    await page.goBack();
    await page.waitForTimeout(500);
    expect(await page.getByText('pump-1').count()).toBe(0);
    await page.context().close();
  });

  it('asks before what the page keeps is lost, and ends afterwards', async () => {
    const page = await enter('/devices/add');
    await page.getByRole('button', { name: 'Create code' }).click();
    const code = await page.getByTestId('code').innerText();
    await signOut(page);
    const question = page.getByRole('dialog', { name: 'Sign out without it?' });
    await question.getByRole('button', { name: 'Cancel' }).waitFor();
    await expectAccessible(page);
    await question.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.getByTestId('code').innerText()).toBe(code);
    expect((await page.request.get(`${origin}/api/v1/session`)).status()).toBe(200);
    await signOut(page);
    await question.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Sign in');
    expect((await page.request.get(`${origin}/api/v1/session`)).status()).toBe(401);
    await page.context().close();
  });

  it('says so when it could not be ended', async () => {
    const page = await enter('/overview');
    await page.context().setOffline(true);
    await signOut(page);
    await page.getByText('You are still signed in: The cloud cannot be reached').waitFor();
    await heading(page, 'Overview');
    await page.context().close();
  });

  it('that has ended within a page is begun once, and leads back to that page', async () => {
    const page = await enter('/overview');
    // The code of the page to come takes a while, in which more answers say that nobody is signed in.
    await page.route('**/assets/sign-in-page*', async (route) => {
      await page.waitForTimeout(1_500);
      await route.continue();
    });
    await page.request.delete(`${origin}/api/v1/session`, { headers: { origin } });
    // The stream of events is looked after every few seconds: until then what happens makes the page ask again.
    await cloud.call('POST', '/api/v1/devices', { name: 'pump-2' });
    await cloud.call('POST', '/api/v1/provisioning-codes', {});
    await heading(page, 'Sign in');
    expect(page.url()).toBe(`${origin}/sign-in?to=%2Foverview`);
    await signIn(page);
    await heading(page, 'Overview');
    expect(page.url()).toBe(`${origin}/overview`);
    await untilLive(page);
    await page.context().close();
  });

  it('offers what its role may do: after a change of it, and after what was refused for want of it', async () => {
    const invited = await cloud.call('POST', '/api/v1/invitations', {
      email: 'grace@example.org',
      role: 'owner',
    });
    const { link } = invited.json as { link: string };
    story.secrets.add(new URL(link).hash.slice(1));
    const page = await browser.open(`${origin}/invite${new URL(link).hash}`);
    await page.getByLabel('Your name').fill('Grace Hopper');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Accept' }).click();
    await heading(page, 'Overview');
    const change = async (item: string, button: string): Promise<void> => {
      await page.getByRole('button', { name: 'Change Grace Hopper' }).click();
      await page.getByRole('menuitem', { name: item }).click();
      await page.getByRole('dialog').getByRole('button', { name: button }).click();
    };
    await page.goto(`${origin}/settings/members`);
    await page.getByRole('button', { name: 'Invite', exact: true }).waitFor();
    await change('Make admin', 'Change the role');
    await page.getByText(/^grace@example.org · admin$/).waitFor({ state: 'detached' });
    const { members } = (await cloud.call('GET', '/api/v1/members')).json as {
      members: { id: string; email: string; role: string }[];
    };
    const grace = members.find(({ email }) => email === 'grace@example.org');
    expect(grace?.role).toBe('admin');
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByLabel('What it is for').fill('nightly');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const token = page.locator('pre').filter({ hasText: 'edgeflow_' });
    story.secrets.add(await token.innerText());
    await page.getByLabel('What it is for').fill('daily');
    await cloud.call('PUT', `/api/v1/members/${grace?.id ?? ''}`, { role: 'viewer' });
    await page.getByRole('button', { name: 'Make a token' }).click();
    // What was made before is not taken away with the role.
    await page.getByText('This credential does not allow this call').waitFor();
    expect(await token.innerText()).toMatch(/^edgeflow_/);
    await page.getByRole('button', { name: 'I have saved it' }).click();
    await page.getByRole('link', { name: 'Members' }).click();
    await heading(page, 'Members');
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByText('Administrators see and make operator tokens.').waitFor();
    await page.getByRole('link', { name: 'Members' }).click();
    await change('Leave', 'Leave');
    await heading(page, 'Sign in');
    await page.context().close();
  });

  it('goes on in its frame while pages cannot be loaded, and loads those of a new version', async () => {
    const page = await enter('/overview');
    await page.evaluate('globalThis.isSamePage = true');
    const isSamePage = (): Promise<unknown> => page.evaluate('globalThis.isSamePage === true');
    await page.context().setOffline(true);
    await page.getByRole('link', { name: 'Batches' }).hover();
    await page.waitForTimeout(500);
    await heading(page, 'Overview');
    expect(await isSamePage()).toBe(true);
    await page.getByRole('link', { name: 'Batches' }).click();
    await heading(page, 'This page could not be shown');
    await page.getByText('The cloud cannot be reached').first().waitFor();
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await heading(page, 'Batches');

    // As after a deployment: the code of the version that this page is of is no longer served.
    await page.goto(`${origin}/overview`);
    await heading(page, 'Overview');
    await page.evaluate('globalThis.isSamePage = true');
    await page.route('**/assets/audit-page*.js', (route) => route.fulfill({ status: 404 }), { times: 1 });
    await page.getByRole('link', { name: 'Audit log' }).click();
    await heading(page, 'Audit log');
    expect(await isSamePage()).toBe(false);
    expect(browser.problems()).toEqual([]);
    await page.context().close();
  });
});
