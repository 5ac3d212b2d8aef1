import { parseProvisioningCode } from '@edgeflow/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

describe.each(databaseKinds)('provisioning codes on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  async function groupsOf(body: object): Promise<number[]> {
    const { codes } = await cloud.owner.call('createCodes', 201, { body });
    return codes.map(({ code }) => (parseProvisioningCode(code) ?? '').length / 4);
  }

  it('are shown once, in the answer that made them', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, {
      body: { name: 'hall 3', ttl_seconds: 600 },
    });
    const [made] = codes;
    expect(made).toMatchObject({ name: 'hall 3', status: 'active', batch: null, created_by: 'bootstrap' });
    expect(made?.code).toMatch(/^PROV-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    const lifeMs = Date.parse(made?.expires_at ?? '') - Date.parse(made?.created_at ?? '');
    expect(Math.abs(lifeMs - 600_000)).toBeLessThanOrEqual(1_000);
    const { code: _, ...rest } = made ?? { code: '' };
    expect(await cloud.owner.call('readCode', 200, { id: made?.id ?? '' })).toEqual(rest);
  });

  it('need no body', async () => {
    const response = await cloud.owner.raw('createCodes');
    expect(response.status).toBe(201);
  });

  it('give what they were made with to the device they make', async () => {
    const body = { device_name: 'pump', tags: ['hall 3'], group: 'pumps' };
    const { codes } = await cloud.owner.call('createCodes', 201, { body });
    const { device_id: id } = await cloud
      .client()
      .call('provisionDevice', 201, { body: { provisioning_code: codes[0]?.code } });
    expect(await cloud.owner.call('readDevice', 200, { id })).toMatchObject({
      ...{ name: 'pump', tags: ['hall 3'], group: 'pumps', code_id: codes[0]?.id, status: 'never_connected' },
    });
  });

  it('have more groups once a hundred short ones are live, and fewer again when those are gone', async () => {
    const revokeAll = cloud.database.db.updateTable('provisioning_codes').set({ state: 'revoked' });
    await revokeAll.where('state', '=', 'active').execute();
    expect(new Set(await groupsOf({ count: 99 }))).toEqual(new Set([2]));
    expect(await groupsOf({ groups: 6 })).toEqual([6]);
    expect(await groupsOf({ count: 2 })).toEqual([3, 3]);
    expect(await groupsOf({})).toEqual([2]);
    expect(await groupsOf({ groups: 2 })).toEqual([3]);
    await cloud.database.db
      .updateTable('provisioning_codes')
      .set({ expires_at_ms: 1 })
      .where('state', '=', 'active')
      .execute();
    expect(await groupsOf({ groups: 2 })).toEqual([2]);
  });

  it('made by many at once never leave more than a hundred short ones live', async () => {
    const end = cloud.database.db.updateTable('provisioning_codes').set({ state: 'revoked' });
    await end.where('state', '=', 'active').execute();
    const groups = await Promise.all(Array.from({ length: 20 }, () => groupsOf({ count: 9 })));
    expect(groups.flat().filter((one) => one === 2).length).toBeLessThanOrEqual(100);
    expect(groups.flat()).toHaveLength(180);
  });

  it('come ten thousand at a time, all different', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 10_000 } });
    expect(new Set(codes.map(({ code }) => code)).size).toBe(10_000);
    expect(new Set(codes.map(({ batch }) => batch)).size).toBe(1);
    const page = await cloud.owner.call('listCodes', 200, {
      query: { batch: codes[0]?.batch ?? '', limit: 1 },
    });
    expect(page.total).toBe(10_000);
  });

  it('can be revoked once more, and not once they were used', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 2 } });
    const [idle, used] = codes.map(({ id }) => id);
    const revoked = await cloud.owner.call('revokeCode', 200, { id: idle ?? '' });
    expect(revoked).toMatchObject({ status: 'revoked' });
    expect(await cloud.owner.call('revokeCode', 200, { id: idle ?? '' })).toEqual(revoked);
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: codes[1]?.code } });
    expect(await cloud.owner.refusal('revokeCode', { id: used ?? '' })).toBe('409 code_not_revocable');
  });

  it('are redeemed or revoked, never both, when both happen at once', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 30 } });
    await Promise.all(
      codes.map(async ({ code, id }) => {
        const [redeemed, revoked] = await Promise.all([
          cloud.client().raw('provisionDevice', { body: { provisioning_code: code } }),
          cloud.owner.raw('revokeCode', { id }),
        ]);
        const both = [redeemed.status, revoked.status].join();
        expect(['201,409', '410,200']).toContain(both);
        expect((await cloud.owner.call('readCode', 200, { id })).status).toBe(
          both === '201,409' ? 'used' : 'revoked',
        );
      }),
    );
  });
});
