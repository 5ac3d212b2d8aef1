import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../../apps/cloud/src/features/alerts/testing/receiver.ts';
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

/** What is shown changes within a second; the rest is the way of the event, and a machine that does other things. */
const soonMs = 3_000;

describe('the overview', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let browser: TestBrowser;
  let receiver: Receiver;

  beforeAll(async () => {
    [cloud, browser, receiver] = await Promise.all([
      story.cloud({ WEBHOOK_NETWORKS: '127.0.0.0/8' }),
      TestBrowser.launch(),
      startReceiver(),
    ]);
  });

  afterAll(async () => {
    await browser.close();
    await story.end();
    await receiver.close();
  });

  const open = (path: string, viewport?: { width: number; height: number }): Promise<Page> =>
    browser.open(cloud.plainUrl + path, {
      token: cloud.token,
      ...(viewport === undefined ? {} : { viewport }),
    });

  const online = (page: Page, words: string, timeout: number): Promise<void> =>
    page.getByRole('region', { name: 'Fleet' }).getByText(words).waitFor({ state: 'attached', timeout });

  /** Every link of the page leads to what it promises: the page that reads its filter, or the thing it names. */
  async function expectLinks(page: Page): Promise<void> {
    const links = await page.getByRole('main').getByRole('link').all();
    const addresses = await Promise.all(links.map((link) => link.getAttribute('href')));
    const followed = new Set(addresses.map((address) => address ?? ''));
    const wanted = [
      '/devices',
      ...['online', 'offline', 'reconnecting', 'never_connected', 'quarantined', 'revoked'].map(
        (status) => `/devices?status=${status}`,
      ),
    ];
    expect([...followed]).toEqual(expect.arrayContaining(wanted));
    for (const address of followed) {
      const { pathname, searchParams } = new URL(address, cloud.plainUrl);
      const there = await page.context().newPage();
      const asked: URL[] = [];
      there.on('request', (request) => asked.push(new URL(request.url())));
      await there.goto(cloud.plainUrl + address);
      await there.getByRole('heading', { level: 1 }).waitFor();
      await untilLive(there);
      expect(await there.getByRole('heading', { name: 'Not found' }).count(), address).toBe(0);
      // The address stays as the link has it, and the list is asked for with the same filter.
      expect(there.url(), address).toBe(cloud.plainUrl + address);
      if (pathname === '/devices') {
        const list = asked.find((url) => url.pathname === '/api/v1/devices');
        for (const [name, value] of searchParams) {
          // The router writes what could be a number or a truth between quotation marks.
          expect(list?.searchParams.get(name), address).toBe(value.replace(/^"(.*)"$/, '$1'));
        }
        const filters = there.getByRole('search', { name: 'Devices' });
        expect(await filters.getByRole('button', { name: 'Clear filters' }).count(), address).toBe(
          searchParams.size === 0 ? 0 : 1,
        );
      }
      await there.close();
    }
  }

  it('teaches where there are no devices', async () => {
    const page = await open('/overview');
    await page.getByRole('heading', { level: 2, name: 'No devices yet' }).waitFor();
    await expectAccessible(page);
    expect(browser.problems()).toEqual([]);
  });

  it('shows at once that a device comes and goes, and why one was refused', async () => {
    const page = await open('/overview');
    await untilLive(page);
    const { code } = await story.code(cloud, { name: 'hall 3', device_name: 'pump 1' });
    const funnel = page.getByRole('region', { name: 'Onboarding' });
    await funnel
      .getByRole('listitem')
      .filter({ hasText: 'Codes made' })
      .getByText('1', { exact: true })
      .waitFor();
    const agent = story.agent(await story.device(), {
      EDGEFLOW_SAAS_URL: cloud.url,
      EDGEFLOW_SAAS_TLS_PIN: cloud.pin,
      EDGEFLOW_PROVISIONING_CODE: code,
    });
    const status = await agent.until('online', ({ connected }) => connected, 30_000);
    await online(page, '1 of 1 devices online', soonMs);
    await funnel.getByRole('listitem').filter({ hasText: 'Came online' }).getByText('100%').waitFor();

    const bound = await story.code(cloud, { bind: { serial_number: 'of another' } });
    const refused = await cloud.call('POST', '/api/v1/devices/provision', { provisioning_code: bound.code });
    expect(refused.status).toBe(403);
    const failures = page.getByRole('region', { name: 'Failures by cause' });
    await failures
      .getByText('This provisioning code is bound to other hardware')
      .waitFor({ timeout: soonMs });
    await failures.getByText('Use the code on the device it was made for, or change its binding.').waitFor();
    const shadow = `/api/v1/devices/${status.device_id ?? ''}/shadow`;
    expect((await cloud.call('GET', shadow, undefined, { 'x-api-key': 'efk_wrong' })).status).toBe(401);
    await failures
      .getByText('This device id and API key are not known together')
      .waitFor({ timeout: soonMs });

    await expectAccessible(page);
    await screenshot(page, 'overview');
    await expectLinks(page);
    await agent.stop();
    await online(page, '0 of 1 devices online', 15_000);

    // From the failure to where it is mended.
    await failures.getByRole('link', { name: bound.id }).click();
    await page.getByRole('button', { name: 'Change binding' }).waitFor();
    await page.goBack();
    await failures.getByRole('link', { name: /^dev_/ }).click();
    await page.getByRole('heading', { level: 1, name: 'pump 1' }).waitFor();
    expect(browser.problems()).toEqual([]);
  });

  it('keeps the window in its address, and fits a phone', async () => {
    const page = await open('/overview', phone);
    await page.getByText('30 days', { exact: true }).click();
    await page.getByText('Codes made in the last 30 days').waitFor();
    expect(new URL(page.url()).search).toBe('?window=30d');
    await page.reload();
    await page.getByText('Codes made in the last 30 days').waitFor();
    await expectNoSideways(page);
    await expectAccessible(page);
    expect(browser.problems()).toEqual([]);
  });

  it('leads to alerts: a webhook whose secret is shown once gets a signed test, a rule watches', async () => {
    const page = await open('/overview');
    await page.getByText('No alert rule watches the fleet yet.').waitFor();
    await page.getByRole('link', { name: 'Alert rules' }).click();
    await page.getByRole('button', { name: 'Add an endpoint' }).click();
    await page.getByLabel('Name').fill('on call');
    await page.getByLabel('URL').fill('http://10.0.0.1/');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('Alerts are not delivered to this address').waitFor();
    await page.getByLabel('URL').fill(receiver.url);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const secret = (await page.getByText(/^whsec_/).textContent()) ?? '';
    await page.getByRole('button', { name: 'I have saved it' }).click();
    await page.getByText(/^whsec_/).waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Send test to on call' }).click();
    await page.getByRole('table', { name: 'The last deliveries' }).getByText('Delivered').waitFor();
    const [test] = receiver.got;
    if (test === undefined) throw new Error('nothing was received');
    expect(receiver.verify(test, secret)).toMatchObject({ type: 'alert.test' });

    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByLabel('Offline for, in minutes').fill('5');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Save' }).click();
    const rules = page.getByRole('table', { name: 'Alert rules' });
    await rules.getByText('5 minutes').waitFor();
    await rules.getByText('All devices').waitFor();
    await page.getByRole('table', { name: 'Where alerts are delivered' }).getByText('just now').waitFor();
    await expectAccessible(page);
    await screenshot(page, 'settings-alerts');
    await page.setViewportSize(phone);
    await expectNoSideways(page);
    await page.getByRole('button', { name: 'Delete on call' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 2, name: 'Nobody is told yet' }).waitFor();
    expect(browser.problems()).toEqual([]);
  });
});
