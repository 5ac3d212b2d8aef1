import type { CreatedCode } from '@edgeflow/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';

const pi = {
  hardware_info: { board_model: 'Raspberry Pi 4 Model B Rev 1.4\0', serial_number: '10000000abc' },
  network_info: { hostname: 'edgeflow-pi-001', mac_address: 'B8-27-EB-00-00-01' },
};

describe.each(databaseKinds)('a code on its way to a device, on %s', (kind) => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud(kind, { pins: () => ['sha256/pin'], caPem: () => 'CA' });
  });
  afterEach(() => cloud.discard());

  async function makeCode(body: object = {}): Promise<CreatedCode> {
    const { codes } = await cloud.owner.call('createCodes', 201, { body });
    const [code] = codes;
    if (code === undefined) throw new Error('no code');
    return code;
  }

  it('is told with the address and the pins that a device needs', async () => {
    expect(await cloud.owner.call('readEnrolment', 200)).toEqual({
      ...{ public_url: 'https://cloud.test', pins: ['sha256/pin'], development_ca: true },
    });
    const viewer = cloud.client(await cloud.token('viewer'));
    expect((await viewer.call('readEnrolment', 200)).pins).toHaveLength(1);
  });

  it('shows the value that was presented where its binding refused one, and the change of the binding lets it in', async () => {
    const { code, id } = await makeCode({ bind: { mac_address: 'dc:a6:32:00:00:01' } });
    const registration = { body: { provisioning_code: code, ...pi } };
    const waiting = await cloud.owner.call('readOnboarding', 200, { id });
    expect(waiting).toMatchObject({ code: { status: 'active' }, last_attempt: null, device: null });

    const device = cloud.client();
    expect(await device.refusal('provisionDevice', registration)).toBe('403 binding_mismatch');
    const refused = await cloud.owner.call('readOnboarding', 200, { id });
    expect(refused.last_attempt).toMatchObject({
      ...{ reason: 'binding_mismatch', address: '127.0.0.1', mac_address: 'b8:27:eb:00:00:01' },
      ...{ serial_number: '10000000abc', board_model: 'Raspberry Pi 4 Model B Rev 1.4' },
    });
    expect(refused.code).toMatchObject({ status: 'active', failed_attempts: 1 });

    await cloud.owner.call('updateCode', 200, { id, body: { bind: { mac_address: 'b8:27:eb:00:00:01' } } });
    const identity = await device.call('provisionDevice', 201, registration);
    const registered = await cloud.owner.call('readOnboarding', 200, { id });
    expect(registered.device).toEqual({
      ...{ device_id: identity.device_id, name: null, hostname: 'edgeflow-pi-001' },
      ...{ board_model: 'Raspberry Pi 4 Model B Rev 1.4', status: 'never_connected' },
      ...{ first_connected_at: null, last_close_reason: null },
    });

    const connected = await TestDevice.connect(cloud.origin, identity);
    const online = await cloud.owner.call('readOnboarding', 200, { id });
    expect(online.device?.status).toBe('online');
    expect(Date.parse(online.device?.first_connected_at ?? '')).toBeGreaterThan(0);
    await connected.leave();

    expect(await device.refusal('provisionDevice', registration)).toBe('409 code_already_used');
    const second = await cloud.owner.call('readOnboarding', 200, { id });
    expect(second.last_attempt).toMatchObject({ reason: 'code_already_used', address: '127.0.0.1' });
    await cloud.owner.call('deleteDevice', 204, { id: identity.device_id });
    expect((await cloud.owner.call('readOnboarding', 200, { id })).device).toBeNull();
  });

  it('keeps what a device says of itself short, and only of the last of many that were refused at once', async () => {
    const { code, id } = await makeCode({ bind: { serial_number: 'another' } });
    const refusals = Array.from({ length: 20 }, (_, index) =>
      cloud.client().refusal('provisionDevice', {
        body: {
          provisioning_code: code,
          hardware_info: { serial_number: `${String(index)}\ud800`.padEnd(1000, 'x'), board_model: '\0' },
          network_info: { mac_address: 'dc:a6:32:xx:xx:xx' },
        },
      }),
    );
    expect(new Set(await Promise.all(refusals))).toEqual(new Set(['403 binding_mismatch']));
    const { code: seen, last_attempt: last } = await cloud.owner.call('readOnboarding', 200, { id });
    expect(seen.failed_attempts).toBe(20);
    expect(last?.serial_number).toHaveLength(128);
    expect(last).toMatchObject({ mac_address: 'dc:a6:32:xx:xx:xx', board_model: null });
    const kept = await cloud.database.db.selectFrom('code_attempts').selectAll().execute();
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain(code);
  });

  it('takes a new binding only while it is active, from an operator of its organization', async () => {
    const { code, id } = await makeCode();
    const body = { bind: null };
    const viewer = cloud.client(await cloud.token('viewer'));
    expect(await viewer.refusal('updateCode', { id, body })).toBe('403 forbidden');
    await cloud.database.db
      .insertInto('organizations')
      .values({ id: 'org_other', name: 'o', device_limit: null, device_count: 0, created_at_ms: 1 })
      .execute();
    const stranger = cloud.client(await cloud.token('owner', 'org_other'));
    expect(await stranger.refusal('updateCode', { id, body })).toBe('404 code_not_found');
    expect(await stranger.refusal('readOnboarding', { id })).toBe('404 code_not_found');
    expect(await cloud.owner.refusal('updateCode', { id, body: {} })).toBe('400 request_malformed');
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: code } });
    expect(await cloud.owner.refusal('updateCode', { id, body })).toBe('409 code_not_active');
    const { entries } = await cloud.owner.call('listAudit', 200);
    expect(entries.some(({ action }) => action === 'code.update')).toBe(false);
  });
});
