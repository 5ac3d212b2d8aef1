import { formatProvisioningLink, saasConfigSchema, saasStatusSchema } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { releasedMs } from './release-date.ts';
import { Machine } from './testing/whole-agent.ts';

const code = 'PROV-A1B2-C3D4';
const other = 'PROV-NEWW-C0DE';
const withCode = { EDGEFLOW_PROVISIONING_CODE: code };

async function machine(settings: Readonly<Record<string, string>> = withCode): Promise<Machine> {
  const made = new Machine();
  made.cloud.addCode(code);
  await made.configure(settings);
  return made;
}

describe('building an agent', () => {
  it('touches nothing', async () => {
    const one = await machine();
    const before = await one.files.list('/var');
    await one.build();
    expect(one.time.pendingCount).toBe(0);
    expect([one.log, one.opened, one.reached]).toEqual([[], 0, []]);
    expect(await one.files.list('/var')).toEqual(before);
  });
});

describe('a started agent', () => {
  it('goes from a code to online, and its status says so', async () => {
    const one = await machine();
    const { agent } = await one.start();
    const status = saasStatusSchema.parse(agent.control.status());
    expect(status).toMatchObject({
      connected: true,
      device_id: 'dev_1',
      status: 'online',
      phase: 'online',
      cloud_url: one.cloud.origin,
      key_expires_at: '2027-02-21T00:00:00Z',
      last_error: null,
    });
    expect(status.last_heartbeat).toMatch(/^2026-02-21T12:00:0/);
    expect(one.cloud.devices.get('dev_1')?.reported).toEqual({ agent_version: '1.2.3', kernel: '6.1.0' });
  });

  it('shows its settings with the key masked and without the code', async () => {
    const one = await machine();
    const { agent } = await one.start();
    const config = saasConfigSchema.parse(agent.control.config());
    expect(config).toMatchObject({
      enabled: true,
      device_id: 'dev_1',
      is_provisioned: true,
      is_connected: true,
    });
    expect(config.api_key).toMatch(/^efk_.{4}….{4}$/);
    expect(JSON.stringify(config)).not.toContain(code);
  });

  it('shows a problem with when it arose, and clears it when all is well', async () => {
    const one = await machine();
    one.cloud.isReachable = false;
    const { agent } = await one.start();
    const { last_error: error } = agent.control.status();
    expect(error).toMatchObject({ code: 'cloud_unreachable', next_step: expect.stringMatching(/network/) });
    await one.time.advance(30_000);
    expect(agent.control.status().last_error?.at).toBe(error?.at);
    one.cloud.isReachable = true;
    await one.time.advance(60_000);
    expect(agent.control.status()).toMatchObject({ status: 'online', last_error: null });
  });

  it('says why it does not believe what a former process is said to have known of the time', async () => {
    const one = await machine();
    await one.files.makeFolder('/var/state');
    const text = Buffer.from('{"not_before":"9999-12-31T23:59:59Z"}');
    await one.files.write('/var/state/known-time.json', text, 0o600);
    const { agent } = await one.start();
    expect(one.log.filter((line) => line.includes('known_time_implausible'))).toHaveLength(1);
    one.time.setWallClock(releasedMs);
    const diagnosing = agent.control.diagnose();
    await one.time.advance(1000);
    const { checks } = await diagnosing;
    expect(checks.find(({ name }) => name === 'clock')).toMatchObject({
      result: 'warn',
      detail: expect.stringContaining('it is not believed') as string,
      next_step: expect.stringContaining('state folder') as string,
    });
    expect(agent.control.status().status).toBe('online');
  });

  it('keeps every secret out of its log, through a whole life', async () => {
    const one = await machine();
    one.cloud.addCode(other);
    one.cloud.faults.push('lose_answer', 'portal');
    const { agent } = await one.start(60_000);
    const device = one.cloud.devices.get('dev_1');
    if (device === undefined) throw new Error('not registered');
    one.cloud.offerKey(device, 'cmd_1');
    one.cloud.send('dev_1', { type: 'command', id: 'cmd_2', action: 'get_shadow' });
    one.cloud.send('dev_1', 'nonsense');
    await one.time.advance(10_000);
    const forced = agent.control.provision(other, true);
    await one.time.advance(10_000);
    await forced;
    one.cloud.closeAll(4401);
    await one.time.advance(60_000);
    await one.stop(agent);
    await one.start(60_000);
    const log = one.log.join('');
    expect(log).toContain('online');
    const secrets = [code, 'A1B2', other, 'NEWW', ...one.cloud.claims, ...one.cloud.presented];
    expect(secrets.length).toBeGreaterThan(8);
    for (const secret of secrets) expect(log).not.toContain(secret);
  });

  it('stops with a close frame, at once, and leaves nothing behind', async () => {
    const one = await machine();
    const { agent } = await one.start();
    const stopping = agent.stop();
    await one.time.advance(100);
    await stopping;
    expect(one.cloud.online).toEqual([]);
    expect([one.closed, one.releases]).toEqual([1, 1]);
    expect(one.time.pendingCount).toBe(0);
  });

  it('stops within five seconds when nobody answers its close frame', async () => {
    const one = await machine();
    const { agent } = await one.start();
    one.cloud.closeAll = () => undefined;
    one.cloud.isSilent = true;
    let isStopped = false;
    void agent.stop().then(() => (isStopped = true));
    await one.time.advance(5000);
    expect(isStopped).toBe(true);
  });
});

