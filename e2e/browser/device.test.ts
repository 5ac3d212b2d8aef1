import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentProcess } from '../support/agent-process.ts';
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

describe('the page of a device with a real agent', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let agent: AgentProcess;
  let id: string;
  beforeAll(async () => {
    [cloud, browser] = await Promise.all([story.cloud(), TestBrowser.launch()]);
    const { code } = await story.code(cloud, {
      device_name: 'edgeflow-pi-001',
      tags: ['hall 3'],
      group: 'pumps',
    });
    agent = story.agent(await story.device(), trusting(cloud, code));
    const { device_id: own } = await agent.until('online', ({ status }) => status === 'online', patienceMs);
    id = own ?? '';
  });
  afterAll(async () => {
    await browser.close();
    await story.end();
  });

  const open = async (tab = '', viewport?: { width: number; height: number }): Promise<Page> => {
    const page = await browser.open(`${cloud.plainUrl}/devices/${id}${tab === '' ? '' : `?tab=${tab}`}`, {
      token: cloud.token,
      ...(viewport === undefined ? {} : { viewport }),
    });
    await page.getByRole('heading', { level: 1, name: 'edgeflow-pi-001' }).waitFor();
    await untilLive(page);
    return page;
  };
  const act = async (page: Page, entry: string, confirm: string): Promise<void> => {
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: entry }).click();
    await page.getByRole('dialog').getByRole('button', { name: confirm }).click();
  };

  it('tells what it is, since when it is online, and what its key is', async () => {
    const page = await open();
    await page.getByText('Online', { exact: true }).first().waitFor();
    const credentials = page.getByRole('region', { name: 'Credentials' });
    await credentials.getByText(/^key_/).waitFor();
    await page.getByRole('region', { name: 'Hardware' }).getByText('Architecture').waitFor();
    await page
      .getByRole('img', { name: /connected \d+ % of today so far/ })
      .first()
      .waitFor();
    await screenshot(page, 'device');
    await page.getByRole('button', { name: 'Show the last 1 connections' }).click();
    await page.getByText('Still open').waitFor();
    await expectAccessible(page);
    await expectNoSideways(page);
    expect(browser.problems()).toEqual([]);
  });

  it('keeps notes and a place', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Edit notes' }).click();
    await page.getByRole('textbox', { name: /^Location/ }).fill('Hall 3, second pump');
    await page.getByRole('textbox', { name: /^Latitude/ }).fill('47.3769, 8.5417');
    await page.getByRole('textbox', { name: /^Notes/ }).fill('Key at the gate.');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Hall 3, second pump').waitFor();
    await page.getByRole('link', { name: '47.3769, 8.5417' }).waitFor();
  });

  it('sends commands and tells each outcome in words', async () => {
    const page = await open('commands');
    await page.getByRole('button', { name: 'Health check' }).click();
    await page.getByText('Answered').waitFor();
    await page.getByText(/"status": "ok"/).waitFor();
    await page.getByRole('button', { name: 'Identify' }).click();
    await page.getByText(/"led":/).waitFor();
    await page.getByRole('textbox', { name: 'Action' }).fill('no_such_thing');
    await page.getByRole('textbox', { name: /^Payload/ }).fill('{"a": 1}');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('The device answered with an error').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'device-commands');
  });

  it('writes the desired state, which the agent sees, and loses no edit to a change from elsewhere', async () => {
    const page = await open('shadow');
    const editor = page.getByRole('textbox', { name: 'Desired state, as JSON' });
    await editor.fill('{"log_level": "info"}');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect
      .poll(async () => (await cloud.call('GET', `/api/v1/devices/${id}/shadow`)).json, {
        timeout: patienceMs,
      })
      .toMatchObject({ desired: { log_level: 'info' } });
    // What the agent heard.
    await agent.waitFor(
      'the command of the new desired state',
      (line) => (line.includes('update_desired') ? line : undefined),
      patienceMs,
    );
    await editor.fill('{"log_level": "info", "mine": true}');
    await cloud.call('PUT', `/api/v1/devices/${id}/shadow`, { desired: { theirs: 1 } });
    await page.getByText('The desired state was changed elsewhere').waitFor();
    expect(await editor.inputValue()).toContain('"mine": true');
    await page.getByRole('button', { name: 'Make my changes to it' }).click();
    await expect
      .poll(async () => (await cloud.call('GET', `/api/v1/devices/${id}/shadow`)).json, {
        timeout: patienceMs,
      })
      .toMatchObject({ desired: { log_level: 'info', mine: true, theirs: 1 } });
    await expectAccessible(page);
    await screenshot(page, 'device-shadow');
  });

  it('keeps an edit that is not saved while another tab is looked at and the state changes, and asks before it is left', async () => {
    const page = await open('shadow');
    const editor = page.getByRole('textbox', { name: 'Desired state, as JSON' });
    await editor.fill('{"half": "typed"}');
    await page.getByRole('tab', { name: 'Facts' }).click();
    await page.getByRole('region', { name: 'Hardware' }).waitFor();
    await cloud.call('PUT', `/api/v1/devices/${id}/shadow`, { desired: { meanwhile: 2 } });
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByRole('tab', { name: 'Shadow (not saved)' }).click();
    await page.getByText('The desired state was changed elsewhere').waitFor();
    await page.getByText('"meanwhile": 2').first().waitFor();
    expect(await editor.inputValue()).toBe('{"half": "typed"}');
    await page.getByRole('link', { name: 'Devices' }).first().click();
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await expectAccessible(page);
    await question.getByRole('button', { name: 'Stay' }).last().click();
    expect(await editor.inputValue()).toBe('{"half": "typed"}');
    await page.getByRole('button', { name: 'Drop mine' }).click();
    await page.getByRole('tab', { name: 'Shadow', exact: true }).waitFor();
    expect(await editor.inputValue()).toContain('"meanwhile": 2');
    await page.getByRole('link', { name: 'Devices' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
  });

  it('shows that it saves the name, and saves it once however often Save is pressed', async () => {
    const page = await open();
    const held = Promise.withResolvers<undefined>();
    let saved = 0;
    await page.route(`**/api/v1/devices/${id}`, async (route) => {
      if (route.request().method() !== 'PUT') return route.continue();
      saved += 1;
      await held.promise;
      return route.continue();
    });
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Name, group and tags' });
    const name = dialog.getByRole('textbox', { name: /^Group/ });
    await name.fill('pumps east');
    await name.press('Enter');
    await dialog.locator('button[type=submit][data-loading]').waitFor();
    await name.press('Enter');
    await page.keyboard.press('Escape');
    expect(await dialog.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    held.resolve(undefined);
    await dialog.waitFor({ state: 'detached' });
    expect(saved).toBe(1);
    await page.getByText('pumps east').first().waitFor();
  });

  it('rotates its key, refuses and takes it back, live', async () => {
    const page = await open();
    const keyId = page.getByRole('region', { name: 'Credentials' }).getByText(/^key_/);
    const before = await keyId.textContent();
    await act(page, 'Rotate the key', 'Rotate the key');
    await expect.poll(() => keyId.textContent(), { timeout: patienceMs }).not.toBe(before);
    await act(page, 'Revoke…', 'Revoke');
    await page.getByText('Revoked', { exact: true }).first().waitFor();
    await agent.until('refused', ({ status }) => status === 'rejected', patienceMs);
    await act(page, 'Restore', 'Restore');
    await expect
      .poll(() => page.getByText('Revoked', { exact: true }).count(), { timeout: patienceMs })
      .toBe(0);
  });

  it('makes a code for the same device, shown once, and shows beside it how the device comes back', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Provision again with a code…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Provision again with a code' });
    await dialog.getByRole('button', { name: 'Make a code' }).click();
    const code = (await dialog.getByText(/^PROV-/).textContent()) ?? '';
    story.secrets.add(code);
    const panel = dialog.getByRole('region', { name: 'Progress' });
    await panel.getByRole('heading', { name: /^Waiting\. Valid/ }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'device-provision-again');
    await page.setViewportSize(phone);
    await panel.scrollIntoViewIfNeeded();
    await dialog.getByRole('button', { name: 'I have saved it' }).click({ trial: true });
    await agent.stop();
    agent = story.agent(await story.device(), trusting(cloud, code));
    const { device_id: same } = await agent.until('online', ({ connected }) => connected, patienceMs);
    expect(same).toBe(id);
    await panel.getByRole('heading', { name: /^edgeflow-pi-001 is online/ }).waitFor();
    const own = await dialog.getByRole('link', { name: 'on a page of its own' }).getAttribute('href');
    expect(own).toMatch(/^\/devices\/add\?code=pc_/);
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(await page.getByText(/PROV-/).count()).toBe(0);
  });

  it('tells everything that happened, newest first', async () => {
    const page = await open('timeline');
    for (const words of [
      'It was restored',
      'It was revoked',
      'A new key was asked for',
      'It registered with its code',
    ])
      await page.getByText(words).first().waitFor();
    await page.getByText('This is the beginning.').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'device-timeline');
  });

  it('is usable on a phone', async () => {
    for (const tab of ['', 'shadow', 'commands', 'timeline']) {
      const page = await open(tab, phone);
      await expectNoSideways(page);
      await page.close();
    }
    const page = await open('', phone);
    await expectAccessible(page);
    expect(browser.problems()).toEqual([]);
  });

  it('is deleted with the consequence in words', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/This device disconnects now and needs a new code on site\./).waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Deleted' }).waitFor();
  });
});
