import { formatProvisioningLink } from '@edgeflow/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story, trusting } from '../support/story.ts';
import { AddDevicePage } from './support/add-device-page.ts';
import { expectAccessible, expectNoSideways, phone, screenshot, TestBrowser } from './support/browser.ts';

describe('the page of a provisioning link', () => {
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

  /** Opens a link on a phone and keeps everything that the phone sends. */
  async function scan(link: string, token?: string): Promise<{ page: Page; sent: () => string }> {
    const person = await browser.person({ viewport: phone, ...(token === undefined ? {} : { token }) });
    const sent: string[] = [];
    person.on('request', (one) => {
      sent.push(one.url(), JSON.stringify(one.headers()), one.postData() ?? '');
    });
    const page = await person.newPage();
    await page.goto(link);
    return { page, sent: () => sent.join('\n') };
  }

  it('shows a stranger what to do, and sends nothing of what follows #', async () => {
    const { code, id } = await story.code(cloud);
    const link = formatProvisioningLink({ cloudUrl: cloud.url, code, codeId: id, pins: [cloud.pin] });
    const { page, sent } = await scan(link);
    expect(await page.getByTestId('code').textContent()).toBe(code);
    await page.getByRole('link', { name: 'Sign in in another tab' }).waitFor();
    await expectNoSideways(page);
    await expectAccessible(page);
    await screenshot(page, 'add-link');
    expect(sent()).toContain('/add');
    for (const secret of [code, code.replaceAll('-', ''), encodeURIComponent(cloud.pin), cloud.pin])
      expect(sent()).not.toContain(secret);
    expect(browser.problems()).toEqual([]);
  });

  it('shows whoever is signed in what happens, as it happens', async () => {
    const { code, id } = await story.code(cloud, { device_name: 'pump 7' });
    const link = formatProvisioningLink({ cloudUrl: cloud.url, code, codeId: id, pins: [cloud.pin] });
    const { page, sent } = await scan(link, cloud.token);
    const watching = AddDevicePage.of(page);
    await watching.says(/^Waiting\./);
    story.agent(await story.device(), trusting(cloud, code));
    await watching.says(/^pump 7 is online\. First heartbeat/);
    await expectAccessible(page);
    expect(sent()).not.toContain(code);
  });

  it.each([
    ['with one wrong character', (link: string): string => link.replace('PROV-', 'PROW-')],
    ['cut off', (link: string): string => link.slice(0, -3)],
    ['with nothing after #', (link: string): string => link.replace(/#.*/, '')],
  ])('says plainly that a link %s cannot be used', async (_, damage) => {
    const link = formatProvisioningLink({ cloudUrl: cloud.url, code: 'PROV-A1B2-C3D4', pins: [] });
    const { page } = await scan(damage(link));
    await page.getByRole('alert').getByText('This link cannot be used').waitFor();
    await page.getByText(/Copy/).first().waitFor();
    expect(await page.getByTestId('code').count()).toBe(0);
    await expectAccessible(page);
  });
});
