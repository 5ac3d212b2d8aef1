import { readFileSync } from 'node:fs';
import {
  type CreatedCode,
  type Operation,
  type OperationName,
  operations,
  peopleOperations,
  type ProvisionResponse,
} from '@edgeflow/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../http/access.ts';
import { databaseKinds } from '../storage/testing/databases.ts';
import { eventuallyTrue } from '../testing/eventually.ts';
import { bootstrapToken, startTestCloud, type TestCloud } from '../testing/test-cloud.ts';
import { TestDevice } from '../testing/test-device.ts';
import { notFoundOf, validBodies } from '../testing/valid-bodies.ts';

const names = Object.keys(operations) as OperationName[];
const roles: readonly Role[] = ['viewer', 'operator', 'admin', 'owner'];
/** Those of people have tests of their own, in people/. */
const ofDevices = names.filter((name) => !Object.hasOwn(peopleOperations, name));
/** The least role that may call with a token; undefined where nobody needs one, or none will do. */
function leastRole(name: OperationName): Role | undefined {
  const { access }: Operation = operations[name];
  return roles.find((role) => access.endsWith(role));
}

describe.each(databaseKinds)('every operation on %s', (kind) => {
  let cloud: TestCloud;
  /** Texts that must be nowhere but in the answers that gave them. */
  const secrets: string[] = [bootstrapToken];
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  it('answers as the contract says, in one story from the first code to the last deletion', async () => {
    const { owner } = cloud;
    const anybody = cloud.client();
    secrets.push(await cloud.token('viewer'));

    await anybody.call('readTime', 200);
    const { codes } = await owner.call('createCodes', 201, {
      body: { name: 'hall 3', count: 3, device_name: 'pump', tags: ['hall 3', '=1+1'], group: 'pumps' },
    });
    expect(new Set(codes.map(({ batch }) => batch)).size).toBe(1);
    for (const { code } of codes)
      secrets.push(code, code.replaceAll('-', ''), code.slice(5).replaceAll('-', ''));
    const [first, second, third] = codes as [CreatedCode, CreatedCode, CreatedCode];
    expect((await owner.call('listCodes', 200)).total).toBe(3);
    const rebound = await owner.call('updateCode', 200, {
      ...{ id: second.id, body: { bind: { mac_address: 'DC-A6-32-01-02-03' } } },
    });
    expect(rebound.bind.mac_address).toBe('dc:a6:32:01:02:03');
    await owner.call('readOnboarding', 200, { id: second.id });
    await owner.call('readEnrolment', 200);
    await owner.call('revokeCode', 200, { id: third.id });
    expect(await owner.refusal('revokeCode', { id: 'pc_0000000000000000' })).toBe('404 code_not_found');

    const idempotencyKey = 'made-by-the-device-before-it-first-sent';
    secrets.push(idempotencyKey);
    const registration = {
      headers: { 'idempotency-key': idempotencyKey },
      body: { provisioning_code: first.code, hardware_info: { board_model: 'Pi 4\0' }, network_info: {} },
    };
    const identity = await anybody.call('provisionDevice', 201, registration);
    secrets.push(identity.api_key);
    const { device_id: id } = identity;
    const used = await owner.call('readCode', 200, { id: first.id });
    expect(used).toMatchObject({ status: 'used', used_by: id, used_from: '127.0.0.1', failed_attempts: 0 });
    expect(await owner.refusal('revokeCode', { id: first.id })).toBe('409 code_not_revocable');
    const stranger = { body: { provisioning_code: first.code } };
    expect(await anybody.refusal('provisionDevice', stranger)).toBe('409 code_already_used');
    expect(await anybody.refusal('provisionDevice', { body: { provisioning_code: third.code } })).toBe(
      '410 code_revoked',
    );

    const device = await TestDevice.connect(cloud.origin, identity);
    expect(await owner.call('readDevice', 200, { id })).toMatchObject({
      ...{ name: 'pump', tags: ['hall 3', '=1+1'], group: 'pumps', status: 'online', origin: 'code' },
      ...{ code_id: first.id, hardware_info: { board_model: 'Pi 4' } },
    });
    expect(await owner.call('readDeviceStatus', 200, { id })).toMatchObject({ connected: true });
    await owner.call('listDevices', 200);
    expect((await owner.call('readDeviceFacets', 200)).groups).toEqual([{ value: 'pumps', count: 1 }]);
    await owner.call('updateDevice', 200, { id, body: { name: 'pump 3', tags: [], group: null } });
    await owner.call('updateDeviceNotes', 200, { id, body: { location: 'hall 3' } });
    expect(await owner.call('readDeviceNotes', 200, { id })).toMatchObject({ location: 'hall 3' });
    await owner.call('listConnections', 200, { id });
    const bulk = await owner.call('changeDevices', 202, {
      body: { change: { action: 'add_tags', tags: ['wet'] }, filter: {}, expected_count: 1 },
    });
    expect(await owner.call('readBulk', 200, { id: bulk.id })).toMatchObject({ state: 'finished' });
    await owner.call('exportDevices', 200);

    const itself = cloud.client(identity.api_key);
    await itself.call('readShadow', 200, { id });
    await itself.call('updateShadow', 200, { id, body: { reported: { firmware: '1.0' } } });
    await owner.call('updateShadow', 200, { id, body: { desired: { firmware: '1.1' } } });
    await device.next('command');

    device.answerAll();
    await owner.call('sendCommand', 200, { id, body: { action: 'health_check' } });
    await device.leave();
    const offered = await owner.call('rotateKey', 202, { id, body: { mode: 'tunnel' } });
    expect(offered).toMatchObject({ delivered: false });
    const again = await TestDevice.connect(cloud.origin, identity);
    const offer = (await again.next('command'))['payload'] as { api_key: string };
    secrets.push(offer.api_key);
    await again.leave();
    await owner.call('extendKey', 200, { id, body: { days: 30 } });
    const replaced = await owner.call('rotateKey', 200, { id, body: { mode: 'replace' } });
    secrets.push(replaced.api_key);
    await owner.call('revokeDevice', 200, { id });
    await owner.call('restoreDevice', 200, { id });
    await owner.call('quarantineDevice', 200, { id });
    await owner.call('restoreDevice', 200, { id });
    await owner.call('updateOrganization', 200, { body: { name: 'Pumps', clone_policy: 'quarantine' } });
    expect(await owner.call('readOrganization', 200)).toMatchObject({ name: 'Pumps', device_count: 1 });

    const prepared: ProvisionResponse = await owner.call('createDevice', 201, { body: { name: 'spare' } });
    secrets.push(prepared.api_key);
    const { codes: renewals } = await owner.call('createCodes', 201, { body: { device_id: id } });
    const [renewal] = renewals as [CreatedCode];
    secrets.push(renewal.code);
    const renewed = await anybody.call('provisionDevice', 201, {
      body: { provisioning_code: renewal.code },
    });
    secrets.push(renewed.api_key);
    expect(renewed.device_id).toBe(id);
    expect(await anybody.refusal('provisionDevice', { body: { provisioning_code: 'PROV-7777-7777' } })).toBe(
      '401 code_unknown',
    );

    expect((await owner.call('readOverview', 200)).devices.total).toBe(2);
    const rule = await owner.call('createAlertRule', 201, { body: { offline_minutes: 5 } });
    await owner.call('updateAlertRule', 200, { id: rule.id, body: { key_days: 7 } });
    expect((await owner.call('listAlertRules', 200)).rules).toHaveLength(1);
    const alerted = await owner.call('createAlertEndpoint', 201, { body: validBodies.createAlertEndpoint });
    const { id: endpointId } = alerted.endpoint;
    secrets.push((alerted.secret ?? '').slice(6));
    const rotated = await owner.call('rotateAlertSecret', 200, { id: endpointId });
    secrets.push((rotated.secret ?? '').slice(6));
    await owner.call('updateAlertEndpoint', 200, { id: endpointId, body: { name: 'night shift' } });
    expect((await owner.call('listAlertEndpoints', 200)).endpoints).toHaveLength(1);
    const test = await owner.call('testAlertEndpoint', 202, { id: endpointId });
    await owner.call('retryAlertDelivery', 202, { id: test.id });
    expect((await owner.call('listAlertDeliveries', 200)).total).toBe(1);
    expect((await owner.call('listAlertIncidents', 200)).total).toBe(0);
    await owner.call('deleteAlertEndpoint', 204, { id: endpointId });
    await owner.call('deleteAlertRule', 204, { id: rule.id });
    expect((await owner.call('listAudit', 200)).total).toBeGreaterThan(10);
    expect((await owner.call('readTimeline', 200, { id })).entries.length).toBeGreaterThan(10);
    const events = await owner.raw('streamEvents');
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    await events.body?.cancel();
    cloud.answered.add('streamEvents 200');
    await owner.call('exportAudit', 200);

    const batchInput = { name: 'hall 4', csv: 'name,serial\n=1+1,S1\npump,S2\n' };
    expect((await owner.call('checkBatch', 200, { body: batchInput })).rows_good).toBe(2);
    const requestKey = 'made-by-the-page-for-this-one-batch';
    secrets.push(requestKey);
    const batchHeaders = { 'idempotency-key': requestKey };
    const { id: batch } = await owner.call('createBatch', 201, { body: batchInput, headers: batchHeaders });
    await eventuallyTrue('the batch is made', async () => {
      return (await owner.call('readBatch', 200, { id: batch })).status === 'ready';
    });
    expect((await owner.call('listBatches', 200)).total).toBe(1);
    const table = await (await owner.raw('exportBatchCsv', { id: batch })).text();
    const texts = [...table.matchAll(/PROV(-[0-9A-Z]{4})+/g)].map(([code]) => code);
    expect(new Set(texts).size).toBe(2);
    for (const code of texts) secrets.push(code, code.replaceAll('-', ''));
    await owner.call('exportBatchCsv', 200, { id: batch });
    await owner.call('exportBatchLabels', 200, { id: batch, query: { page: 'letter' } });
    await owner.call('exportBatchEnvFiles', 200, { id: batch });
    expect((await owner.call('listBatchRows', 200, { id: batch })).rows[0]?.name).toBe('=1+1');
    await owner.call('replaceUnused', 202, { id: batch, body: { edition: 1 } });
    await eventuallyTrue('the batch is replaced', async () => {
      return (await owner.call('readBatch', 200, { id: batch })).status === 'ready';
    });
    await owner.call('confirmBatchSaved', 200, { id: batch });
    await owner.call('revokeBatch', 200, { id: batch });
    await owner.call('deleteDevice', 204, { id });
    expect(await owner.refusal('readDevice', { id })).toBe('404 device_not_found');
    await owner.call('readCode', 200, { id: second.id });

    const documented = ofDevices.flatMap((name) =>
      Object.keys(operations[name].answers).map((status) => `${name} ${status}`),
    );
    expect([...cloud.answered].sort()).toEqual(documented.sort());
  });

  it('wrote none of the secrets of that story into the database, its files or the logs', async () => {
    expect(secrets.length).toBeGreaterThan(15);
    const logs = cloud.logs.join('\n');
    const places: Record<string, string> = { ...(await dumpTables(cloud)), ...dumpFiles(cloud), logs };
    for (const [place, text] of Object.entries(places)) {
      const found = secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));
      expect(found, place).toEqual([]);
    }
    // The scan sees what it should see.
    expect(places['devices']).toContain('pump 3');
    expect(places['audit_log']).toContain('code.redeem');
  });

  it('needs a credential unless it is public, and no credential but an operator’s', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    for (const name of names.filter((one) => leastRole(one) !== undefined)) {
      const input = { id: identity.device_id, body: validBodies[name] };
      const forDevices = operations[name].access.startsWith('device_or_');
      const missing = forDevices ? '401 key_rejected' : '401 token_rejected';
      expect(await cloud.client().refusal(name, input), name).toBe(missing);
      expect(await cloud.client('edgeflow_wrong').refusal(name, input), name).toBe('401 token_rejected');
      if (!forDevices) {
        expect(await cloud.client(identity.api_key).refusal(name, input), name).toBe('401 token_rejected');
      }
    }
  });

  it('needs its role, whoever calls: what is beneath it is forbidden and changes nothing', async () => {
    const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: { name: 'untouched' } });
    const before = await cloud.owner.call('readDevice', 200, { id });
    for (const role of roles) {
      const client = cloud.client(await cloud.token(role));
      for (const name of names) {
        const least = leastRole(name);
        if (least === undefined || roles.indexOf(role) >= roles.indexOf(least)) continue;
        expect(await client.refusal(name, { id, body: validBodies[name] }), `${name} as ${role}`).toBe(
          '403 forbidden',
        );
      }
    }
    expect(await cloud.owner.call('readDevice', 200, { id })).toEqual(before);
  });

  it('lets each role do what is its own', async () => {
    for (const role of roles) {
      const client = cloud.client(await cloud.token(role));
      await client.call('listDevices', 200);
      if (role === 'viewer') continue;
      const { device_id: id } = await client.call('createDevice', 201, { body: {} });
      await client.call('deleteDevice', 204, { id });
    }
  });

  it('takes a token as a bearer, until it expires', async () => {
    const { token } = await cloud.cloud.identity.createToken({
      name: 'short',
      role: 'viewer',
      ttlSeconds: 60,
    });
    const headers = { authorization: `Bearer ${token}` };
    await cloud.client().call('listDevices', 200, { headers });
    const expired = cloud.database.db.updateTable('operator_tokens').set({ expires_at_ms: 1 });
    await expired.where('name', '=', 'short').execute();
    expect(await cloud.client().refusal('listDevices', { headers })).toBe('401 token_rejected');
  });
});

