import { describe, expect, it } from 'vitest';
import { Machine } from './testing/whole-agent.ts';

const code = 'PROV-A1B2-C3D4';
const withCode = { EDGEFLOW_PROVISIONING_CODE: code };
const wrong = 'https://wrong.example';

async function machine(settings: Readonly<Record<string, string>> = withCode): Promise<Machine> {
  const made = new Machine();
  made.cloud.addCode(code);
  await made.configure(settings);
  return made;
}

/** A machine whose device is registered and whose agent has stopped. */
async function registered(): Promise<Machine> {
  const one = await machine();
  const { agent } = await one.start();
  await one.stop(agent);
  return one;
}

describe('a device counts as provisioned', () => {
  it('until its vault has been read and holds nothing', async () => {
    const one = await machine({});
    const agent = await one.build();
    expect(agent.control.isProvisioned).toBe(true);
    void agent.start();
    await one.time.advance(2000);
    expect(agent.control.isProvisioned).toBe(false);
  });

  it('while its vault key is lost', async () => {
    const one = await registered();
    await one.files.remove('/var/state/vault.key');
    const { agent } = await one.start();
    expect(agent.control.status().last_error?.code).toBe('vault_unreadable');
    expect(agent.control.isProvisioned).toBe(true);
  });

  it.each([
    ['connected', withCode],
    ['switched off', { EDGEFLOW_SAAS_ENABLED: 'false' }],
    ['without a cloud', { EDGEFLOW_SAAS_URL: '' }],
  ])('while what is stored cannot be read: %s', async (_name, settings) => {
    const one = await registered();
    await one.files.write('/var/state/identity.vault', Buffer.from('torn'), 0o600);
    await one.configure(settings);
    const { agent } = await one.start();
    expect(agent.control.isProvisioned).toBe(true);
  });

  it('when its local API opens', async () => {
    const one = await registered();
    one.cloud.isReachable = false;
    const { agent } = await one.start(0);
    expect(agent.control.isProvisioned).toBe(true);
  });
});

describe('changed settings are noticed', () => {
  it('while a claim waits for a cloud at a wrong address', async () => {
    const one = await machine({ ...withCode, EDGEFLOW_SAAS_URL: wrong });
    one.addCloud(wrong).isReachable = false;
    const { agent } = await one.start(10_000);
    expect(agent.control.status().status).toBe('provisioning');
    await one.configure(withCode);
    await one.time.advance(10_000);
    expect(agent.control.status()).toMatchObject({ status: 'online', cloud_url: one.cloud.origin });
  });

  it('while a registered device cannot reach its cloud', async () => {
    const one = await registered();
    const moved = one.addCloud('https://moved.example');
    moved.addCode('PROV-NEWW-C0DE');
    one.cloud.isReachable = false;
    const { agent } = await one.start(10_000);
    expect(agent.control.status().status).toBe('offline');
    await one.configure({ EDGEFLOW_SAAS_URL: moved.origin });
    await one.time.advance(6000);
    expect(agent.control.status().cloud_url).toBe(moved.origin);
  });

  it.each(['http://user:right@proxy.example:3128', 'https://user:wrong@proxy.example:3128'])(
    'where the address of the proxy stays as it was: %s',
    async (corrected) => {
      const one = await machine({ ...withCode, HTTPS_PROXY: 'http://user:wrong@proxy.example:3128' });
      one.cloud.isReachable = false;
      await one.start(10_000);
      await one.configure({ ...withCode, HTTPS_PROXY: corrected });
      await one.time.advance(6000);
      expect(one.log.filter((line) => line.includes('the settings have changed'))).toHaveLength(1);
      expect(one.log.join('')).not.toMatch(/right|wrong/);
    },
  );

  it('while the device is switched off', async () => {
    const one = await machine({ ...withCode, EDGEFLOW_SAAS_ENABLED: 'false' });
    const { agent } = await one.start();
    expect(agent.control.status().status).toBe('disabled');
    await one.configure(withCode);
    await one.time.advance(8000);
    expect(agent.control.status().status).toBe('online');
  });

  it('and told once while they cannot be read, in the log and in the diagnosis', async () => {
    const one = await machine({});
    const { agent } = await one.start();
    await one.configure({ ...withCode, EDGEFLOW_SAAS_TLS_PIN: 'sha256/short' });
    await one.time.advance(30_000);
    const told = one.log.filter((line) => line.includes('EDGEFLOW_SAAS_TLS_PIN'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('not in effect');
    const diagnosing = agent.control.diagnose();
    await one.time.advance(1000);
    const { checks } = await diagnosing;
    expect(checks.find(({ name }) => name === 'settings')).toMatchObject({
      result: 'warn',
      detail: expect.stringContaining('EDGEFLOW_SAAS_TLS_PIN'),
    });
    await one.configure(withCode);
    await one.time.advance(8000);
    expect(agent.control.status().status).toBe('online');
  });

  it('with their warnings', async () => {
    const one = await machine({});
    const { agent } = await one.start();
    await one.configure({ EDGEFLOW_PROVISIONING_COD: 'x' });
    await one.time.advance(6000);
    const diagnosing = agent.control.diagnose();
    await one.time.advance(1000);
    const { checks } = await diagnosing;
    expect(checks.find(({ name }) => name === 'settings')?.detail).toContain('EDGEFLOW_PROVISIONING_COD ');
  });
});

describe('an identity that alone names the cloud', () => {
  it('is read again after one bad read, which is reported as that', async () => {
    const one = await registered();
    await one.configure({ EDGEFLOW_SAAS_URL: '' });
    let isBroken = true;
    one.files.fault = (step, path) =>
      isBroken && step === 'read' && path.endsWith('identity.vault') ? 'EIO' : undefined;
    const { agent } = await one.start(10_000);
    expect(agent.control.status()).toMatchObject({
      phase: 'opening_vault',
      last_error: { code: 'vault_unreadable' },
    });
    isBroken = false;
    await one.time.advance(61_000);
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_1', last_error: null });
    await one.stop(agent);
    expect(one.time.pendingCount).toBe(0);
  });

  it('makes one connection when the settings are mended before the next read', async () => {
    const one = await registered();
    await one.configure({ EDGEFLOW_SAAS_URL: '' });
    let isBroken = true;
    one.files.fault = (step, path) =>
      isBroken && step === 'read' && path.endsWith('identity.vault') ? 'EIO' : undefined;
    const { agent } = await one.start(1000);
    isBroken = false;
    await one.configure({});
    await one.time.advance(120_000);
    expect(agent.control.status().status).toBe('online');
    expect(one.cloud.online).toEqual(['dev_1']);
    expect(one.reached).toEqual([one.cloud.origin, one.cloud.origin]);
  });
});

describe('settings and credentials in one request', () => {
  it.each([
    ['switched off by it', withCode, { enabled: false }],
    ['switched off', { EDGEFLOW_SAAS_ENABLED: 'false' }, {}],
    ['without a cloud', { EDGEFLOW_SAAS_URL: '' }, { enabled: false }],
  ])('change nothing where the credentials cannot be taken: %s', async (_name, settings, update) => {
    const one = await machine(settings);
    const { agent } = await one.start();
    const before = agent.control.config();
    const credentials = { device_id: 'dev_pre', api_key: 'efk_made_beforehand_0123456789' };
    const configured = agent.control.configure({ ...update, ...credentials });
    await one.time.advance(3000);
    expect(await configured).toMatchObject({ ok: false, problem: { code: 'saas_disabled' } });
    expect(agent.control.config()).toEqual(before);
  });
});
