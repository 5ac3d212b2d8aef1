import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentProcess, AgentStatus } from './support/agent-process.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { allBytes, Story, trusting } from './support/story.ts';

const patience = 30_000;
const isOnline = (status: AgentStatus): boolean =>
  status.status === 'online' && status.last_heartbeat !== null;

describe('a device onboards itself', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let port: string;
  let device: { folder: string; port: number };
  let agent: AgentProcess;
  let deviceId = '';

  const local = async (
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ status: number; json: Record<string, unknown> }> => {
    const answer = await fetch(`${agent.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { 'x-edgeflow-token': token }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  const token = (): string => readFileSync(join(device.folder, 'state', 'local-token'), 'utf8').trim();

  beforeAll(async () => {
    cloud = await story.cloud();
    // Restarted later on the same address, as a device expects.
    port = new URL(cloud.url).port;
    device = await story.device();
  });

  afterAll(() => story.end());

  it('from one line in its .env to online, and the cloud sees what it is', async () => {
    const { code, id } = await story.code(cloud, { name: 'e2e', device_name: 'pump-7', tags: ['hall-2'] });
    agent = story.agent(device, trusting(cloud, code));
    const status = await agent.until('online', isOnline, patience);
    deviceId = status.device_id ?? '';
    expect(deviceId).toMatch(/^dev_/);
    expect(status).toMatchObject({ connected: true, status: 'online', last_error: null });

    const seen = await cloud.call('GET', `/api/v1/devices/${deviceId}`);
    expect(seen.json).toMatchObject({
      status: 'online',
      name: 'pump-7',
      tags: ['hall-2'],
      code_id: id,
      hardware_info: { os: 'linux', kernel: expect.stringMatching(/\d/) as string },
    });
    expect((await cloud.call('GET', `/api/v1/provisioning-codes/${id}`)).json).toMatchObject({
      status: 'used',
      used_by: deviceId,
    });
  });

  it('answers every call of its local API, and guards the ones that change something', async () => {
    expect((await local('GET', '/healthz')).status).toBe(200);
    const config = await local('GET', '/api/v1/saas/config');
    expect(config.json).toMatchObject({
      enabled: true,
      device_id: deviceId,
      is_provisioned: true,
      is_connected: true,
    });
    expect(String(config.json['api_key'])).toMatch(/^efk_.{4}.*.{4}$/);
    expect(String(config.json['api_key']).length).toBeLessThan(20);
    const diagnosis = await local('GET', '/api/v1/saas/diagnosis');
    expect(diagnosis.json).toMatchObject({ ok: true });

    expect((await local('POST', '/api/v1/saas/disconnect', {})).status).toBe(403);
    expect(
      (await local('POST', '/api/v1/saas/provision', { provisioning_code: 'PROV-0000-0000' })).status,
    ).toBe(409);
    const forced = { provisioning_code: 'PROV-0000-0000', force: true };
    expect((await local('POST', '/api/v1/saas/provision', forced)).status).toBe(403);
    const unknown = await local('POST', '/api/v1/saas/provision', forced, token());
    expect(unknown).toMatchObject({ status: 401, json: { code: 'code_unknown' } });
    await agent.until('still online after a refused code', isOnline, patience);

    expect((await local('POST', '/api/v1/saas/disconnect', {}, token())).status).toBeLessThan(300);
    await agent.until('disconnected', (status) => !status.connected, patience);
    expect((await local('POST', '/api/v1/saas/connect', {}, token())).status).toBeLessThan(300);
    await agent.until('connected again', isOnline, patience);
  });

  it('does what operators ask through the tunnel', async () => {
    const command = await cloud.call('POST', `/api/v1/devices/${deviceId}/commands`, {
      action: 'health_check',
    });
    expect(command).toMatchObject({ status: 200, json: { status: 'success' } });
    const metrics = await cloud.call('POST', `/api/v1/devices/${deviceId}/commands`, {
      action: 'get_system_metrics',
    });
    expect(metrics).toMatchObject({ status: 200, json: { status: 'success' } });
    const unknown = await cloud.call('POST', `/api/v1/devices/${deviceId}/commands`, {
      action: 'no_such_thing',
    });
    expect(unknown).toMatchObject({ status: 200, json: { status: 'error' } });
    const shadow = await cloud.call('PUT', `/api/v1/devices/${deviceId}/shadow`, {
      desired: { log_level: 'debug' },
    });
    expect(shadow.status).toBe(200);
  });

  it('rotates its key over the tunnel without leaving the fleet', async () => {
    const before = (await cloud.call('GET', `/api/v1/devices/${deviceId}`)).json as { key: { id: string } };
    const offered = await cloud.call('POST', `/api/v1/devices/${deviceId}/rotate-key`, {});
    expect(offered).toMatchObject({ status: 202, json: { delivered: true } });
    for (let tries = 0; tries < 200; tries += 1) {
      const now = (await cloud.call('GET', `/api/v1/devices/${deviceId}`)).json as { key: { id: string } };
      if (now.key.id !== before.key.id) break;
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    const after = await cloud.call('GET', `/api/v1/devices/${deviceId}`);
    expect(after.json).toMatchObject({ key: { can_rotate: true, rotation_pending: false } });
    expect((after.json as { key: { id: string } }).key.id).not.toBe(before.key.id);
    await agent.until('online with the new key', isOnline, patience);
  });

  it('comes back by itself with the same id after a kill', async () => {
    await agent.kill();
    agent = story.agent(device, trusting(cloud));
    const status = await agent.until('online again', isOnline, patience);
    expect(status.device_id).toBe(deviceId);
  });

  it('returns when the cloud was killed, and nothing is lost', async () => {
    const before = (await cloud.call('GET', '/api/v1/devices')).json as { total: number };
    await cloud.kill();
    await agent.until('offline', (status) => !status.connected, patience);
    cloud = await story.cloud({ PORT: port });
    await agent.until('online again', isOnline, 70_000);
    const after = (await cloud.call('GET', '/api/v1/devices')).json as { total: number };
    expect(after.total).toBe(before.total);
    expect((await cloud.call('GET', `/api/v1/devices/${deviceId}/status`)).json).toMatchObject({
      status: 'online',
    });
  }, 120_000);

  it('keeps its identity when it is revoked, says so, and works again once restored', async () => {
    await cloud.call('POST', `/api/v1/devices/${deviceId}/revoke`);
    const refused = await agent.until('rejected', (status) => status.status === 'rejected', patience);
    expect(refused).toMatchObject({ device_id: deviceId, last_error: { code: 'device_revoked' } });
    await cloud.call('POST', `/api/v1/devices/${deviceId}/restore`);
    await agent.stop();
    agent = story.agent(device, trusting(cloud));
    expect((await agent.until('online after restore', isOnline, patience)).device_id).toBe(deviceId);
  });

  it('stops gracefully with a close frame, and the cloud knows at once', async () => {
    expect(await agent.stop()).toBe(0);
    for (let tries = 0; tries < 100; tries += 1) {
      const { json } = await cloud.call('GET', `/api/v1/devices/${deviceId}/status`);
      if ((json as { status: string }).status === 'offline') break;
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    expect((await cloud.call('GET', `/api/v1/devices/${deviceId}/status`)).json).toMatchObject({
      status: 'offline',
    });
  });

  it('takes an identity that an operator made beforehand', async () => {
    const made = await cloud.call('POST', '/api/v1/devices', { name: 'made beforehand' });
    const { api_key, device_id } = made.json as { device_id: string; api_key: string };
    story.secrets.add(api_key);
    const other = await story.device();
    const keyFile = join(other.folder, 'key');
    writeFileSync(keyFile, `${api_key}\n`, { mode: 0o600 });
    const second = story.agent(other, {
      ...trusting(cloud),
      EDGEFLOW_DEVICE_ID: device_id,
      EDGEFLOW_API_KEY_FILE: keyFile,
    });
    expect((await second.until('online', isOnline, patience)).device_id).toBe(device_id);
    await second.stop();
    expect(allBytes(join(other.folder, 'state'))).not.toContain(api_key);
  });

  it('sends nothing to a cloud whose certificate does not verify, and says why', async () => {
    const { code, id } = await story.code(cloud);
    const other = await story.device();
    const settings = { EDGEFLOW_SAAS_URL: cloud.url, EDGEFLOW_PROVISIONING_CODE: code };
    const untrusting = story.agent(other, settings);
    const failed = await untrusting.until('an error', (status) => status.last_error !== null, patience);
    expect(failed).toMatchObject({ device_id: null, last_error: { code: 'tls_untrusted' } });
    await untrusting.stop();
    const pinned = { ...settings, EDGEFLOW_SAAS_TLS_PIN: `sha256/${Buffer.alloc(32, 1).toString('base64')}` };
    const mispinned = story.agent(other, pinned);
    const refused = await mispinned.until('an error', (status) => status.last_error !== null, patience);
    expect(refused.last_error?.code).toMatch(/^tls_(pin_mismatch|untrusted)$/);
    await mispinned.stop();
    expect((await cloud.call('GET', `/api/v1/provisioning-codes/${id}`)).json).toMatchObject({
      status: 'active',
      failed_attempts: 0,
    });
  });

  it('stops before any code is sent when its state folder cannot be used', async () => {
    const { code, id } = await story.code(cloud);
    const other = await story.device();
    writeFileSync(join(other.folder, 'state'), 'a file where the folder should be');
    const hopeless = story.agent(other, trusting(cloud, code));
    await hopeless.waitFor(
      'its end',
      (line) => (line.includes('EDGEFLOW_STATE_DIR') ? line : undefined),
      patience,
    );
    expect((await cloud.call('GET', `/api/v1/provisioning-codes/${id}`)).json).toMatchObject({
      status: 'active',
    });
    await hopeless.stop();
  });

  it('leaves no code, key or token in any log or in the state folder', () => {
    const logs = story.logs();
    const state = allBytes(join(device.folder, 'state'));
    const database = allBytes(join(story.folder, 'cloud')).replaceAll(cloud.token, '');
    for (const secret of story.secrets) {
      expect(logs.includes(secret)).toBe(false);
      expect(state.includes(secret)).toBe(false);
      expect(database.includes(secret)).toBe(false);
    }
    for (const text of [logs, state, database]) {
      expect(/efk_[0-9A-Za-z]{49}/.test(text)).toBe(false);
      expect(/PROV-[0-9A-Z]{4}-[0-9A-Z]{4}/.test(text)).toBe(false);
    }
  });
});