describe.each(databaseKinds)('two organizations on %s', (kind) => {
  let cloud: TestCloud;
  let theirs: ReturnType<TestCloud['client']>;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    const organization = await cloud.cloud.identity.createOrganization('Another', null);
    theirs = cloud.client(await cloud.token('owner', organization));
  });
  afterAll(() => cloud.discard());

  it('never reach each other by id: everything is as if it were not there', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: { name: 'ours' } });
    const device = await TestDevice.connect(cloud.origin, identity);
    const { codes } = await cloud.owner.call('createCodes', 201, { body: {} });
    const { id: batch } = await cloud.owner.call('createBatch', 201, { body: { count: 1 } });
    const before = await cloud.owner.call('readDevice', 200, { id: identity.device_id });
    const code = codes[0]?.id ?? '';
    const rule = await cloud.owner.call('createAlertRule', 201, { body: validBodies.createAlertRule });
    const { endpoint } = await cloud.owner.call('createAlertEndpoint', 201, {
      body: validBodies.createAlertEndpoint,
    });
    const delivery = await cloud.owner.call('testAlertEndpoint', 202, { id: endpoint.id });
    /** Part of the address, what it may name, and an id of nothing. */
    const anyDevice = ['', identity.device_id, 'dev_0000000000000000'] as const;
    const ours = [
      ['devices/bulk/', 'bulk_0000000000000001', 'bulk_0000000000000000'],
      ['provisioning-codes', code, 'pc_0000000000000000'],
      ['batches', batch, 'batch_0000000000000000'],
      ['alert-rules', rule.id, 'alr_0000000000000000'],
      ['alert-endpoints', endpoint.id, 'ale_0000000000000000'],
      ['alert-deliveries', delivery.id, 'msg_0000000000000000'],
    ] as const;
    const byId = names.filter((one) => operations[one].path.includes(':id') && leastRole(one) !== undefined);
    for (const name of byId) {
      const [, id, unknown] = ours.find(([part]) => operations[name].path.includes(part)) ?? anyDevice;
      expect(await theirs.refusal(name, { id, body: validBodies[name] }), name).toBe(notFoundOf(name));
      const [one, other] = await Promise.all(
        [id, unknown].map(
          async (some) => (await theirs.refused(name, { id: some, body: validBodies[name] })).problem,
        ),
      );
      expect({ ...one, request_id: '' }).toEqual({ ...other, request_id: '' });
    }
    const reprovision = { body: { device_id: identity.device_id } };
    expect(await theirs.refusal('createCodes', reprovision)).toBe('404 device_not_found');
    expect(await cloud.owner.call('readDevice', 200, { id: identity.device_id })).toEqual(before);
    await device.settled();
    expect(device.heard).toEqual([]);
    await device.leave();
  });

  it('see their own lists alone', async () => {
    await cloud.owner.call('createCodes', 201, { body: { count: 3 } });
    const { device_id: id } = await theirs.call('createDevice', 201, { body: { tags: ['theirs'] } });
    expect(await theirs.call('listCodes', 200)).toMatchObject({ codes: [], total: 0 });
    expect(await theirs.call('listDevices', 200)).toMatchObject({ devices: [{ device_id: id }], total: 1 });
    const { entries, total } = await theirs.call('listAudit', 200, { query: { outcome: 'success' } });
    expect(total).toBe(1);
    expect(entries[0]).toMatchObject({ action: 'device.create', object: { id } });
    expect((await cloud.owner.call('listDevices', 200, { query: { q: id } })).total).toBe(0);
    expect(
      (await cloud.owner.call('listAudit', 200, { query: { object: id, outcome: 'success' } })).total,
    ).toBe(0);
  });

  it('do not reach each other’s shadows with the keys of devices', async () => {
    const ours = await cloud.owner.call('createDevice', 201, { body: {} });
    const other = await theirs.call('createDevice', 201, { body: {} });
    const device = cloud.client(other.api_key);
    for (const id of [ours.device_id, 'dev_0000000000000000', '\0']) {
      expect(await device.refusal('readShadow', { id })).toBe('403 device_mismatch');
      expect(await device.refusal('updateShadow', { id, body: { reported: { a: 1 } } })).toBe(
        '403 device_mismatch',
      );
    }
    expect(await cloud.client('efk_unknown').refusal('readShadow', { id: ours.device_id })).toBe(
      '401 key_rejected',
    );
  });

  it('have each their own limit', async () => {
    const organization = await cloud.cloud.identity.createOrganization('Small', 2);
    const small = cloud.client(await cloud.token('owner', organization));
    const made = await Promise.allSettled(
      [1, 2, 3, 4].map(() => small.call('createDevice', 201, { body: {} })),
    );
    const devices = made.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    expect(devices).toHaveLength(2);
    expect(await small.refusal('createDevice', { body: {} })).toBe('403 device_limit_reached');
    await small.call('deleteDevice', 204, { id: devices[0]?.device_id ?? '' });
    await small.call('createDevice', 201, { body: {} });
    await cloud.owner.call('createDevice', 201, { body: {} });
  });
});

