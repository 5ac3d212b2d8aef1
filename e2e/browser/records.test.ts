import { totalCountedMax } from '@edgeflow/contract';
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Story } from '../support/story.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import {
  expectAccessible,
  expectNoSideways,
  phone,
  screenshot,
  TestBrowser,
  untilLive,
} from './support/browser.ts';
import { plantAudit } from './support/fleet.ts';

describe('codes and the audit log', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let used: { id: string; code: string };

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
  const redeem = (code: string, serial: string) =>
    cloud.call('POST', '/api/v1/devices/provision', {
      provisioning_code: code,
      hardware_info: { serial_number: serial },
    });

  it('codes teach where there are none, and appear as they are made', async () => {
    const page = await open('/codes');
    await page.getByRole('heading', { level: 2, name: 'No codes yet' }).waitFor();
    await untilLive(page);
    used = await story.code(cloud, { device_name: 'pump-17', name: 'Hall 3', bind: { serial_number: 'S1' } });
    await page.getByText('pump-17').waitFor();
    expect((await redeem(used.code, 'S2')).status).toBe(403);
    await page.getByText('bound to other hardware').waitFor();
    expect((await redeem(used.code, 'S1')).status).toBe(201);
    await page.getByRole('cell', { name: 'Used', exact: true }).waitFor();
    await page.getByText('from 127.0.0.1').waitFor();
  });

  it('codes are filtered and searched by the address, which Back brings back', async () => {
    await story.code(cloud, { device_name: 'valve-1', name: 'Hall 4' });
    await story.code(cloud, { device_name: 'valve-2', name: 'Hall 4' });
    const page = await open('/codes');
    await page.getByLabel('Search').fill('valve');
    await page.getByText('1–2 of 2 codes').waitFor();
    expect(page.url()).toContain('q=valve');
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Used' }).click();
    await page.getByRole('heading', { level: 2, name: 'No such codes' }).waitFor();
    await page.goBack();
    await page.getByText('1–2 of 2 codes').waitFor();
    await page.getByRole('button', { name: 'Revoke valve-1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('cell', { name: 'Revoked' }).waitFor();
    await page.getByRole('button', { name: 'Revoke valve-1' }).waitFor({ state: 'detached' });
    await screenshot(page, 'codes');
    await expectAccessible(page);
  });

  it('the audit log says it in sentences, filtered by its address', async () => {
    const page = await open(`/audit-log?object=${used.id}`);
    await page
      .getByText(/redeemed/)
      .first()
      .waitFor();
    await page.getByText(/Somebody unknown was refused with code/).waitFor();
    await page.getByText(/binding_mismatch: .*Use the code on the device/).waitFor();
    await page.getByText('1–3 of 3 entries').waitFor();
    await page.getByRole('combobox', { name: 'Outcome' }).click();
    await page.getByRole('option', { name: 'Failure' }).click();
    await page.getByText('1–1 of 1 entries').waitFor();
    expect(page.url()).toContain('outcome=failure');
    const link = await page.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
    const { text } = await cloud.call('GET', link ?? '');
    const rows: Record<string, string>[] = parse(text, { bom: true, columns: true });
    expect(rows.map(({ action, object_id: object, reason }) => [action, object, reason])).toEqual([
      ['code.redeem', used.id, 'binding_mismatch'],
    ]);
    await page.goto(`${cloud.plainUrl}/audit-log`);
    await page
      .getByText(/revoked code/)
      .first()
      .waitFor();
    await screenshot(page, 'audit-log');
    await expectAccessible(page);
  });

  it('a search keeps its focus while what it finds comes, and follows Back', async () => {
    const page = await open('/audit-log');
    const what = page.getByLabel('What (id)');
    await what.fill(used.id);
    await page.getByText('1–3 of 3 entries').waitFor();
    await what.and(page.locator(':focus')).waitFor();
    await page.goBack();
    await expect.poll(() => what.inputValue()).toBe('');
  });

  it('a day is typed to its end before it filters, and 42 is a search as well', async () => {
    const page = await open('/audit-log');
    const from = page.getByLabel('From', { exact: true });
    await from.focus();
    await page.keyboard.type('022120', { delay: 20 });
    // The year is 20 by now. Long enough for a pause of somebody who looks it up.
    await page.waitForTimeout(600);
    expect(page.url()).not.toContain('from=');
    await page.keyboard.type('26', { delay: 20 });
    await expect.poll(() => page.url()).toContain('from=2026-02-21');
    expect(await from.inputValue()).toBe('2026-02-21');
    await page.goBack();
    await expect.poll(() => from.inputValue()).toBe('');
    for (const [path, label] of [
      ['/audit-log?object=42', 'What (id)'],
      ['/codes?q=42', 'Search'],
    ] as const) {
      await page.goto(cloud.plainUrl + path);
      await expect.poll(() => page.getByLabel(label).inputValue()).toBe('42');
    }
  });

  it('a list of more than are counted says so, and its last page can be reached', async () => {
    await plantAudit(story, cloud, totalCountedMax + 30);
    const page = await open(`/audit-log?action=planted&offset=${String(totalCountedMax - 50)}`);
    await page.getByText('99,951–100,000 of 100,000+ entries').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('100,001–100,030 of 100,000+ entries').waitFor();
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.goto(`${cloud.plainUrl}/audit-log?action=planted&offset=${String(totalCountedMax + 50)}`);
    await page.getByText('None here, of 100,000+ entries').waitFor();
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText('100,001–100,030 of 100,000+ entries').waitFor();
  });

  it('offers codes to an operator, and to a viewer only to look at them', async () => {
    await story.code(cloud, { device_name: 'valve-9' });
    for (const role of ['viewer', 'operator'] as const) {
      const made = await cloud.call('POST', '/api/v1/tokens', { name: `wall of a ${role}`, role });
      const { token } = made.json as { readonly token: string };
      story.secrets.add(token);
      const offered = role === 'operator' ? 1 : 0;
      const page = await browser.open(`${cloud.plainUrl}/codes`, { token });
      await page.getByText('valve-9').waitFor();
      expect(await page.getByRole('button', { name: 'Revoke valve-9' }).count(), role).toBe(offered);
      expect(await page.getByRole('link', { name: 'New code' }).count(), role).toBe(offered);
      await expectAccessible(page);
      await page.goto(`${cloud.plainUrl}/devices/add`);
      await page.getByRole('heading', { level: 1, name: 'Add a device' }).waitFor();
      expect(await page.getByRole('button', { name: 'Create code' }).count(), role).toBe(offered);
      expect(await page.getByText('Your role may look at devices, not add them.').count()).toBe(1 - offered);
      await page.context().close();
    }
  });

  it.each(['/codes', '/audit-log'])('%s fits a phone', async (path) => {
    const page = await open(path, phone);
    await page.getByRole('table').waitFor();
    await untilLive(page);
    await expectNoSideways(page);
    await expectAccessible(page);
    await page.setViewportSize({ width: 360, height: 700 });
    await expectNoSideways(page);
  });

  it('nothing was thrown, and nothing tried against the policy of the pages', () => {
    expect(browser.problems()).toEqual([]);
  });
});
