import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { AddDevicePage } from './support/add-device-page.ts';
import { expectAccessible, screenshot, TestBrowser, untilLive } from './support/browser.ts';

describe('the life of a code on the page that made it', () => {
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

  it('says that nothing has arrived, and what to run, after two minutes', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await add.page.clock.install();
    await add.page.reload();
    await untilLive(add.page);
    await add.create();
    await add.says(/^Waiting\./);
    await add.page.clock.fastForward('01:55');
    await add.says(/^Waiting\./);
    await add.page.clock.fastForward('00:06');
    await add.says('Nothing has arrived yet');
    expect(await add.panel.textContent()).toContain('sudo npm run agent -- doctor');
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-nothing-arrived');
  });

  it('offers a new code with the same settings for one that expired unused', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await add.page.clock.install();
    await add.page.reload();
    await untilLive(add.page);
    const first = await add.create((form) => form.getByLabel('Name').fill('late'));
    await add.says(/^Waiting\./);
    await add.page.clock.fastForward('24:00:01');
    await add.says('Expired unused.');
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-expired');
    await add.page.getByRole('button', { name: 'New code, same settings' }).click();
    await expect.poll(async () => (await add.shown()).id).not.toBe(first.id);
    const second = await add.shown();
    expect((await cloud.call('GET', `/api/v1/provisioning-codes/${second.id}`)).json).toMatchObject({
      ...{ name: 'late', device_name: 'late', status: 'active' },
    });
  });

  it('shows a code once: after a reload it is replaced, and the first one dies', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const first = await add.create();
    await add.page.getByRole('button', { name: 'Copy code' }).click();
    await add.page.reload();
    await add.page.getByText('The code is no longer shown.').waitFor();
    await add.says(/^Waiting\./);
    expect(await add.page.content()).not.toContain(first.code);
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-no-longer-shown');
    await add.page.getByRole('button', { name: 'Replace', exact: true }).click();
    await expect.poll(async () => (await add.shown()).id).not.toBe(first.id);
    await add.says(/^Waiting\./);
    const old = await cloud.call('GET', `/api/v1/provisioning-codes/${first.id}`);
    expect(old.json).toMatchObject({ status: 'revoked' });
  });

  it('warns before a code is left that is nowhere else, and no more once it was copied', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { code } = await add.create();
    await add.page.getByRole('link', { name: 'EdgeFlow, to the start' }).click();
    const dialog = add.page.getByRole('dialog', { name: 'Leave without it?' });
    await dialog.waitFor();
    await expectAccessible(add.page);
    await dialog.getByRole('button', { name: 'Stay', exact: true }).last().click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await add.page.getByTestId('code').textContent()).toBe(code);
    const asked = add.page.waitForEvent('dialog');
    await add.page.close({ runBeforeUnload: true });
    const question = await asked;
    expect(question.type()).toBe('beforeunload');
    await question.dismiss();
    await add.page.getByRole('button', { name: 'Copy code' }).click();
    await add.page.getByRole('button', { name: /^Copied/ }).waitFor();
    await add.page.getByRole('link', { name: 'EdgeFlow, to the start' }).click();
    await add.page.getByTestId('code').waitFor({ state: 'detached' });
    expect(await dialog.count()).toBe(0);
  });

  it('keeps its place when a person goes Back and Forward', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { code } = await add.create();
    await add.page.goBack();
    await add.page.getByText('The code will be here').waitFor();
    await add.page.goForward();
    expect((await add.shown()).code).toBe(code);
    await add.page.getByRole('button', { name: 'Create code' }).click();
    await expect.poll(async () => (await add.shown()).code).not.toBe(code);
    await add.page.goBack();
    await expect.poll(async () => (await add.shown()).code).toBe(code);
  });
});
