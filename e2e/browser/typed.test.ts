import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Identity, TestDevice } from '../../apps/cloud/src/testing/test-device.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { expectAccessible, TestBrowser } from './support/browser.ts';
import { goBack, holdAnswer, openAfterOverview, stay } from './support/leaving.ts';

describe('what was typed or is awaited', () => {
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

  async function makeDevice(name: string): Promise<Identity> {
    const { json } = await cloud.call('POST', '/api/v1/devices', { name, tags: ['east'] });
    return json as Identity;
  }

  const open = (path: string, heading: string): Promise<Page> =>
    openAfterOverview(browser, cloud, path, heading);
  const chooseTab = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name }).click();
  const read = async (path: string): Promise<unknown> => (await cloud.call('GET', path)).json;

  it('notes outlive a look at another tab, and leaving asks for them; a change elsewhere is shown beside them', async () => {
    const { device_id: id } = await makeDevice('pump 1');
    const page = await open(`/devices/${id}`, 'pump 1');
    await page.getByRole('button', { name: 'Edit notes' }).click();
    const notes = page.getByRole('textbox', { name: /^Notes/ });
    await notes.fill('Key at the gate.');
    await chooseTab(page, 'Timeline');
    await page.getByText('It was made beforehand').waitFor();
    await chooseTab(page, 'Facts (not saved)');
    expect(await notes.inputValue()).toBe('Key at the gate.');
    await goBack(page);
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await question.getByText('Your edit of the notes is not saved.').waitFor();
    await stay(question);

    await cloud.call('PUT', `/api/v1/devices/${id}/notes`, {
      location: 'Hall 3',
      notes: 'Beware of the dog.',
    });
    const elsewhere = page.getByRole('alert').filter({ hasText: 'The notes were changed elsewhere' });
    await elsewhere.getByText('Beware of the dog.').waitFor();
    expect(await notes.inputValue()).toBe('Key at the gate.');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Make my changes to it' }).click();
    await page.getByRole('button', { name: 'Edit notes' }).waitFor();
    expect(await read(`/api/v1/devices/${id}/notes`)).toMatchObject({
      location: 'Hall 3',
      notes: 'Key at the gate.',
    });
    await goBack(page);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  it('notes are not written over a change of which the page has not heard', async () => {
    const { device_id: id } = await makeDevice('pump 2');
    const page = await (await browser.person({ token: cloud.token })).newPage();
    await page.route('**/api/v1/events*', (route) => route.abort());
    await page.goto(`${cloud.plainUrl}/devices/${id}`);
    await page.getByRole('button', { name: 'Edit notes' }).click();
    await page.getByRole('textbox', { name: /^Notes/ }).fill('mine');
    await cloud.call('PUT', `/api/v1/devices/${id}/notes`, { notes: 'theirs' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The notes were changed elsewhere').waitFor();
    expect(await read(`/api/v1/devices/${id}/notes`)).toMatchObject({ notes: 'theirs' });
    await page.getByRole('button', { name: 'Drop mine' }).click();
    await page.getByText('theirs').waitFor();
  });

  it('a command that runs, what came of others and the next one typed outlive a look at another tab', async () => {
    const { device_id: id } = await makeDevice('pump 3');
    const page = await open(`/devices/${id}?tab=commands`, 'pump 3');
    const letGo = await holdAnswer(page, 'POST', '/commands');
    await page.getByRole('textbox', { name: /^Payload/ }).fill('{"next": 1}');
    await page.getByRole('button', { name: 'Health check' }).click();
    await chooseTab(page, 'Facts');
    await chooseTab(page, 'Commands (waits for an answer)');
    expect(await page.getByRole('button', { name: 'Identify' }).isDisabled()).toBe(true);
    expect(await page.getByRole('textbox', { name: /^Payload/ }).inputValue()).toBe('{"next": 1}');
    await chooseTab(page, 'Facts');
    letGo();
    await chooseTab(page, 'Commands');
    await page.getByText('Not connected', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Identify' }).isDisabled()).toBe(false);
    expect(browser.problems()).toEqual([]);
  });

  it('a name that is saved undoes nothing that others have changed since', async () => {
    const { device_id: id } = await makeDevice('pump 4');
    const page = await open(`/devices/${id}`, 'pump 4');
    const edit = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.getByRole('textbox', { name: /^Name/ }).waitFor();
    };
    const save = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await edit();
    await cloud.call('PUT', `/api/v1/devices/${id}`, { tags: ['east', 'by another'], group: 'pumps' });
    await page.getByRole('textbox', { name: /^Name/ }).fill('pump four');
    await save();
    await page.getByRole('heading', { level: 1, name: 'pump four' }).waitFor();
    expect(await read(`/api/v1/devices/${id}`)).toMatchObject({
      name: 'pump four',
      tags: ['east', 'by another'],
      group: 'pumps',
    });
    await edit();
    await cloud.call('PUT', `/api/v1/devices/${id}`, { tags: ['east', 'by another', 'last'] });
    await page.getByText('east, by another, last').waitFor();
    await page.getByRole('combobox', { name: /^Tags/ }).fill('mine');
    await page.keyboard.press('Enter');
    await save();
    expect(await read(`/api/v1/devices/${id}`)).toMatchObject({
      tags: ['east', 'by another', 'last', 'mine'],
    });
  });

  it('an organization that is renamed keeps the policy that another has just chosen', async () => {
    const page = await open('/settings', 'Organization');
    const name = page.getByLabel('Name', { exact: true });
    await name.waitFor();
    await cloud.call('PUT', '/api/v1/organization', { clone_policy: 'quarantine', code_ttl_seconds: 7200 });
    // The cloud takes it without the blank.
    await name.fill('Pumps ');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await read('/api/v1/organization')).toMatchObject({
      name: 'Pumps',
      clone_policy: 'quarantine',
      code_ttl_seconds: 7200,
    });
    await expect.poll(() => page.getByLabel('Quarantine').isChecked()).toBe(true);
    expect(await name.inputValue()).toBe('Pumps');
    await expectAccessible(page);
  });

  it('what a screen reader is told of a device does not change with the minutes', async () => {
    const identity = await makeDevice('pump 5');
    const client = await TestDevice.connect(cloud.plainUrl, identity);
    const page = await open(`/devices/${identity.device_id}`, 'pump 5');
    const told = (): Promise<string> =>
      page.locator('[role=status], [role=alert]').allInnerTexts().then(String);
    await page
      .getByRole('status')
      .filter({ hasText: /^Online\s*since/ })
      .waitFor();
    expect(await told()).not.toMatch(/just now|ago/);
    await page.getByText(/^\((just now|.* ago)\)$/).waitFor();
    await chooseTab(page, 'Shadow');
    await page
      .getByRole('status')
      .filter({ hasText: /^Version \d+\. The device reports all/ })
      .waitFor();
    expect(await told()).not.toMatch(/just now|ago/);
    client.socket.terminate();
  });
});
