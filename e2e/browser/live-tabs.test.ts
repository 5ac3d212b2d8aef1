import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/agent-process.ts';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { AddDevicePage } from './support/add-device-page.ts';
import { screenshot, TestBrowser, untilLive } from './support/browser.ts';

describe('live updates', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let ports: { readonly HTTP_PORT: string; readonly PORT: string };

  beforeAll(async () => {
    ports = { HTTP_PORT: String(await freePort()), PORT: String(await freePort()) };
    [cloud, browser] = await Promise.all([story.cloud(ports), TestBrowser.launch()]);
  });
  afterAll(async () => {
    await browser.close();
    await story.end();
  });

  async function openTab(
    person: BrowserContext,
    path: string,
  ): Promise<{ page: Page; streams: () => number }> {
    const page = await person.newPage();
    const seen: string[] = [];
    page.on('request', (one) => {
      if (one.url().endsWith('/api/v1/events')) seen.push(one.url());
    });
    await page.goto(cloud.plainUrl + path);
    await untilLive(page);
    return { page, streams: () => seen.length };
  }

  it('reach every tab through the stream of one, and go on in another when that one is closed', async () => {
    const person = await browser.person({ token: cloud.token });
    const first = await openTab(person, '/devices/add');
    const adding = AddDevicePage.of(first.page);
    const { id } = await adding.create();
    const second = await openTab(person, `/devices/add?code=${id}`);
    const watching = AddDevicePage.of(second.page);
    await watching.page.getByText('The code is no longer shown.').waitFor();
    await watching.says(/^Waiting\./);
    expect(first.streams()).toBeGreaterThan(0);
    expect(second.streams()).toBe(0);

    await cloud.call('PUT', `/api/v1/provisioning-codes/${id}`, { bind: { serial_number: '1' } });
    await cloud.call('DELETE', `/api/v1/provisioning-codes/${id}`);
    await Promise.all([adding, watching].map((tab) => tab.says(/^Revoked\./)));

    const { codes } = (await cloud.call('POST', '/api/v1/provisioning-codes', {})).json as {
      codes: { id: string }[];
    };
    await second.page.goto(`${cloud.plainUrl}/devices/add?code=${codes[0]?.id ?? ''}`);
    await watching.says(/^Waiting\./);
    await first.page.close();
    await expect.poll(second.streams, { timeout: 10_000 }).toBe(1);
    await untilLive(second.page);
    await cloud.call('DELETE', `/api/v1/provisioning-codes/${codes[0]?.id ?? ''}`);
    await watching.says(/^Revoked\./);
  });

  it('say that they pause when the cloud is gone, and catch up when it is back', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { code, id } = await add.create();
    await add.says(/^Waiting\./);
    await cloud.stop();
    await add.panel.getByText('Live updates paused; the device is unaffected.').waitFor();
    await add.says(/^Waiting\./);
    await screenshot(add.page, 'add-device-paused');
    cloud = await story.cloud(ports);
    expect((await cloud.call('POST', '/api/v1/devices/provision', { provisioning_code: code })).status).toBe(
      201,
    );
    await untilLive(add.page);
    await add.says(/registered from 127\.0\.0\.1\. Opening tunnel…$/);
    await add.panel.getByText('Live updates paused').waitFor({ state: 'hidden' });
    expect(new URL(add.page.url()).searchParams.get('code')).toBe(id);
    expect(browser.problems()).toEqual([]);
  });
});
