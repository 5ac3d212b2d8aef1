import { jsonDepthMax, type Shadow, shadowSchema } from '@edgeflow/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import type { ApiClient } from '../../testing/api-client.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

describe.each(databaseKinds)('the shadow of a device on %s', (kind) => {
  let cloud: TestCloud;
  let id: string;
  let device: ApiClient;
  let operator: ApiClient;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    operator = cloud.client(await cloud.token('operator'));
  });
  afterAll(() => cloud.discard());
  beforeEach(async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    id = identity.device_id;
    device = cloud.client(identity.api_key);
  });

  const desire = (desired: unknown, version?: number): Promise<Shadow> =>
    operator.call('updateShadow', 200, { id, body: { desired, version } });
  const report = (reported: unknown, version?: number): Promise<Shadow> =>
    device.call('updateShadow', 200, { id, body: { reported, version } });

  it('is there before anybody wrote it, with every map empty', async () => {
    const expected = {
      ...{ device_id: id, version: 0, desired: {}, reported: {}, delta: {} },
      ...{ metadata: { desired: {}, reported: {} }, updated_at: expect.stringMatching(rfc3339) as string },
    };
    expect(await device.call('readShadow', 200, { id })).toEqual(expected);
    expect(await operator.call('readShadow', 200, { id })).toEqual(expected);
  });

  it('takes desired from operators and reported from the device, and shows what is left to do', async () => {
    await desire({ log_level: 'debug', interval: 5 });
    const shadow = await report({ log_level: 'debug', firmware: '1.0' });
    expect(shadow).toMatchObject({
      version: 2,
      desired: { log_level: 'debug', interval: 5 },
      reported: { log_level: 'debug', firmware: '1.0' },
      delta: { interval: 5 },
    });
    expect(await operator.call('readShadow', 200, { id })).toEqual(shadow);
    expect((await report({ interval: 5 })).delta).toEqual({});
  });

  it('gives plain times as metadata, one for each member, of its latest change', async () => {
    const first = await desire({ a: 1, b: { deep: true } });
    expect(Object.keys(first.metadata.desired)).toEqual(['a', 'b']);
    for (const time of Object.values(first.metadata.desired)) expect(time).toMatch(rfc3339);
    await cloud.time.advance(5_000);
    const before = Date.parse(first.updated_at);
    await eventuallyTrue('a later time', async () => (await cloud.database.nowMs()) > before);
    const second = await desire({ b: 2 });
    expect(second.metadata.desired['a']).toBe(first.metadata.desired['a']);
    expect(second.metadata.desired['b']).not.toBe(first.metadata.desired['b']);
    expect(second.metadata.reported).toEqual({});
    expect(second.updated_at).toBe(second.metadata.desired['b']);
  });

  it('loses a member that is set to null, and its time', async () => {
    await desire({ a: 1, b: 2 });
    expect(await desire({ a: null, c: null })).toMatchObject({
      desired: { b: 2 },
      metadata: { desired: {} },
    });
    await report({ x: 1 });
    expect((await report({ x: null })).reported).toEqual({});
  });

  it('grows by one version a write, and refuses one that was made from an older version', async () => {
    expect((await desire({ a: 1 }, 0)).version).toBe(1);
    expect((await report({ a: 1 }, 1)).version).toBe(2);
    const stale = { id, body: { desired: { a: 2 }, version: 1 } };
    const { problem, status } = await operator.refused('updateShadow', stale);
    expect([status, problem.code, problem.detail]).toEqual([
      409,
      'version_conflict',
      'The shadow is at version 2, not 1.',
    ]);
    const staleReport = { id, body: { reported: { a: 2 }, version: 7 } };
    expect(await device.refusal('updateShadow', staleReport)).toBe('409 version_conflict');
    expect(await operator.call('readShadow', 200, { id })).toMatchObject({ version: 2, desired: { a: 1 } });
  });

  it('keeps every write of many at once, and lets one of those that name a version win', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => report({ [`k${String(index)}`]: index })));
    const shadow = await operator.call('readShadow', 200, { id });
    expect(shadow.version).toBe(20);
    expect(Object.keys(shadow.reported)).toHaveLength(20);
    const racing = Array.from({ length: 10 }, (_, index) =>
      operator.raw('updateShadow', { id, body: { desired: { winner: index }, version: 20 } }),
    );
    const statuses = (await Promise.all(racing)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(9);
  });

  it('lets neither side write the other’s half', async () => {
    expect(await device.refusal('updateShadow', { id, body: { desired: { a: 1 } } })).toBe('403 forbidden');
    expect(await device.refusal('updateShadow', { id, body: { desired: {}, reported: {} } })).toBe(
      '403 forbidden',
    );
    expect(await operator.refusal('updateShadow', { id, body: { reported: { a: 1 } } })).toBe(
      '403 forbidden',
    );
    const viewer = cloud.client(await cloud.token('viewer'));
    expect(await viewer.refusal('updateShadow', { id, body: { desired: {} } })).toBe('403 forbidden');
    expect((await viewer.call('readShadow', 200, { id })).version).toBe(0);
  });

  it('is closed to keys that are wrong, of another device, or of a device that was refused', async () => {
    expect(await cloud.client('efk_wrong').refusal('readShadow', { id })).toBe('401 key_rejected');
    expect(await cloud.client().refusal('readShadow', { id })).toBe('401 key_rejected');
    const other = await cloud.owner.call('createDevice', 201, { body: {} });
    expect(await cloud.client(other.api_key).refusal('readShadow', { id })).toBe('403 device_mismatch');
    await cloud.owner.call('revokeDevice', 200, { id });
    expect(await device.refusal('readShadow', { id })).toBe('403 device_revoked');
    await cloud.owner.call('deleteDevice', 204, { id });
    expect(await device.refusal('readShadow', { id })).toBe('403 device_deleted');
    expect(await operator.refusal('readShadow', { id })).toBe('404 device_not_found');
  });

  it('takes the device’s key as a bearer, too', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const headers = { authorization: `Bearer ${identity.api_key}` };
    await cloud.client().call('readShadow', 200, { id: identity.device_id, headers });
  });

  it('read or written by the device is the first use of its key', async () => {
    expect((await cloud.owner.call('readDevice', 200, { id })).key?.first_used_at).toBeNull();
    await device.call('readShadow', 200, { id });
    expect((await cloud.owner.call('readDevice', 200, { id })).key?.first_used_at).toMatch(rfc3339);
  });

  it('is bounded: a half takes 32 KiB, and a write beyond changes nothing', async () => {
    await desire({ a: 'x'.repeat(20_000) });
    expect(await operator.refusal('updateShadow', { id, body: { desired: { b: 'x'.repeat(20_000) } } })).toBe(
      '413 body_too_large',
    );
    expect(await operator.call('readShadow', 200, { id })).toMatchObject({ version: 1 });
    expect((await desire({ a: null, b: 'x'.repeat(20_000) })).version).toBe(2);
  });

  it('gives back whatever JSON it was given', async () => {
    const odd = {
      nul: 'a\0b',
      half: '\ud800',
      '': 1,
      'a.b': [null, { c: 1e300 }],
      toString: 'x',
      deep: deeply(jsonDepthMax - 1),
    };
    await report(odd);
    await desire(odd);
    const response = await operator.raw('readShadow', { id });
    const shadow = shadowSchema.parse(await response.json());
    expect(JSON.stringify(shadow.reported)).toBe(JSON.stringify(odd));
    expect(shadow.delta).toEqual({});
  });

  it('deeper than the contract allows is refused, however deep, and nothing is stored', async () => {
    for (const levels of [jsonDepthMax, 7_500]) {
      const body = { desired: { deep: deeply(levels) } };
      expect(await operator.refusal('updateShadow', { id, body })).toBe('400 request_malformed');
    }
    expect(await operator.call('readShadow', 200, { id })).toMatchObject({ version: 0, desired: {} });
  });
});

function deeply(levels: number): unknown {
  return JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
}
