import { readFileSync } from 'node:fs';
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
import { plantFleet } from './support/fleet.ts';

const fleet = 300;
const patienceMs = 20_000;

describe('the list of devices', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let agent: AgentProcess;
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
  const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });
  const rangeText = (page: Page) =>
    page.getByRole('navigation', { name: 'Pages of devices' }).getByRole('status');

  it('teaches what belongs there while there is nothing', async () => {
    const page = await open('/devices');
    await page.getByRole('heading', { name: 'No devices yet' }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'devices-empty');
  });

  it('shows the fleet a page at a time, newest first, with what people look for', async () => {
    await plantFleet(story, cloud, fleet);
    const page = await open('/devices');
    await row(page, 'pump 000299').waitFor();
    expect(await rangeText(page).textContent()).toBe('1–50 of 300');
    expect(await page.getByRole('row').count()).toBe(51);
    await expectAccessible(page);
    await expectNoSideways(page);
    await screenshot(page, 'devices');
    expect(browser.problems()).toEqual([]);
  });

  it('keeps search, filters and order in the address, and Back leads back', async () => {
    const page = await open('/devices');
    await page.getByRole('searchbox', { name: 'Search' }).fill('pi-00012');
    await page.waitForURL(/q=pi-00012/);
    await row(page, 'pump 000129').waitFor();
    expect(await rangeText(page).textContent()).toBe('1–10 of 10');
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: /^Offline/ }).click();
    await page.waitForURL(/status=offline/);
    await row(page, 'pump 000124').waitFor();
    const address = page.url();
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('status'));
    await row(page, 'pump 000129').waitFor();
    const again = await open(new URL(address).pathname + new URL(address).search);
    await row(again, 'pump 000124').waitFor();
    expect(await again.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('pi-00012');
  });

  it('offers to clear filters that nothing matches', async () => {
    const page = await open('/devices?q=nobody&tag=hall%207');
    await page.getByRole('heading', { name: 'No device matches' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Clear filters' }).last().click();
    await row(page, 'pump 000299').waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  it('turns pages and comes back to the place, scrolled as it was', async () => {
    const page = await open('/devices?sort=name');
    await row(page, 'pump 000000').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await row(page, 'pump 000050').waitFor();
    expect(await rangeText(page).textContent()).toBe('51–100 of 300');
    await page.getByRole('link', { name: 'pump 000075' }).scrollIntoViewIfNeeded();
    const scrolled = await page.evaluate<number>('window.scrollY');
    await page.getByRole('link', { name: 'pump 000075' }).click();
    await page.getByRole('heading', { level: 1, name: 'pump 000075' }).waitFor();
    await page.goBack();
    await row(page, 'pump 000075').waitFor();
    expect(await rangeText(page).textContent()).toBe('51–100 of 300');
    await expect.poll(() => page.evaluate<number>('window.scrollY'), { timeout: patienceMs }).toBe(scrolled);
    await page.getByRole('button', { name: 'Previous' }).click();
    await row(page, 'pump 000000').waitFor();
  });

  it('changes in its places while devices come and go, and moves no row by itself', async () => {
    const page = await open('/devices');
    await row(page, 'pump 000299').waitFor();
    await untilLive(page);
    const { code } = await story.code(cloud, { device_name: 'real one' });
    agent = story.agent(await story.device(), trusting(cloud, code));
    await agent.until('online', ({ status }) => status === 'online', patienceMs);
    await page.getByText('Devices have come, gone or changed places.').waitFor();
    expect(await page.getByRole('row').nth(1).textContent()).toContain('pump 000299');
    await page.getByRole('button', { name: 'Show them' }).click();
    await row(page, 'real one').getByText('Online').waitFor();
    await agent.stop();
    await row(page, 'real one').getByText('Offline').waitFor();
  });

  it('deletes what is chosen over two pages once the number is typed, and says what that means', async () => {
    const page = await open('/devices?group=site%203');
    await row(page, 'pump 000283').waitFor();
    await page.goto(`${cloud.plainUrl}/devices?sort=name`);
    await page.getByRole('checkbox', { name: 'Choose pump 000003' }).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('checkbox', { name: 'Choose pump 000063' }).check();
    const bar = page.getByRole('region', { name: 'Chosen devices' });
    await bar.getByText('2 devices chosen').waitFor();
    await screenshot(page, 'devices-chosen');
    await bar.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete 2 devices?' });
    await dialog.getByText('These 2 devices disconnect now and need a new code on site.').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Delete' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox', { name: 'Type 2 to confirm' }).fill('2');
    await screenshot(page, 'devices-delete');
    // It is done, and the answer is lost: asking again tells what became of it instead of counting the devices anew.
    await page.route(
      '**/api/v1/devices/bulk',
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
    await confirm.click();
    await dialog.getByRole('alert').waitFor();
    await confirm.click();
    const done = page.getByRole('dialog', { name: 'Done' });
    await done.getByText('2 devices deleted.').waitFor();
    await done.getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => rangeText(page).textContent(), { timeout: patienceMs }).toContain('of 299');
    expect(await row(page, 'pump 000063').count()).toBe(0);
  });

  it('changes all that match, unless their number has changed since', async () => {
    const page = await open('/devices?q=pump%200001');
    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check();
    await page.getByRole('button', { name: /Choose all 100 devices/ }).click();
    const bar = page.getByRole('region', { name: 'Chosen devices' });
    await bar.getByText('100 devices chosen').waitFor();
    await bar.getByRole('button', { name: 'Add tags' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add tags to 100 devices?' });
    await dialog.getByLabel('Tags', { exact: true }).fill('inspected');
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Add tags' }).click();
    await page.getByText('100 devices tagged.').waitFor();
    await page.getByRole('dialog', { name: 'Done' }).getByRole('button', { name: 'Close' }).last().click();
    const { json } = await cloud.call('GET', '/api/v1/devices?tag=inspected&limit=1');
    expect(json).toMatchObject({ total: 100 });

    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check();
    await page.getByRole('button', { name: /Choose all 100 devices/ }).click();
    const [gone] = (
      (await cloud.call('GET', '/api/v1/devices?tag=inspected&limit=1')).json as {
        devices: { device_id: string }[];
      }
    ).devices;
    await cloud.call('DELETE', `/api/v1/devices/${gone?.device_id ?? ''}`);
    await bar.getByRole('button', { name: 'Revoke' }).click();
    const asking = page.getByRole('dialog', { name: /Revoke/ });
    await asking.getByRole('textbox').fill('100');
    await asking.getByRole('button', { name: 'Revoke' }).click();
    await asking.getByText('It would concern 99 devices, not 100.').waitFor();
  });

  it('chooses of the list that is shown: after Back to another nothing of it is', async () => {
    const page = await open('/devices?group=site%203');
    await row(page, 'site 3').first().waitFor();
    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await expect.poll(() => rangeText(page).textContent()).toMatch(/^1–50 of \d{3}$/);
    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check();
    await page.getByRole('button', { name: /Choose all \d{3} devices/ }).click();
    const bar = page.getByRole('region', { name: 'Chosen devices' });
    await bar.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: /^Delete \d{3} devices/ }).waitFor();
    await page.goBack();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await bar.waitFor({ state: 'detached' });
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0);
  });

  it('sees a change to its end that was begun before Back, and lets nothing be chosen of a list that is gone', async () => {
    const page = await open('/devices?group=site%203');
    await row(page, 'site 3').first().waitFor();
    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await expect.poll(() => rangeText(page).textContent()).toMatch(/^1–50 of \d{3}$/);
    const begun = Promise.withResolvers<undefined>();
    await page.route('**/api/v1/devices/bulk', async (route) => {
      await begun.promise;
      await route.continue();
    });
    await page.getByRole('checkbox', { name: 'Choose pump 000299' }).check();
    await page.getByRole('button', { name: 'Set group' }).click();
    const question = page.getByRole('dialog', { name: 'Set the group of 1 device?' });
    await question.getByRole('textbox', { name: 'Group' }).fill('site 3');
    await question.getByRole('button', { name: 'Set group' }).click();
    await page.goBack();
    await expect.poll(() => page.url()).toContain('group=');
    await question.waitFor();
    begun.resolve(undefined);
    await page.getByText('1 device changed.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

    const read = Promise.withResolvers<undefined>();
    await page.route('**/api/v1/devices?*', async (route) => {
      await read.promise;
      await route.continue();
    });
    await page.getByRole('searchbox', { name: 'Search' }).fill('pump');
    await page.getByRole('checkbox', { name: 'Choose pump 000299', disabled: true }).waitFor();
    read.resolve(undefined);
    await page.getByRole('checkbox', { name: 'Choose all on this page', disabled: false }).waitFor();
    expect(browser.problems()).toEqual([]);
  });

  it('is taken out as CSV by the same filters', async () => {
    const page = await open('/devices?group=site%203');
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export these as CSV' }).click();
    const text = readFileSync(await (await coming).path(), 'utf8');
    const lines = text.trimEnd().split('\r\n');
    const { json } = await cloud.call('GET', '/api/v1/devices?group=site%203&limit=1');
    expect(lines).toHaveLength((json as { total: number }).total + 1);
    // After the mark by which spreadsheets know UTF-8.
    expect(lines[0]).toMatch(/^\ufeffdevice_id,name,status/);
    for (const line of lines.slice(1)) expect(line).toContain('site 3');
  });

  it('offers nothing that a viewer may not do', async () => {
    const made = await cloud.call('POST', '/api/v1/tokens', { name: 'wall', role: 'viewer' });
    const { token } = made.json as { readonly token: string };
    story.secrets.add(token);
    const page = await browser.open(`${cloud.plainUrl}/devices`, { token });
    await row(page, 'pump 000299').waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Export as CSV' }).count()).toBe(1);
    expect(await page.getByRole('link', { name: 'Add Device' }).count()).toBe(0);
    await page.getByRole('link', { name: 'pump 000299' }).click();
    await page.getByRole('heading', { level: 1, name: 'pump 000299' }).waitFor();
    for (const name of ['Actions', 'Edit', 'Edit notes']) {
      expect(await page.getByRole('button', { name, exact: true }).count(), name).toBe(0);
    }
  });

  it('is usable on a phone', async () => {
    const page = await open('/devices?q=pi-00029', phone);
    await page.getByText('pump 000299').waitFor();
    await expectNoSideways(page);
    await page.getByRole('checkbox', { name: 'Choose pump 000299' }).check();
    await expectAccessible(page);
    await page.getByRole('region', { name: 'Chosen devices' }).waitFor();
    await expectNoSideways(page);
    expect(browser.problems()).toEqual([]);
  });
});
