import { type ProvisionResponse, provisionResponseSchema } from '@edgeflow/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';

describe.each(databaseKinds)('what a device did, on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  /** A code of this kind, redeemed, and its key used once. */
  async function enrol(body: object = {}): Promise<ProvisionResponse> {
    const { codes } = await cloud.owner.call('createCodes', 201, { body });
    const response = await fetch(`${cloud.origin}/api/v1/devices/provision`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ provisioning_code: codes[0]?.code }),
    });
    const identity = provisionResponseSchema.parse(await response.json());
    (await TestDevice.connect(cloud.origin, identity)).socket.close();
    return identity;
  }

  it('is found from its registration on, through every later code, and nobody else is', async () => {
    const { device_id: id } = await enrol();
    await enrol();
    await enrol({ device_id: id });
    await enrol({ device_id: id });
    await cloud.owner.call('revokeDevice', 200, { id });
    const all = (await cloud.owner.call('listAudit', 200, { query: { limit: 500 } })).entries;
    const own = all.filter(({ actor }) => actor.id === id);
    expect(own.filter(({ action }) => action === 'code.redeem')).toHaveLength(3);
    const { entries, total } = await cloud.owner.call('listAudit', 200, { query: { actor: id } });
    expect(entries).toEqual(own);
    expect(total).toBe(own.length);
    const redeemed = await cloud.owner.call('listAudit', 200, {
      query: { actor: id, action: 'code.redeem', outcome: 'success' },
    });
    expect(redeemed.entries).toHaveLength(3);
  });
});