describe('a state folder', () => {
  it.each(['EROFS', 'ENOSPC', 'EACCES'])(
    'that cannot be written (%s) stops the agent before it sends a code',
    async (errno) => {
      const one = await machine();
      one.files.fault = (step, path) =>
        step === 'write' && path.startsWith('/var/state') ? errno : undefined;
      const { started } = await one.start();
      expect(started).toMatchObject({
        kind: 'unusable',
        nextStep: expect.stringMatching(/EDGEFLOW_STATE_DIR|space/),
      });
      await one.time.advance(60_000);
      expect([one.reached, one.opened, one.cloud.claims]).toEqual([[], 0, []]);
    },
  );

  it('that another agent holds is left alone', async () => {
    const one = await machine();
    one.lock = { kind: 'busy', detail: 'Another agent is running.', nextStep: 'Stop it.' };
    const { started } = await one.start();
    expect(started).toMatchObject({ kind: 'busy', nextStep: 'Stop it.' });
    expect([one.reached, one.opened]).toEqual([[], 0]);
  });

  it('whose vault key is lost is reported, not overwritten, and used again when the key is put back', async () => {
    const one = await machine();
    const { agent } = await one.start();
    await one.stop(agent);
    const key = await one.files.read('/var/state/vault.key');
    await one.files.remove('/var/state/vault.key');
    const { agent: again } = await one.start(60_000);
    expect(again.control.status()).toMatchObject({
      status: 'unprovisioned',
      last_error: { code: 'vault_unreadable', next_step: expect.stringMatching(/vault\.key/) },
    });
    expect(await again.control.provision(other, true)).toMatchObject({
      ok: false,
      problem: { code: 'vault_unreadable' },
    });
    await one.files.write('/var/state/vault.key', key, 0o600);
    await one.time.advance(61_000);
    expect(again.control.status()).toMatchObject({ status: 'online', device_id: 'dev_1' });
    expect(one.cloud.devices.size).toBe(1);
  });
});

