import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudProcess } from '../support/cloud-process.ts';
import { runCloudCommand } from '../support/cloud-command.ts';
import { Story } from '../support/story.ts';
import { authenticatorCode } from './support/authenticator.ts';
import { expectAccessible, expectNoSideways, phone, screenshot, TestBrowser } from './support/browser.ts';

const password = 'correct horse battery';
const next = 'another correct battery';
const ada = { name: 'Ada Lovelace', email: 'ada@example.org' };

describe('people in the dashboard', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let owner: Page;
  /** Of a browser in which the owner has set a new password. */
  let lost: Page;

  beforeAll(async () => {
    [cloud, browser] = await Promise.all([story.cloud(), TestBrowser.launch()]);
  });
  afterAll(async () => {
    await browser.close();
    await story.end();
  });

  const heading = (page: Page, name: string): Promise<void> =>
    page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

  async function expectGood(page: Page, name: string): Promise<void> {
    await expectAccessible(page);
    await screenshot(page, name);
    await page.setViewportSize(phone);
    await expectAccessible(page);
    // The frame has moved aside by now.
    await expectNoSideways(page);
    await page.setViewportSize({ width: 1280, height: 800 });
  }

  async function signIn(page: Page, email: string, secret: string): Promise<void> {
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill(secret);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  /** New recovery codes, which nobody leaves without. */
  async function renewCodes(page: Page): Promise<string[]> {
    const factor = page.getByRole('region', { name: 'Second factor' });
    await factor.getByLabel('Your password').fill(password);
    await factor.getByRole('button', { name: 'New recovery codes' }).click();
    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Leave without it?' });
    await question.getByRole('button', { name: 'Stay' }).last().click();
    const renewed = (await factor.locator('pre').innerText()).split('\n');
    await factor.getByRole('button', { name: 'I have saved it' }).click();
    await factor.locator('pre').waitFor({ state: 'detached' });
    return renewed;
  }

  it('the first becomes the owner by the link that the cloud printed, and nobody a second time', async () => {
    const printed = await cloud.waitFor(
      'its link',
      (line) => /http:\/\/localhost:\d+\/setup#\S+/.exec(line)?.[0],
      10_000,
    );
    owner = await browser.open(printed);
    await heading(owner, 'Set up this cloud');
    await owner.getByLabel('Your name').fill(ada.name);
    await owner.getByLabel('E-mail address').fill(ada.email);
    await owner.getByLabel('Password', { exact: true }).fill('too short');
    await expectGood(owner, 'set-up');
    await owner.getByRole('button', { name: 'Become the owner' }).click();
    await owner.getByText('must have 12 to 128 characters').waitFor();
    await owner.getByLabel('Password', { exact: true }).fill(password);
    await owner.getByLabel('Organization (optional)').fill('Pump stations');
    await owner.getByRole('button', { name: 'Become the owner' }).click();
    await owner.getByText('Pump stations').first().waitFor();
    const late = await browser.open(printed);
    await late.getByLabel('Your name').fill('Eve');
    await late.getByLabel('E-mail address').fill('eve@example.org');
    await late.getByLabel('Password', { exact: true }).fill(password);
    await late.getByRole('button', { name: 'Become the owner' }).click();
    await late.getByText('This link is not valid any more').waitFor();
  });

  it('somebody invited chooses a password and is in, with their role; members are changed and removed', async () => {
    await owner.goto(`${new URL(owner.url()).origin}/settings/members`);
    await heading(owner, 'Members');
    await owner.getByLabel('E-mail address').fill('grace@example.org');
    await owner.getByRole('button', { name: 'Invite', exact: true }).click();
    const link = await owner.locator('pre').filter({ hasText: '/invite#' }).innerText();
    await expectGood(owner, 'settings-members');
    const grace = await browser.open(new URL(owner.url()).origin + link.slice(new URL(link).origin.length));
    await heading(grace, 'You are invited');
    await grace.getByText('Pump stations').waitFor();
    await expectGood(grace, 'invitation');
    await grace.getByLabel('Your name').fill('Grace Hopper');
    await grace.getByLabel('Password', { exact: true }).fill(password);
    await grace.getByRole('button', { name: 'Accept' }).click();
    await grace.getByRole('link', { name: 'EdgeFlow, to the start' }).waitFor();
    await grace.goto(`${new URL(grace.url()).origin}/settings/tokens`);
    await grace.getByText('Administrators see and make operator tokens.').waitFor();

    await owner.reload();
    await owner.getByRole('button', { name: 'Change Grace Hopper' }).click();
    await owner.getByRole('menuitem', { name: 'Remove' }).click();
    await owner.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await owner.getByRole('row', { name: /Grace Hopper/ }).waitFor({ state: 'detached' });
    await grace.goto(`${new URL(grace.url()).origin}/settings/members`);
    await heading(grace, 'Sign in');
  });

  it('a token is shown once, and revoked', async () => {
    await owner.goto(`${new URL(owner.url()).origin}/settings/tokens`);
    await owner.getByLabel('What it is for').fill('nightly report');
    await owner.getByRole('button', { name: 'Make a token' }).click();
    const token = await owner.locator('pre').filter({ hasText: 'edgeflow_' }).innerText();
    expect(token).toMatch(/^edgeflow_/);
    await expectGood(owner, 'settings-tokens');
    await owner.reload();
    await owner.getByText('nightly report').waitFor();
    expect(await owner.content()).not.toContain(token);
    await owner.getByRole('button', { name: 'Revoke nightly report' }).click();
    await owner.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await owner.getByText('No program has a token').waitFor();
  });

  it('the organization is renamed, and its codes get another length and validity', async () => {
    await owner.goto(`${new URL(owner.url()).origin}/settings`);
    await heading(owner, 'Organization');
    await owner.getByLabel('Name', { exact: true }).fill('Pumps');
    await owner.getByLabel('Codes are valid for (hours)').fill('48');
    await owner.getByRole('combobox', { name: 'Length of codes' }).click();
    await owner.getByRole('option', { name: '4 groups of four' }).click();
    await owner.getByLabel('Quarantine').check();
    await owner.getByRole('button', { name: 'Save' }).click();
    await owner.getByText('Saved.').waitFor();
    await expectGood(owner, 'settings-organization');
    const made = await cloud.call('POST', '/api/v1/provisioning-codes', {});
    const { codes } = made.json as { codes: [{ code: string; expires_at: string }] };
    expect(codes[0].code).toMatch(/^PROV(-[0-9A-Z]{4}){4}$/);
  });

  it('an account asks for a second factor, and its recovery codes help; a session that ended comes back where it was', async () => {
    const origin = new URL(owner.url()).origin;
    await owner.goto(`${origin}/account`);
    await heading(owner, 'Your account');
    await owner.getByText('This one').waitFor();
    await expectGood(owner, 'account');
    const factor = owner.getByRole('region', { name: 'Second factor' });
    await factor.getByLabel('Your password').fill(password);
    await factor.getByRole('button', { name: 'Switch it on' }).click();
    const secret = await factor.locator('code').first().innerText();
    const codes = (await factor.locator('pre').innerText()).split('\n');
    expect(codes).toHaveLength(10);
    await expectAccessible(owner);
    await factor
      .getByLabel('3. Code that the authenticator shows')
      .fill(authenticatorCode(secret, Date.now()));
    await factor.getByRole('button', { name: 'I have kept the codes, switch it on' }).click();
    await factor.getByText('On. Signing in asks').waitFor();
    const renewed = await renewCodes(owner);
    expect(renewed).toHaveLength(10);
    expect(codes).not.toContain(renewed[0]);

    const other = await browser.open(`${origin}/settings/members`);
    await heading(other, 'Sign in');
    await expectGood(other, 'sign-in');
    await signIn(other, ada.email, 'not the password');
    await other.getByText('E-mail address and password do not match').waitFor();
    await signIn(other, ada.email, password);
    await other.getByLabel('Code of your authenticator').fill('000000');
    await other.getByRole('button', { name: 'Sign in', exact: true }).click();
    await other.getByText('This code is not valid').waitFor();
    await expectGood(other, 'second-factor');
    await other.getByRole('button', { name: 'Use a recovery code' }).click();
    await other.getByLabel('Recovery code').fill(renewed[0] ?? '');
    await other.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading(other, 'Members');

    await owner.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await owner.getByRole('listitem').filter({ hasText: 'This one' }).waitFor();
    await other.reload();
    await heading(other, 'Sign in');
    expect(new URL(other.url()).search).toContain('members');

    await owner.goto(`${origin}/audit-log`);
    await owner.getByText('switched on the second factor of their own account').waitFor();
    await owner.getByText(/^Ada.* signed out everywhere else$/).waitFor();
  });

  it('whoever forgot the password is told how to get in, and the command line helps', async () => {
    const origin = new URL(owner.url()).origin;
    lost = await browser.open(`${origin}/sign-in`);
    await lost.getByRole('link', { name: 'Forgotten password?' }).click();
    await heading(lost, 'Forgotten password');
    await lost.getByLabel('E-mail address').fill(ada.email);
    await lost.getByRole('button', { name: 'Send a link' }).click();
    await lost.getByText('This cloud sends no e-mail').waitFor();
    await expectGood(lost, 'forgotten-password');
    const printed = await runCloudCommand(cloud, ['reset-password', '--email', ada.email]);
    expect(printed.stdout).toMatch(/\/reset-password#\S+\n$/);
    await lost.goto(`${origin}/reset-password${new URL(printed.stdout.trim()).hash}`);
    await lost.getByLabel('New password').fill(next);
    await expectGood(lost, 'reset-password');
    await lost.getByRole('button', { name: 'Set the password' }).click();
    await lost.getByText('Your password is set').waitFor();
    await owner.reload();
    await heading(owner, 'Sign in');
    const refused = await runCloudCommand(cloud, ['setup-link']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`ask ${ada.email}`);
  });

  it('guessing is slowed down, but not for the browser in which the person has signed in; who signs out is out', async () => {
    const origin = new URL(owner.url()).origin;
    const guess = await browser.open(`${origin}/sign-in`);
    for (let tried = 0; tried < 11; tried += 1) {
      const answered = guess.waitForResponse((response) => response.url().endsWith('/api/v1/session'));
      await signIn(guess, ada.email, `guess number ${String(tried)}`);
      await answered;
    }
    await guess.getByText('Too many attempts to sign in').waitFor();
    await guess.getByText(/Try again in \d+ minutes/).waitFor();
    await expectGood(guess, 'sign-in-throttled');
    await lost.goto(`${origin}/sign-in`);
    await signIn(lost, ada.email, next);
    await lost.getByLabel('Code of your authenticator').waitFor();
    // What knew the old password is a stranger like any other.
    await signIn(owner, ada.email, next);
    await owner.getByText('Too many attempts to sign in').waitFor();
    const link = await runCloudCommand(cloud, ['sign-in-link', '--email', ada.email]);
    await guess.goto(link.stdout.trim());
    await guess.getByText('Pumps').first().waitFor();

    await guess.getByRole('button', { name: /^Account/ }).click();
    await guess.getByRole('menuitem', { name: 'Sign out' }).click();
    await heading(guess, 'Sign in');
    await guess.goBack();
    await heading(guess, 'Sign in');
    expect(browser.problems()).toEqual([]);
  });
});