describe.each(databaseKinds)('the audit log on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  it('tells of every change: who, what, to what, from where, with which request, and how it ended', async () => {
    const { owner } = cloud;
    const seen = await owner.call('listAudit', 200);
    expect(seen.total).toBe(0);
    const headers = { 'x-request-id': 'request-of-the-test' };
    const { codes } = await owner.call('createCodes', 201, {
      body: { bind: { serial_number: 'S1' } },
      headers,
    });
    const code = codes[0];
    const { codes: spare } = await owner.call('createCodes', 201, { body: { count: 2 } });
    await owner.call('revokeCode', 200, { id: spare[0]?.id ?? '' });
    await owner.call('revokeCode', 200, { id: spare[0]?.id ?? '' });
    const claim = (serial_number: string): object => ({
      body: { provisioning_code: code?.code, hardware_info: { serial_number } },
    });
    const anybody = cloud.client();
    expect(await anybody.refusal('provisionDevice', claim('S2'))).toBe('403 binding_mismatch');
    const identity = await anybody.call('provisionDevice', 201, claim('S1'));
    const { device_id: id } = identity;
    const device = await TestDevice.connect(cloud.origin, identity);
    await owner.call('updateDevice', 200, { id, body: { name: 'n' } });
    await owner.call('updateShadow', 200, { id, body: { desired: { a: 1 } } });
    device.answerAll();
    await owner.call('sendCommand', 200, { id, body: { action: 'health_check' } });
    await owner.call('extendKey', 200, { id, body: { days: 2 } });
    await owner.call('rotateKey', 202, { id, body: {} });
    await eventuallyTrue('the offer answered', async () => {
      const { key } = await owner.call('readDevice', 200, { id });
      return key?.can_rotate === true;
    });
    await owner.call('rotateKey', 200, { id, body: { mode: 'replace' } });
    await device.closed;
    expect(await owner.refusal('sendCommand', { id, body: { action: 'x' } })).toBe('409 device_offline');
    await owner.call('revokeDevice', 200, { id });
    await owner.call('revokeDevice', 200, { id });
    await owner.call('restoreDevice', 200, { id });
    await owner.call('deleteDevice', 204, { id });

    const { entries } = await owner.call('listAudit', 200, { query: { limit: 100 } });
    const told = entries.map(
      ({ action, actor, object, outcome, reason }) =>
        `${actor.kind} ${action} ${object?.kind ?? '-'} ${outcome}${reason === null ? '' : ` ${reason}`}`,
    );
    expect(told.reverse()).toEqual([
      'operator code.create code success',
      'operator code.create batch success',
      'operator code.revoke code success',
      'anonymous code.redeem code failure binding_mismatch',
      'device code.redeem code success',
      'device key.first_use device success',
      'operator device.update device success',
      'operator shadow.write device success',
      'operator command.send device success',
      'operator key.extend device success',
      'operator key.rotation_request device success',
      'system key.offer device success',
      'operator key.replace device success',
      'operator command.send device failure device_offline',
      'operator device.revoke device success',
      'operator device.restore device success',
      'operator device.delete device success',
    ]);
    expect(entries.at(-1)).toMatchObject({
      ...{ actor: { kind: 'operator', id: 'bootstrap' }, object: { kind: 'code', id: code?.id } },
      ...{ address: '127.0.0.1', request_id: 'request-of-the-test' },
    });
    const failure = entries.find(({ reason }) => reason === 'binding_mismatch');
    expect(failure?.detail['next_step']).toMatch(/Use the code on the device/);
  });

  it('notes only the first hundred failures on one code, and counts them all', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { bind: { serial_number: 'S1' } } });
    const body = { provisioning_code: codes[0]?.code };
    await Promise.all(Array.from({ length: 130 }, () => cloud.client().refusal('provisionDevice', { body })));
    const id = codes[0]?.id ?? '';
    expect(await cloud.owner.call('readCode', 200, { id })).toMatchObject({
      ...{ status: 'active', failed_attempts: 130, last_failed_reason: 'binding_mismatch' },
    });
    const failures = await cloud.owner.call('listAudit', 200, { query: { object: id, outcome: 'failure' } });
    expect(failures.total).toBe(100);
  });
});

/** Every row of every table as text. */
async function dumpTables(cloud: TestCloud): Promise<Record<string, string>> {
  const tables = await cloud.database.db.introspection.getTables({ withInternalKyselyTables: true });
  const dumps: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(cloud.database.db);
    dumps[name] = JSON.stringify(rows);
  }
  expect(Object.keys(dumps).length).toBeGreaterThan(9);
  return dumps;
}

/** What `strings` would find in the files of an embedded database. */
function dumpFiles(cloud: TestCloud): Record<string, string> {
  if (!cloud.url.startsWith('sqlite:')) return {};
  const path = cloud.url.slice('sqlite:'.length);
  const files = [path, `${path}-wal`].map((file) => [file, readFileSync(file, 'latin1')] as const);
  return Object.fromEntries(files);
}
