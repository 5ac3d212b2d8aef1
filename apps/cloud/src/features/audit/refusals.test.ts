import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

describe.each(databaseKinds)('the audit log on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  it('holds what operators tried and were refused: by their role, or because there is no such thing', async () => {
    const viewer = cloud.client(await cloud.token('viewer'));
    expect(await viewer.refusal('createCodes', { body: {} })).toBe('403 forbidden');
    expect(await cloud.owner.refusal('revokeDevice', { id: 'dev_0000000000000000' })).toBe(
      '404 device_not_found',
    );
    expect(await cloud.owner.refusal('readDevice', { id: 'dev_0000000000000000' })).toBe(
      '404 device_not_found',
    );
    const failures = async (): Promise<unknown[]> => {
      const { entries } = await cloud.owner.call('listAudit', 200, { query: { outcome: 'failure' } });
      return entries.map(({ action, detail, object, reason }) => [
        action,
        detail['call'],
        object?.id,
        reason,
      ]);
    };
    await eventuallyTrue('both refusals are written', async () => (await failures()).length === 2);
    // Each is written behind its answer: the second may be the first that is there.
    expect((await failures()).sort()).toEqual([
      ['call.refused', 'POST /api/v1/devices/:id/revoke', 'dev_0000000000000000', 'device_not_found'],
      ['call.refused', 'POST /api/v1/provisioning-codes', undefined, 'forbidden'],
    ]);
  });
});
