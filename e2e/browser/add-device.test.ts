import { parseProvisioningLink } from '@edgeflow/contract';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story } from '../support/story.ts';
import { AddDevicePage } from './support/add-device-page.ts';
import { expectAccessible, expectNoSideways, phone, screenshot, TestBrowser } from './support/browser.ts';

/** What a screen reader would say of what has the focus; nothing where nothing has. As text: it runs in the page. */
const focusedWords = `(() => {
  const { activeElement: it, body } = document;
  return it === null || it === body ? '' : (it.getAttribute('aria-label') ?? '') + ' ' + it.textContent;
})()`;

describe('Add Device', () => {
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

  it('makes a code from a name alone, and waits', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-empty');
    const { code, id } = await add.create((form) => form.getByLabel('Name').fill('pump 1'));
    expect(code).toMatch(/^PROV-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await add.says('Waiting. Valid 23 h 59 min. You may close this page.');
    expect(await add.page.locator(':focus').textContent()).toBe('Put it on the device');
    const made = await cloud.call('GET', `/api/v1/provisioning-codes/${id}`);
    expect(made.json).toMatchObject({ device_name: 'pump 1', status: 'active' });
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-waiting');
    expect(browser.problems()).toEqual([]);
  });

  it('shows the link that the agent takes as a QR code that reads back', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { code, id } = await add.create();
    const picture = PNG.sync.read(
      await add.page.getByRole('img', { name: /QR code/ }).screenshot({ scale: 'css' }),
    );
    const link = jsQR.default(new Uint8ClampedArray(picture.data), picture.width, picture.height)?.data ?? '';
    const reading = parseProvisioningLink(link);
    expect(reading).toEqual({ ok: true, link: { cloudUrl: cloud.url, code, codeId: id, pins: [cloud.pin] } });
  });

  it('shows the same settings as a file, a line for a shell and cloud-init, each with the pin', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { code } = await add.create();
    const env = await add.snippet('.env', 'edgeflow.env');
    expect(env.split('\n').slice(1)).toEqual([
      'EDGEFLOW_SAAS_ENABLED=true',
      `EDGEFLOW_SAAS_URL=${cloud.url}`,
      `EDGEFLOW_SAAS_TLS_PIN=${cloud.pin}`,
      `EDGEFLOW_PROVISIONING_CODE=${code}`,
    ]);
    expect(await add.snippet('.env', 'Install it')).toBe(
      'sudo install -D -m 600 edgeflow.env /etc/edgeflow/.env',
    );
    const [download] = await Promise.all([
      add.page.waitForEvent('download'),
      add.page.getByRole('button', { name: 'Download edgeflow.env' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('edgeflow.env');

    const cloudInit: unknown = parse(await add.snippet('SD card', 'user-data'));
    expect(cloudInit).toMatchObject({
      write_files: [
        { path: '/etc/edgeflow/.env', permissions: '0600', owner: 'root:root', content: `${env}\n` },
      ],
    });
    expect(await add.snippet('Shell', 'One line for its shell')).toContain(code);
    await screenshot(add.page, 'add-device-shell');
  });

  it('sends what was folded away, and says beside a field what is wrong with it', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await add.unfold();
    const form = add.page.getByRole('form', { name: 'Add a device' });
    await form.getByLabel('Group').fill('pumps');
    await form.getByLabel('Tags').fill('hall 3');
    await form.getByLabel('Tags').press('Enter');
    await form.getByLabel('MAC address').fill('dc:a6:32');
    await form.getByLabel('Validity').click();
    await add.page.getByRole('option', { name: '7 days' }).click();
    await form.getByRole('button', { name: 'Create code' }).click();
    await form.getByText('must be a MAC address such as dc:a6:32:01:02:03').first().waitFor();
    await expectAccessible(add.page);
    await form.getByLabel('MAC address').fill('DC-A6-32-00-00-01');
    const { id } = await add.create();
    await add.says(/^Waiting\. Valid 6 d 23 h\./);
    expect((await cloud.call('GET', `/api/v1/provisioning-codes/${id}`)).json).toMatchObject({
      ...{ group: 'pumps', tags: ['hall 3'] },
      bind: { mac_address: 'dc:a6:32:00:00:01', serial_number: null, board_model: null },
    });
  });

  it('keeps the panel at the bottom of a phone, wherever its owner scrolls', async () => {
    const add = await AddDevicePage.open(browser, cloud, { viewport: phone });
    await add.create();
    await add.says(/^Waiting\./);
    await expectNoSideways(add.page);
    for (const y of [0, 400]) {
      await add.page.evaluate(`scrollTo(0, ${String(y)})`);
      const box = await add.panel.boundingBox();
      expect(Math.round((box?.y ?? 0) + (box?.height ?? 0))).toBeLessThanOrEqual(phone.height);
      expect(box?.y ?? 0).toBeGreaterThan(phone.height / 2);
    }
    await expectAccessible(add.page);
  });

  it('is done by keyboard alone, from the first Tab to the code', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { keyboard } = add.page;
    await add.page.getByRole('form', { name: 'Add a device' }).waitFor();
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 40; presses += 1) {
        await keyboard.press('Tab');
        const text = await add.page.evaluate<string>(focusedWords);
        if (name.test(text)) return;
      }
      throw new Error(`Tab never reached ${String(name)}`);
    };
    await tabTo(/Skip to content/);
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.type('by keyboard');
    await tabTo(/Group, tags/);
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.type('hall 3');
    await tabTo(/Create code/);
    await keyboard.press('Enter');
    const { id } = await add.shown();
    await add.page.locator('h2:focus').waitFor();
    await tabTo(/Copy code/);
    await keyboard.press('Enter');
    await tabTo(/^ ?SD card/);
    await keyboard.press('ArrowRight');
    await add.page.getByRole('tab', { name: 'Shell', selected: true }).waitFor();
    expect((await cloud.call('GET', `/api/v1/provisioning-codes/${id}`)).json).toMatchObject({
      ...{ name: 'by keyboard', group: 'hall 3' },
    });
    expect(browser.problems()).toEqual([]);
  });

  it('offers to whoever may only look what there is to see, and nothing to do', async () => {
    const made = await cloud.call('POST', '/api/v1/tokens', { name: 'looks only', role: 'viewer' });
    const { token } = made.json as { token: string };
    const { id } = await story.code(cloud);
    const add = await AddDevicePage.open(browser, cloud, { token, path: `/devices/add?code=${id}` });
    await add.says(/^Waiting\./);
    await add.page.getByText('Your role may look at devices, not add them.').waitFor();
    for (const name of ['Create code', 'Replace', 'I need an ID and key now'])
      expect(await add.page.getByRole('button', { name, exact: true }).count()).toBe(0);
    await cloud.call('DELETE', `/api/v1/provisioning-codes/${id}`);
    await add.says(/^Revoked\./);
    expect(await add.panel.getByRole('button').count()).toBe(0);
    await expectAccessible(add.page);
  });

  it('gives an id and a key at once to whoever needs them, once', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await add.page.getByRole('button', { name: 'I need an ID and key now' }).click();
    const env = await add.snippet('.env', 'edgeflow.env');
    const [, id = '', key = ''] = /EDGEFLOW_DEVICE_ID=(dev_\w+)\nEDGEFLOW_API_KEY=(efk_\w+)/.exec(env) ?? [];
    await add.says('Waiting for the device to connect. No code is needed.');
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-credentials');
    const device = await story.device();
    const settings = { EDGEFLOW_SAAS_URL: cloud.url, EDGEFLOW_SAAS_TLS_PIN: cloud.pin };
    story.agent(device, { ...settings, EDGEFLOW_DEVICE_ID: id, EDGEFLOW_API_KEY: key });
    await add.says(`${id} is online.`);
    expect(add.page.url()).not.toContain(key);
  });

  it('asks for what it does not hear, and says what cannot be watched', async () => {
    const made = await cloud.call('POST', '/api/v1/devices', { name: 'pump 3' });
    const { api_key: key, device_id: id } = made.json as { api_key: string; device_id: string };
    story.secrets.add(key);
    const add = await AddDevicePage.open(browser, cloud, { path: `/devices/add?made=${id}` });
    await add.page.route('**/api/v1/events*', (route) => route.abort());
    await add.page.reload();
    await add.panel.getByText('Live updates paused; the device is unaffected.').waitFor();
    await add.says('Waiting for the device to connect. No code is needed.');
    const settings = { EDGEFLOW_SAAS_URL: cloud.url, EDGEFLOW_SAAS_TLS_PIN: cloud.pin };
    story.agent(await story.device(), { ...settings, EDGEFLOW_DEVICE_ID: id, EDGEFLOW_API_KEY: key });
    await add.says(`${id} is online.`);
    await add.page.goto(`${cloud.plainUrl}/devices/add?made=dev_0000000000000000`);
    await add.panel.getByRole('alert').getByText('There is no such device').waitFor();
  });
});
