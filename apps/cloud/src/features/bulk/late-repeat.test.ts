import { changeDevicesRequestSchema, type DeviceBulk, orderedIds } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestHashes } from '../../http/idempotency-key.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { Devices } from '../devices/index.ts';
import { Events } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';
import { BulkChanges, type BulkOptions } from './service.ts';

describe.each(databaseKinds)('a change to many devices whose repeat is late, on %s,', (kind) => {
  let cloud: TestCloud;
  let operator: Operator;
  let devices: Devices;
  let options: Omit<BulkOptions, 'devices'>;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    const { organization_id: organizationId } = await cloud.owner.call('readOrganization', 200);
    const actor = { kind: 'operator', id: 'bootstrap', address: null, requestId: null } as const;
    operator = { kind: 'operator', id: 'bootstrap', organizationId, role: 'owner', label: 'test', actor };
    const { database, time } = cloud;
    const securityChanged = (): void => undefined;
    const onFailure = (error: unknown): void => {
      throw error;
    };
    const events = new Events(database, time, onFailure);
    options = { database, timers: time, random: systemRandom, events, securityChanged, onFailure };
    devices = new Devices({
      ...{ ...options, clock: time, keyTtlDays: 365 },
      nextId: orderedIds(() => time.now(), systemRandom.bytes),
      live: { lastHeardMs: () => undefined },
    });
  });
  afterAll(() => cloud.discard());

  /** Begins a deletion, and makes another one of the same devices before they have been counted for the first. */
  async function race(
    hashes: RequestHashes,
    meanwhile: RequestHashes,
  ): Promise<{ inner: DeviceBulk; outer: Promise<DeviceBulk> }> {
    const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: {} });
    const body = { change: { action: 'delete' }, device_ids: [id], expected_count: 1 };
    const request = changeDevicesRequestSchema.parse(body);
    const done = Promise.withResolvers<DeviceBulk>();
    const late = new BulkChanges({
      ...options,
      devices: {
        select: async (...asked) => {
          done.resolve(await new BulkChanges({ ...options, devices }).begin(operator, request, meanwhile));
          return devices.select(...asked);
        },
      },
    });
    const outer = late.begin(operator, request, hashes);
    outer.catch(() => undefined);
    return { inner: await done.promise, outer };
  }

  const hashesOf = (key: string): RequestHashes => ({ request: key.repeat(64), content: 'c'.repeat(64) });

  it('hears of the change that was made meanwhile, and not that nothing was', async () => {
    const { inner, outer } = await race(hashesOf('a'), hashesOf('a'));
    expect(inner).toMatchObject({ state: 'finished', changed: 1 });
    expect(await outer).toEqual(inner);
  });

  it('hears that the number has changed where another request has changed it', async () => {
    const { outer } = await race(hashesOf('b'), hashesOf('d'));
    await expect(outer).rejects.toMatchObject({ code: 'count_changed' });
    const { outer: without } = await race({ ...hashesOf('e'), request: null }, hashesOf('f'));
    await expect(without).rejects.toMatchObject({ code: 'count_changed' });
  });
});