describe('a device without a code', () => {
  it('waits, and takes one from its settings without a restart', async () => {
    const one = await machine({});
    const { agent } = await one.start(60_000);
    expect(agent.control.status()).toMatchObject({
      status: 'unprovisioned',
      last_error: { code: 'code_missing' },
    });
    await one.configure(withCode);
    await one.time.advance(6000);
    expect(agent.control.status()).toMatchObject({ status: 'online', last_error: null });
  });

  it('says what is wrong with a code that is none', async () => {
    const one = await machine({ EDGEFLOW_PROVISIONING_CODE: 'PROV-U' });
    const { agent } = await one.start();
    expect(agent.control.status().last_error).toMatchObject({ code: 'settings_invalid' });
    expect(one.cloud.claims).toEqual([]);
  });

  it('whose code was refused takes the next one from its settings', async () => {
    const one = await machine({ EDGEFLOW_PROVISIONING_CODE: other });
    const { agent } = await one.start(60_000);
    expect(agent.control.status().last_error?.code).toBe('code_unknown');
    expect(one.cloud.claims).toHaveLength(1);
    await one.configure(withCode);
    await one.time.advance(6000);
    expect(agent.control.status().status).toBe('online');
  });

  it('takes a corrected address from its settings', async () => {
    const one = await machine({ ...withCode, EDGEFLOW_SAAS_URL: 'https://wrong.example' });
    one.addCloud('https://wrong.example').isReachable = false;
    const { agent } = await one.start(10_000);
    expect(agent.control.status()).toMatchObject({
      status: 'provisioning',
      cloud_url: 'https://wrong.example',
    });
    expect(one.cloud.claims).toEqual([]);
  });

  it('without a cloud says what to set', async () => {
    const one = await machine({ EDGEFLOW_SAAS_URL: '' });
    const { agent } = await one.start();
    expect(agent.control.status()).toMatchObject({
      status: 'unprovisioned',
      phase: 'no_cloud',
      last_error: { next_step: expect.stringMatching(/EDGEFLOW_SAAS_URL/) },
    });
    await one.configure(withCode);
    await one.time.advance(6000);
    expect(agent.control.status().status).toBe('online');
  });
});

describe('a device with an identity', () => {
  it('needs no settings to find its cloud again', async () => {
    const one = await machine();
    const { agent } = await one.start();
    await one.stop(agent);
    await one.configure({ EDGEFLOW_SAAS_URL: '' });
    const { agent: again } = await one.start();
    expect(again.control.status()).toMatchObject({ status: 'online', cloud_url: one.cloud.origin });
  });

  it('that is refused takes a different code from its settings', async () => {
    const one = await machine();
    one.cloud.addCode(other);
    const { agent } = await one.start();
    const device = one.cloud.devices.get('dev_1');
    if (device !== undefined) device.state = 'deleted';
    one.cloud.closeAll(4404);
    await one.time.advance(1000);
    expect(agent.control.status()).toMatchObject({
      status: 'rejected',
      last_error: { code: 'device_deleted' },
    });
    await one.configure({ EDGEFLOW_PROVISIONING_CODE: other });
    await one.time.advance(6000);
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_2' });
  });

  it('is not shown to another cloud, nor is its code', async () => {
    const one = await machine();
    const { agent } = await one.start();
    await one.stop(agent);
    const elsewhere = one.addCloud('https://other.example');
    await one.configure({ ...withCode, EDGEFLOW_SAAS_URL: 'https://other.example' });
    const { agent: again } = await one.start(60_000);
    expect(again.control.status()).toMatchObject({ status: 'offline', device_id: 'dev_1' });
    expect(again.control.status().last_error?.message).toContain(one.cloud.origin);
    expect([elsewhere.claims, elsewhere.presented]).toEqual([[], []]);
  });
});

describe('switched off', () => {
  const off = { ...withCode, EDGEFLOW_SAAS_ENABLED: 'false' };

  it('sends nothing, and the local API is there to switch it on', async () => {
    const one = await machine(off);
    const { agent } = await one.start(60_000);
    expect(agent.control.status()).toMatchObject({ status: 'disabled', connected: false, last_error: null });
    expect([one.opened, one.reached]).toEqual([1, []]);
    expect(await agent.control.provision(code, false)).toMatchObject({ problem: { code: 'saas_disabled' } });
    const configured = agent.control.configure({ enabled: true });
    await one.time.advance(2000);
    expect(await configured).toMatchObject({ ok: true, value: { enabled: true } });
    expect(agent.control.status().status).toBe('online');
  });

  it('what the local API changed outlives a restart, and ends when the setting itself is changed', async () => {
    const one = await machine(off);
    const { agent } = await one.start();
    const configured = agent.control.configure({ enabled: true });
    await one.time.advance(2000);
    await configured;
    await one.stop(agent);
    const { agent: again } = await one.start();
    expect(again.control.status().status).toBe('online');
    await one.stop(again);
    await one.configure({ ...withCode, EDGEFLOW_SAAS_ENABLED: 'true' });
    const { agent: third } = await one.start();
    const disabled = third.control.configure({ enabled: false });
    await one.time.advance(2000);
    await disabled;
    expect(third.control.status()).toMatchObject({ status: 'disabled', device_id: 'dev_1' });
    expect(third.control.config()).toMatchObject({
      enabled: false,
      is_provisioned: true,
      is_connected: false,
    });
  });
});

