import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

describe.each(databaseKinds)('the organization on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  it('is shown with its policy and its size, to viewers too', async () => {
    await cloud.owner.call('createDevice', 201, { body: {} });
    const viewer = cloud.client(await cloud.token('viewer'));
    expect(await viewer.call('readOrganization', 200)).toEqual({
      organization_id: expect.stringMatching(/^org_/) as string,
      name: 'My organization',
      clone_policy: 'keep_newest',
      device_count: 1,
      device_limit: null,
      code_groups: null,
      code_ttl_seconds: null,
    });
  });

  it('is changed member by member by administrators, and each change is written down once', async () => {
    const admin = cloud.client(await cloud.token('admin'));
    const body = { clone_policy: 'quarantine' };
    expect(await admin.call('updateOrganization', 200, { body })).toMatchObject({
      ...body,
      name: 'My organization',
    });
    const renamed = await admin.call('updateOrganization', 200, { body: { name: ' Pumps\ud800 ' } });
    expect(renamed).toMatchObject({ ...body, name: 'Pumps\ufffd' });
    expect(await admin.call('updateOrganization', 200, { body })).toEqual(renamed);
    const log = await cloud.owner.call('listAudit', 200, { query: { action: 'organization.update' } });
    expect(log.entries.map(({ detail }) => detail)).toMatchObject([
      { name: 'Pumps\ufffd', clone_policy_before: 'quarantine' },
      { clone_policy: 'quarantine', clone_policy_before: 'keep_newest' },
    ]);
  });

  it('says what its codes are like where whoever makes one does not', async () => {
    const make = async (body: object = {}): Promise<{ groups: number; minutes: number }> => {
      const { codes } = await cloud.owner.call('createCodes', 201, { body });
      const [{ code, expires_at: expiresAt } = { code: '', expires_at: '' }] = codes;
      const lifeMs = Date.parse(expiresAt) - (await cloud.database.nowMs());
      return { groups: code.split('-').length - 1, minutes: Math.round(lifeMs / 60_000) };
    };
    expect(await make()).toEqual({ groups: 2, minutes: 60 });
    const body = { code_groups: 4, code_ttl_seconds: 7_200 };
    expect(await cloud.owner.call('updateOrganization', 200, { body })).toMatchObject(body);
    expect(await make()).toEqual({ groups: 4, minutes: 120 });
    expect(await make({ groups: 3, ttl_seconds: 60 })).toEqual({ groups: 3, minutes: 1 });
    const none = { code_groups: null, code_ttl_seconds: null };
    expect(await cloud.owner.call('updateOrganization', 200, { body: none })).toMatchObject(none);
    expect(await make()).toEqual({ groups: 2, minutes: 60 });
  });

  it('is not changed by operators, to a policy that does not exist, or in another organization', async () => {
    const operator = cloud.client(await cloud.token('operator'));
    const body = { clone_policy: 'quarantine' };
    expect(await operator.refusal('updateOrganization', { body })).toBe('403 forbidden');
    for (const wrong of [{ clone_policy: 'shrug' }, { name: '' }, { device_limit: 9 }])
      expect(await cloud.owner.refusal('updateOrganization', { body: wrong })).toBe('400 request_malformed');
    const elsewhere = await cloud.cloud.identity.createOrganization('Elsewhere', 5);
    const other = cloud.client(await cloud.token('admin', elsewhere));
    await other.call('updateOrganization', 200, { body: { name: 'Renamed' } });
    expect(await other.call('readOrganization', 200)).toMatchObject({ name: 'Renamed', device_limit: 5 });
    expect((await cloud.owner.call('readOrganization', 200)).name).toBe('Pumps\ufffd');
  });
});
