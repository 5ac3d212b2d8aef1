import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentStatus } from '../support/agent-process.ts';
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

const patience = 30_000;
const isOnline = (status: AgentStatus): boolean =>
  status.status === 'online' && status.last_heartbeat !== null;

describe('batches', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let byTable = '';

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
  const figure = (page: Page, label: string, value: string): Promise<void> =>
    page.locator('dl > div', { hasText: new RegExp(`^${label}${value}$`) }).waitFor();

  it('teach where there are none, and are made by a number', async () => {
    const page = await open('/batches');
    await page.getByRole('heading', { level: 2, name: 'No batches yet' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('main').getByRole('link', { name: 'New batch' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Hall 3');
    await page.getByLabel('Number of codes').fill('300');
    await page.getByLabel('Device names begin with').fill('pump');
    await expectAccessible(page);
    await screenshot(page, 'batch-new');
    await page.getByRole('button', { name: 'Create batch' }).click();
    await page.getByRole('heading', { level: 1, name: 'Hall 3' }).waitFor();
    await page.getByText('Save the codes now').waitFor();
    await figure(page, 'Devices', '300');
    await figure(page, 'Unused', '300');
    await page.getByText('pump-001').waitFor();
    await page.getByText('1–50 of 300 rows').waitFor();
  });

  it('from a table are looked at first: wrong lines are named, and the good ones can be made', async () => {
    const page = await open('/batches/new');
    await page.getByText('From a table (CSV)').click();
    await page.getByLabel('Name', { exact: true }).fill('Hall 4');
    await page
      .getByRole('textbox', { name: 'Table' })
      .fill('name,serial,mac\nvalve-1,S1,\nvalve-2,,nonsense\nvalve-3,S1,\nvalve-4,S4,\n');
    await page.getByRole('button', { name: 'Check the table' }).click();
    await page.getByText('2 rows are wrong').waitFor();
    await page.getByText('Line 4 (serial_number): stands in line 2 too').waitFor();
    expect(await page.getByRole('button', { name: 'Create batch' }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.getByLabel('Make the 2 good rows and leave out the others').check();
    await page.getByRole('button', { name: 'Create batch' }).click();
    await page.getByText('1–2 of 2 rows').waitFor();
    byTable = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByRole('link', { name: 'Batches', exact: true }).click();
    await page.getByText('1–2 of 2 batches').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'batches');
  });

  it('take a file again once it is mended, and ask before a table is lost', async () => {
    const page = await open('/batches/new');
    await page.getByText('From a table (CSV)').click();
    const file = page.locator('input[type=file]');
    const table = page.getByRole('textbox', { name: 'Table' });
    const path = join(story.folder, 'fleet.csv');
    for (const text of ['name,serial\nfan-1,S8\nfan-2,S8\n', 'name,serial\nfan-1,S8\nfan-2,S9\n']) {
      writeFileSync(path, text);
      await file.setInputFiles(path);
      await expect.poll(() => table.inputValue()).toBe(text);
    }
    await page.getByRole('link', { name: 'Codes', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Leave without the table?' });
    await question.getByRole('button', { name: 'Stay' }).last().click();
    expect(await table.inputValue()).toContain('S9');
    await page.getByRole('button', { name: 'Check the table' }).click();
    await page.getByRole('button', { name: 'Create batch' }).click();
    await page.getByText('1–2 of 2 rows').waitFor();
    expect(browser.problems()).toEqual([]);
  });

  it('fill as the fleet comes online: a real agent with the link of a label', async () => {
    const { id } = (
      (await cloud.call('GET', '/api/v1/batches')).json as { batches: { id: string }[] }
    ).batches.at(-1) ?? { id: '' };
    const page = await open(`/batches/${id}`);
    await untilLive(page);
    const { text } = await cloud.call('GET', `/api/v1/batches/${id}/csv`);
    const rows: Record<string, string>[] = parse(text, { bom: true, columns: true });
    for (const { code = '' } of rows) story.secrets.add(code);
    const agent = story.agent(await story.device(), { EDGEFLOW_PROVISIONING_LINK: rows[0]?.['link'] ?? '' });
    await agent.until('online', isOnline, patience);
    await figure(page, 'Redeemed', '1');
    await figure(page, 'Online', '1');
    await page.getByRole('cell', { name: /^Online/ }).waitFor();
    await screenshot(page, 'batch');
    await expectAccessible(page);
  });

  it('offer their files and what changes them to an operator, and to a viewer only what became of them', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      const made = await cloud.call('POST', '/api/v1/tokens', { name: `wall of a ${role}`, role });
      const { token } = made.json as { readonly token: string };
      story.secrets.add(token);
      const offered = role === 'operator' ? 1 : 0;
      const page = await browser.open(`${cloud.plainUrl}/batches`, { token });
      await page.getByRole('link', { name: 'Hall 4' }).waitFor();
      const main = page.getByRole('main');
      expect(await main.getByRole('link', { name: 'New batch' }).count(), role).toBe(offered);
      await page.getByRole('link', { name: 'Hall 4' }).click();
      await page.getByText('1–2 of 2 rows').waitFor();
      for (const name of ['CSV', 'Labels, A4', 'Labels, Letter', '.env files (zip)'])
        expect(await main.getByRole('link', { name, exact: true }).count(), `${role}: ${name}`).toBe(offered);
      for (const name of ['I saved them', 'Replace unused', 'Revoke batch'])
        expect(await main.getByRole('button', { name }).count(), `${role}: ${name}`).toBe(offered);
      await page.goto(`${cloud.plainUrl}/batches/new`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await main.getByRole('button', { name: 'Create batch' }).count(), role).toBe(offered);
      await expectAccessible(page);
      await page.context().close();
    }
  });

  it('let their texts be wiped once they are saved, and issue the unused rows anew', async () => {
    const page = await open(`/batches/${byTable}`);
    await page.getByRole('button', { name: 'I saved them' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Wipe them' }).click();
    await page.getByText('The codes are no longer shown').waitFor();
    expect((await cloud.call('GET', `/api/v1/batches/${byTable}/csv`)).status).toBe(410);
    await page.getByRole('button', { name: 'Replace unused' }).click();
    await page.getByLabel('Type 2 to confirm').fill('2');
    await page.getByRole('dialog').getByRole('button', { name: 'Replace unused' }).click();
    await page.getByText('Save the codes now').waitFor();
    await page.getByRole('button', { name: 'Revoke batch' }).click();
    await page.getByText('The 0 devices that are enrolled stay as they are.').waitFor();
    await page.getByLabel('Type 2 to confirm').fill('2');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke batch' }).click();
    await page.getByText('Revoked', { exact: true }).first().waitFor();
    expect((await cloud.call('GET', `/api/v1/batches/${byTable}/csv`)).status).toBe(410);
  });

  it('fit a phone', async () => {
    for (const path of ['/batches', '/batches/new', `/batches/${byTable}`]) {
      const page = await open(path, phone);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await untilLive(page);
      await expectNoSideways(page);
      await expectAccessible(page);
    }
  });

  it('and nothing was thrown, or tried against the policy of the pages', () => {
    expect(browser.problems()).toEqual([]);
  });
});