describe('settings changed through the local API', () => {
  async function online() {
    const one = await machine();
    const { agent } = await one.start();
    const configure = async (update: Parameters<typeof agent.control.configure>[0]) => {
      const configured = agent.control.configure(update);
      await one.time.advance(3000);
      return configured;
    };
    return { one, agent, configure };
  }

  it('another address: nothing of this cloud is shown to it', async () => {
    const { one, agent, configure } = await online();
    const elsewhere = one.addCloud('https://other.example');
    elsewhere.addCode(other);
    expect(await configure({ server_url: 'other.example' })).toMatchObject({
      ok: true,
      value: { server_url: 'https://other.example' },
    });
    expect([elsewhere.claims, elsewhere.presented]).toEqual([[], []]);
    const provisioned = agent.control.provision(other, true);
    await one.time.advance(2000);
    expect(await provisioned).toMatchObject({ ok: true });
    expect(agent.control.status()).toMatchObject({ status: 'online', cloud_url: 'https://other.example' });
  });

  it('another address: the code and the key of the settings are not for it', async () => {
    const one = await machine({
      ...withCode,
      EDGEFLOW_DEVICE_ID: 'dev_pre',
      EDGEFLOW_API_KEY: 'efk_of_the_settings',
    });
    one.cloud.addDevice('dev_pre', 'efk_of_the_settings');
    const { agent } = await one.start();
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_pre' });
    const elsewhere = one.addCloud('https://other.example');
    const configured = agent.control.configure({ server_url: 'https://other.example' });
    await one.time.advance(60_000);
    expect(await configured).toMatchObject({ ok: true });
    expect([elsewhere.claims, elsewhere.presented]).toEqual([[], []]);
    const back = agent.control.configure({ server_url: one.cloud.origin });
    await one.time.advance(3000);
    expect(await back).toMatchObject({ ok: true });
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_pre' });
  });

  it('credentials made beforehand take over once they have worked', async () => {
    const { one, agent, configure } = await online();
    one.cloud.addDevice('dev_pre', 'efk_made_beforehand_0123456789');
    await configure({ device_id: 'dev_pre', api_key: 'efk_made_beforehand_0123456789' });
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_pre' });
  });

  it('what was shown comes back without changing anything', async () => {
    const { one, agent, configure } = await online();
    const presented = one.cloud.presented.length;
    const { is_connected, is_provisioned, ...shown } = agent.control.config();
    expect([is_connected, is_provisioned]).toEqual([true, true]);
    expect(await configure(shown)).toMatchObject({ ok: true });
    expect(agent.control.status().status).toBe('online');
    expect(one.cloud.presented).toHaveLength(presented);
  });

  it.each([
    [{ server_url: 'http://far.example' }, 'server_url'],
    [{ enable_tls: false }, 'enable_tls'],
    [{ device_id: 'dev_other' }, 'api_key'],
  ])('%j is refused, naming the field', async (update, field) => {
    const { agent, configure } = await online();
    expect(await configure(update)).toMatchObject({
      ok: false,
      problem: { code: 'request_malformed', errors: [{ field }] },
    });
    expect(agent.control.status().status).toBe('online');
  });

  it('that cannot be stored are not in effect', async () => {
    const { one, agent, configure } = await online();
    one.files.fault = (step) => (step === 'write' ? 'ENOSPC' : undefined);
    expect(await configure({ enabled: false })).toMatchObject({ ok: false, problem: { status: 503 } });
    expect(agent.control.status().status).toBe('online');
  });

  it('disconnect and connect', async () => {
    const { one, agent } = await online();
    await agent.control.disconnect();
    await one.time.advance(1000);
    expect(agent.control.status()).toMatchObject({
      status: 'offline',
      phase: 'disconnected',
      connected: false,
    });
    expect(one.cloud.online).toEqual([]);
    await agent.control.connect();
    await one.time.advance(1000);
    expect(agent.control.status().status).toBe('online');
  });

  it('a diagnosis tells of the identity and the tunnel', async () => {
    const { one, agent } = await online();
    const diagnosing = agent.control.diagnose();
    await one.time.advance(1000);
    const { checks } = await diagnosing;
    expect(checks.find(({ name }) => name === 'identity')?.detail).toContain('dev_1');
    expect(checks.find(({ name }) => name === 'tunnel')?.result).toBe('ok');
  });
});

