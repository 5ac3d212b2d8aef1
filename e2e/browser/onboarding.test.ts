import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudProcess } from '../support/cloud-process.ts';
import { Story, trusting } from '../support/story.ts';
import { AddDevicePage } from './support/add-device-page.ts';
import { asRaspberryPi } from './support/pi.ts';
import { expectAccessible, screenshot, TestBrowser, untilLive } from './support/browser.ts';

const onlineMs = 30_000;

describe('the panel of Add Device, with real agents', () => {
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

  it('goes green for a device on whose shell the one line was run', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await add.create();
    const line = await add.snippet('Shell', 'One line for its shell');
    const device = await story.device();
    const written = await runOnDevice(line, device.folder);
    expect(written.mode).toBe(0o600);
    story.agent(device, written.settings, asRaspberryPi(device.folder));
    await add.says(/^edgeflow-pi-001 is online\. First heartbeat \d\d:\d\d:\d\d\.$/);
    await add.page.getByRole('button', { name: 'Add another' }).waitFor();
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-online');
    await add.page.getByRole('button', { name: 'Add another' }).click();
    await add.page.getByText('The code will be here').waitFor();
    expect(await add.page.locator(':focus').getAttribute('data-path')).toBe('name');
    expect(browser.problems()).toEqual([]);
  });

  it('names both values of a binding that refused a device, changes it, and the device is let in', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    await add.unfold();
    const { code } = await add.create((form) => form.getByLabel('MAC address').fill('dc:a6:32:00:00:01'));
    const device = await story.device();
    const nodeFlags = ['--import', './e2e/support/short-waits.ts'];
    const pi = asRaspberryPi(device.folder);
    const agent = story.agent(device, trusting(cloud, code), { nodeFlags, ...pi });
    await add.says(
      /^Refused: the code is bound to dc:a6:32:00:00:01, the device is .+\. The code is not used\.$/,
    );
    await expectAccessible(add.page);
    await screenshot(add.page, 'add-device-refused');
    await add.page.getByRole('button', { name: 'Change binding' }).click();
    const dialog = add.page.getByRole('dialog', { name: 'Change the binding of this code?' });
    await dialog.getByRole('button', { name: 'Change binding' }).click();
    await add.says(/is online\. First heartbeat/, onlineMs);
    expect((await agent.status())?.connected).toBe(true);
  });

  it('tells a registration apart from a tunnel, and names what blocks it after a minute', async () => {
    const proxy = await startProxyWithoutWebSockets(cloud.plainUrl);
    try {
      const add = await AddDevicePage.open(browser, cloud);
      await add.page.clock.install();
      await add.page.reload();
      await untilLive(add.page);
      const { code } = await add.create();
      const device = await story.device();
      story.agent(
        device,
        {
          EDGEFLOW_SAAS_URL: proxy.url,
          EDGEFLOW_SAAS_TLS: 'false',
          EDGEFLOW_PROVISIONING_CODE: code,
        },
        asRaspberryPi(device.folder),
      );
      await add.says('Raspberry Pi 4 registered from 127.0.0.1. Opening tunnel…');
      await screenshot(add.page, 'add-device-registered');
      await add.page.clock.fastForward('01:01');
      await add.says('Registered, no tunnel. Often a proxy blocks WebSocket. The code is not needed again.');
      await expectAccessible(add.page);
      await screenshot(add.page, 'add-device-no-tunnel');
      proxy.letThrough();
      await add.says(/is online\. First heartbeat/, onlineMs * 2);
    } finally {
      proxy.server.close();
      proxy.server.closeAllConnections();
    }
  });

  it('tells of a second attempt and who was first, and revokes the first', async () => {
    const add = await AddDevicePage.open(browser, cloud);
    const { code, id } = await add.create();
    const device = await story.device();
    const agent = story.agent(device, trusting(cloud, code), asRaspberryPi(device.folder));
    const { device_id: first } = await agent.until('online', (status) => status.connected, onlineMs);
    await add.says(/is online/);
    const second = await cloud.call('POST', '/api/v1/devices/provision', { provisioning_code: code });
    expect(second.status).toBe(409);
    const alert = add.panel.getByRole('alert');
    await expect
      .poll(() => alert.textContent())
      .toContain(`Second attempt from 127.0.0.1; first use: ${first ?? ''}. Not yours?`);
    await expectAccessible(add.page);
    // However well the first does, this is not green.
    await expect.poll(() => add.panel.getAttribute('data-tone')).toBe('warn');
    await screenshot(add.page, 'add-device-second-attempt');
    await alert.getByRole('button', { name: 'Revoke' }).click();
    await add.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await agent.until('refused', (status) => status.status === 'rejected', onlineMs);
    await add.says(/and is not now\.$/);
    // Nobody's attempt is shown to nobody.
    const stranger = { provisioning_code: 'PROV-7777-7777' };
    expect((await cloud.call('POST', '/api/v1/devices/provision', stranger)).status).toBe(401);
    const seen = await cloud.call('GET', `/api/v1/provisioning-codes/${id}/onboarding`);
    expect(seen.json).toMatchObject({
      last_attempt: { reason: 'code_already_used' },
      code: { failed_attempts: 1 },
    });
  });
});

/** A device's shell: `sudo` is nobody else, `/etc` is in a folder, and the service is started by the test. */
async function runOnDevice(
  line: string,
  folder: string,
): Promise<{ settings: Record<string, string>; mode: number }> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program(
    'sudo',
    `for word; do set -- "$@" "$(echo "$word" | sed 's#^/etc/#${folder}/etc/#')"; shift; done; exec "$@"`,
  );
  program('systemctl', `echo "$@" > ${join(folder, 'restarted')}`);
  await promisify(execFile)('/bin/bash', ['-euc', line], { env: { PATH: `${bin}:/usr/bin:/bin` } });
  expect(readFileSync(join(folder, 'restarted'), 'utf8')).toBe('restart edgeflow-agent\n');
  const file = join(folder, 'etc/edgeflow/.env');
  const settings = parseEnv(readFileSync(file, 'utf8')) as Record<string, string>;
  return { settings, mode: statSync(file).mode & 0o777 };
}

/** A proxy as there are many: requests pass, upgrades do not. */
async function startProxyWithoutWebSockets(
  upstream: string,
): Promise<{ server: Server; url: string; letThrough: () => void }> {
  let through = false;
  const server = createServer((incoming, outgoing) => {
    const onward = request(new URL(incoming.url ?? '/', upstream), {
      method: incoming.method,
      headers: incoming.headers,
    });
    onward.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on('upgrade', (incoming, socket, head) => {
    if (!through) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const onward = request(new URL(incoming.url ?? '/', upstream), { headers: incoming.headers });
    onward.once('upgrade', (answer, other, rest) => {
      const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
      socket.write(rest);
      other.write(head);
      socket.pipe(other).pipe(socket);
      other.once('error', () => socket.destroy());
      socket.once('error', () => other.destroy());
    });
    onward.once('error', () => socket.destroy());
    onward.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${String(port)}`, letThrough: () => void (through = true) };
}
