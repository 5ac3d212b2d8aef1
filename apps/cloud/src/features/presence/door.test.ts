import { formatApiKey } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wrongCredentialsMax } from '../../limits/wrong-credentials.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { type Closing, type Identity, TestDevice } from '../../testing/test-device.ts';

const wrongKey = (): string => formatApiKey(systemRandom.bytes(32));

describe.each(databaseKinds)('wrong keys on %s', (kind) => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud(kind);
  });
  afterEach(() => cloud.discard());

  function makeDevice(): Promise<Identity> {
    return cloud.owner.call('createDevice', 201, { body: {} });
  }

  async function knock(identity: Identity): Promise<Closing & { readonly said: unknown }> {
    const device = await TestDevice.open(cloud.origin);
    device.sayConnect(identity);
    const closing = await device.closed;
    return { ...closing, said: device.heard.find((frame) => frame['type'] === 'error')?.['error'] };
  }

  async function shadow(identity: Identity): Promise<{ status: number; retryAfter: string | null }> {
    const response = await cloud.client(identity.api_key).raw('readShadow', { id: identity.device_id });
    await response.arrayBuffer();
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  }

  async function spendAll(id: string): Promise<void> {
    for (let index = 0; index < wrongCredentialsMax; index += 1) {
      expect(await shadow({ device_id: id, api_key: wrongKey() })).toMatchObject({ status: 401 });
    }
  }

  it('of a tunnel and of the shadow are one budget: then 4429 and 429, with the seconds', async () => {
    const { device_id: id } = await makeDevice();
    await spendAll(id);
    const tunnel = await knock({ device_id: id, api_key: wrongKey() });
    expect(tunnel).toMatchObject({ code: 4429, reason: '300' });
    expect(tunnel.said).toMatch(/^too_many_attempts: /);
    expect(await shadow({ device_id: id, api_key: wrongKey() })).toEqual({ status: 429, retryAfter: '300' });
    const refused = await cloud.client(wrongKey()).refused('readShadow', { id });
    expect(refused.problem).toMatchObject({ code: 'too_many_attempts', retryable: true });
    await cloud.time.advance(3600_000);
    expect(await knock({ device_id: id, api_key: wrongKey() })).toMatchObject({ code: 4401 });
  });

  it('never keep a right key out, be it new or in use, by tunnel or shadow', async () => {
    const [used, fresh, fresher] = [await makeDevice(), await makeDevice(), await makeDevice()];
    const before = await TestDevice.connect(cloud.origin, used);
    await spendAll(used.device_id);
    await before.settled();
    const [again, first] = await Promise.all([
      TestDevice.connect(cloud.origin, used),
      TestDevice.connect(cloud.origin, fresh),
    ]);
    expect(await shadow(used)).toMatchObject({ status: 200 });
    expect(await shadow(fresher)).toMatchObject({ status: 200 });
    await Promise.all([again.leave(), first.leave()]);
  });

  it('that a device repeats for ever are one, and are answered as ever', async () => {
    const lost: Identity = { device_id: (await makeDevice()).device_id, api_key: wrongKey() };
    for (let again = 0; again < wrongCredentialsMax + 20; again += 1) {
      expect(await shadow(lost)).toMatchObject({ status: 401 });
    }
    for (let again = 0; again < 5; again += 1) {
      expect(await knock(lost)).toMatchObject({ code: 4401, reason: 'key_rejected' });
    }
    for (let index = 1; index < wrongCredentialsMax; index += 1) {
      expect(await shadow({ ...lost, api_key: wrongKey() })).toMatchObject({ status: 401 });
    }
    expect(await shadow({ ...lost, api_key: wrongKey() })).toMatchObject({ status: 429 });
    expect(await knock(lost)).toMatchObject({ code: 4401 });
  });

  it('are not those of a device that is revoked or deleted: its key is known', async () => {
    const [revoked, deleted] = [await makeDevice(), await makeDevice()];
    await cloud.owner.call('revokeDevice', 200, { id: revoked.device_id });
    await cloud.owner.call('deleteDevice', 204, { id: deleted.device_id });
    await spendAll(revoked.device_id);
    expect(await knock(revoked)).toMatchObject({ code: 4403, reason: 'device_revoked' });
    expect(await knock(deleted)).toMatchObject({ code: 4404, reason: 'device_deleted' });
  });

  it('do not hold up the device they name', async () => {
    const device = await makeDevice();
    await spendAll(device.device_id);
    const crowd = Array.from({ length: 300 }, () => knock({ ...device, api_key: wrongKey() }));
    const right = await TestDevice.connect(cloud.origin, device);
    const closings = await Promise.all(crowd);
    expect(new Set(closings.map(({ code }) => code))).toEqual(new Set([4429]));
    await right.settled();
    await right.leave();
  });
});

describe('wrong operator tokens', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud('sqlite');
  });
  afterEach(() => cloud.discard());

  it('of one address are limited; right ones are accepted all the same', async () => {
    const wrong = (index: number): string => `edgeflow_wrong-${String(index)}`;
    for (let index = 0; index < wrongCredentialsMax; index += 1) {
      expect(await cloud.client(wrong(index)).refusal('listDevices')).toBe('401 token_rejected');
    }
    const refused = await cloud.client(wrong(1000)).refused('listDevices');
    expect(refused.problem.code).toBe('too_many_attempts');
    expect(Number(refused.headers.get('retry-after'))).toBe(300);
    expect(await cloud.client(wrong(1)).refusal('listDevices')).toBe('401 token_rejected');
    await cloud.owner.call('listDevices', 200);
    await cloud.client(await cloud.token('viewer')).call('listDevices', 200);
    expect(await cloud.client(await cloud.token('viewer')).refusal('createCodes', { body: {} })).toBe(
      '403 forbidden',
    );
    // Nothing presented is nothing guessed.
    expect(await cloud.client().refusal('listDevices')).toBe('401 token_rejected');
    expect(cloud.logs.join('')).not.toContain('edgeflow_wrong');
  });

  it('never touch what devices do', async () => {
    for (let index = 0; index < wrongCredentialsMax + 1; index += 1) {
      await cloud.client(`wrong-${String(index)}`).refusal('listDevices');
    }
    const device = await cloud.owner.call('createDevice', 201, { body: {} });
    const { code } = await (async (): Promise<Closing> => {
      const stranger = await TestDevice.open(cloud.origin);
      stranger.sayConnect({ ...device, api_key: wrongKey() });
      return stranger.closed;
    })();
    expect(code).toBe(4401);
  });
});