describe('a code that a person enters', () => {
  it('answers with the credentials, this once', async () => {
    const one = await machine({});
    const { agent } = await one.start();
    const provisioned = agent.control.provision('prov a1b2 c3d4', false);
    await one.time.advance(2000);
    expect(await provisioned).toMatchObject({
      ok: true,
      value: { device_id: 'dev_1', api_key: one.cloud.devices.get('dev_1')?.key },
    });
    expect(agent.control.isProvisioned).toBe(true);
  });

  it('may come as the link that holds it, if that is for this cloud', async () => {
    const one = await machine({});
    const { agent } = await one.start();
    const elsewhere = formatProvisioningLink({ cloudUrl: 'https://other.example', code, pins: [] });
    expect(await agent.control.provision(elsewhere, false)).toMatchObject({
      problem: { code: 'request_malformed', detail: expect.stringMatching(/EDGEFLOW_PROVISIONING_LINK/) },
    });
    const link = formatProvisioningLink({ cloudUrl: one.cloud.origin, code, pins: [] });
    expect(await agent.control.provision(link.replace('A1B2', 'A1B3'), false)).toMatchObject({
      problem: { code: 'request_malformed', detail: expect.stringMatching(/wrong or swapped character/) },
    });
    const provisioned = agent.control.provision(link, false);
    await one.time.advance(2000);
    expect(await provisioned).toMatchObject({ ok: true, value: { device_id: 'dev_1' } });
  });

  it('is not taken from a link with pins that this device does not hold the cloud to', async () => {
    const pins = ['A', 'B'].map((letter) => `sha256/${letter.repeat(43)}=`);
    const [first = ''] = pins;
    for (const trusted of ['', first]) {
      const one = await machine({ EDGEFLOW_SAAS_TLS_PIN: trusted });
      const { agent } = await one.start();
      const link = formatProvisioningLink({ cloudUrl: one.cloud.origin, code, pins });
      expect(await agent.control.provision(link, false)).toMatchObject({
        problem: { code: 'request_malformed', detail: expect.stringMatching(/without all of its pins/) },
      });
      expect(one.cloud.claims).toEqual([]);
    }
    const one = await machine({ EDGEFLOW_SAAS_TLS_PIN: pins.join(',') });
    const { agent } = await one.start();
    const link = formatProvisioningLink({ cloudUrl: one.cloud.origin, code, pins });
    const provisioned = agent.control.provision(link, false);
    await one.time.advance(2000);
    expect(await provisioned).toMatchObject({ ok: true });
  });

  it.each(['PROV-U', '', 'x'.repeat(1000), '☃'])(
    'that can be none (%s) is not sent to the cloud',
    async (text) => {
      const one = await machine({});
      const { agent } = await one.start();
      expect(await agent.control.provision(text, false)).toMatchObject({ problem: { code: 'code_unknown' } });
      expect(one.cloud.claims).toEqual([]);
    },
  );

  it('passes on what the cloud says', async () => {
    const one = await machine({});
    const { agent } = await one.start();
    const provisioned = agent.control.provision(other, false);
    await one.time.advance(2000);
    expect(await provisioned).toMatchObject({
      ok: false,
      problem: { code: 'code_unknown', status: 401, request_id: 'req_fake' },
    });
  });

  it('goes on by itself when the cloud cannot be reached, and says so', async () => {
    const one = await machine({});
    one.cloud.isReachable = false;
    const { agent } = await one.start();
    const provisioned = agent.control.provision(code, false);
    await one.time.advance(2000);
    expect(await provisioned).toMatchObject({
      ok: false,
      problem: { code: 'cloud_unreachable', detail: expect.stringMatching(/keeps trying/) },
    });
    expect(await agent.control.provision(code, false)).toMatchObject({
      problem: { code: 'provisioning_in_progress', status: 409 },
    });
    one.cloud.isReachable = true;
    await one.time.advance(60_000);
    expect(agent.control.status().status).toBe('online');
  });
});
