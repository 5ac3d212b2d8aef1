import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Identity, TestDevice } from '../../apps/cloud/src/testing/test-device.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story, trusting } from '../support/story.ts';
import {
  expectAccessible,
  expectNoSideways,
  phone,
  screenshot,
  TestBrowser,
  untilLive,
} from './support/browser.ts';

const patienceMs = 30_000;
const card = { instance: 'process on the card', boot_id: 'start of one machine' };
const copy = { instance: 'process on the copy', boot_id: 'start of another' };

describe('the page of a device in trouble', () => {
  const story = new Story();
  const clients: TestDevice[] = [];
  let cloud: CloudProcess;
  let browser: TestBrowser;
  beforeAll(async () => {
    [cloud, browser] = await Promise.all([story.cloud(), TestBrowser.launch()]);
  });
  afterAll(async () => {
    for (const client of clients) client.socket.terminate();
    await browser.close();
    await story.end();
  });

  async function open(id: string, tab = ''): Promise<Page> {
    const page = await browser.open(`${cloud.plainUrl}/devices/${id}${tab}`, { token: cloud.token });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await untilLive(page);
    return page;
  }

  async function makeIdentity(name: string): Promise<Identity> {
    const made = await cloud.call('POST', '/api/v1/devices', { name });
    const identity = made.json as Identity;
    story.secrets.add(identity.api_key);
    return identity;
  }

  async function connect(identity: Identity, more: object = {}): Promise<TestDevice> {
    const client = await TestDevice.connect(cloud.plainUrl, identity, more);
    clients.push(client);
    return client;
  }

  /** The card connects, its copy takes the place, the card comes back: each was alive when the other one came. */
  async function fight(identity: Identity): Promise<void> {
    for (const side of [card, copy, card]) await connect(identity, side);
  }

  it('says before a command that the device is not there, and after it that it was not sent', async () => {
    const { code } = await story.code(cloud, { device_name: 'pump 1' });
    const agent = story.agent(await story.device(), trusting(cloud, code));
    const { device_id: id } = await agent.until('online', ({ connected }) => connected, patienceMs);
    const page = await open(id ?? '', '?tab=commands');
    expect(await page.getByText('The device is not connected').count()).toBe(0);
    await agent.stop();
    await page.getByText('it is not kept for later').waitFor();
    await page.getByRole('button', { name: 'Health check' }).click();
    await page.getByText('Not connected', { exact: true }).waitFor();
    await page.getByText(/Try again when GET .* says online\./).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'device-commands-offline');
  });

  it('says that a device which is there has not answered in time', async () => {
    const identity = await makeIdentity('pump that is busy');
    const client = await connect(identity);
    const page = await open(identity.device_id, '?tab=commands');
    await page.getByRole('textbox', { name: 'Action' }).fill('restart_service');
    await page.getByRole('textbox', { name: 'Time limit, seconds' }).fill('1');
    await page.getByRole('button', { name: 'Send' }).click();
    await client.next('command');
    await page.getByText('No answer in time', { exact: true }).waitFor();
    await page.getByText(/Raise timeout_ms, or look at the device/).waitFor();
    await expectAccessible(page);
  });

  it('shows what a suspicion of a copy rests on, and drops it when it is one device', async () => {
    const identity = await makeIdentity('pump with a copied card');
    const page = await open(identity.device_id);
    await fight(identity);
    const alert = page.getByRole('alert').filter({ hasText: 'Two devices seem to use this identity' });
    // Two processes, each with its machine, from where and when.
    await expect.poll(() => alert.getByRole('listitem').count(), { timeout: patienceMs }).toBe(2);
    const told = await alert.getByRole('listitem').allTextContents();
    for (const one of told)
      expect(one).toMatch(/^127\.0\.0\.1, process \S+, started with machine \S+: from .+ to /);
    expect(told[0]).not.toBe(told[1]);
    await alert.getByText(/Most often an SD card was copied\./).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'device-clone');
    await page.setViewportSize(phone);
    // The frame has moved aside by then.
    await expectAccessible(page);
    await expectNoSideways(page);
    await page.setViewportSize({ width: 1280, height: 800 });
    await alert.getByRole('button', { name: 'It is one device' }).click();
    const dialog = page.getByRole('dialog', { name: 'Is it one device?' });
    await dialog.getByRole('button', { name: 'It is one device' }).click();
    await alert.waitFor({ state: 'detached' });
    const { json } = await cloud.call('GET', `/api/v1/devices/${identity.device_id}`);
    expect(json).toMatchObject({ clone_suspected_at: null, clone_evidence: null });
  });

  it('puts both into quarantine when they are two', async () => {
    const identity = await makeIdentity('pump that is two');
    await fight(identity);
    const page = await open(identity.device_id);
    await page.getByText('Two devices seem to use this identity').waitFor();
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Put into quarantine…' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /quarantine/i })
      .click();
    await page.getByText('Quarantined', { exact: true }).first().waitFor();
    const refused = await TestDevice.open(cloud.plainUrl);
    clients.push(refused);
    refused.sayConnect(identity, card);
    expect((await refused.closed).code).not.toBe(1000);
    expect(browser.problems()).toEqual([]);
  });
});
