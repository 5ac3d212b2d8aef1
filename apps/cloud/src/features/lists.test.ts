import type { OperationName } from '@edgeflow/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';

/** What every list has in common. */
interface Page {
  readonly ids: readonly string[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly next: string | null;
}

type Query = Readonly<Record<string, string | number>>;

describe.each(databaseKinds)('lists on %s', (kind) => {
  let cloud: TestCloud;
  /** In the order in which they were made. */
  const devices: string[] = [];
  const codes: string[] = [];
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    for (let index = 0; index < 11; index += 1) {
      devices.push(
        (await cloud.owner.call('createDevice', 201, { body: { name: `number ${String(index)}` } }))
          .device_id,
      );
    }
    const batch = await cloud.owner.call('createCodes', 201, { body: { count: 11 } });
    codes.push(...batch.codes.map(({ id }) => id));
  });
  afterAll(() => cloud.discard());

  const lists: Record<'devices' | 'codes' | 'audit', (query: Query) => Promise<Page>> = {
    devices: async (query) => {
      const page = await cloud.owner.call('listDevices', 200, { query });
      return { ...page, ids: page.devices.map(({ device_id }) => device_id), next: page.next_cursor };
    },
    codes: async (query) => {
      const page = await cloud.owner.call('listCodes', 200, { query });
      return { ...page, ids: page.codes.map(({ id }) => id), next: page.next_cursor };
    },
    audit: async (query) => {
      const page = await cloud.owner.call('listAudit', 200, { query });
      return { ...page, ids: page.entries.map(({ id }) => id), next: page.next_cursor };
    },
  };

  async function walk(list: (query: Query) => Promise<Page>, limit: number): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list({ limit, ...(cursor === null ? {} : { cursor }) });
      expect(page.ids.length).toBeLessThanOrEqual(limit);
      ids.push(...page.ids);
      cursor = page.next;
    } while (cursor !== null);
    return ids;
  }

  describe.each(['devices', 'codes', 'audit'] as const)('of %s', (name) => {
    it('come whole, newest first, and say how many there are', async () => {
      const page = await lists[name]({});
      expect(page).toMatchObject({ limit: 50, offset: 0, next: null });
      expect(page.total).toBe(page.ids.length);
      expect(page.total).toBeGreaterThanOrEqual(11);
      expect(new Set(page.ids).size).toBe(page.total);
    });

    it.each([1, 3, 4, 11, 500])('are the same walked by cursor, %i at a time', async (limit) => {
      expect(await walk(lists[name], limit)).toEqual((await lists[name]({})).ids);
    });

    it('are the same walked by offset', async () => {
      const { ids, total } = await lists[name]({});
      const walked: string[] = [];
      for (let offset = 0; offset < total; offset += 4) {
        const page = await lists[name]({ limit: 4, offset });
        expect(page).toMatchObject({ total, limit: 4, offset });
        walked.push(...page.ids);
      }
      expect(walked).toEqual(ids);
      expect(await lists[name]({ offset: total + 5 })).toMatchObject({ ids: [], total, next: null });
    });

    it('refuse what is no place in them', async () => {
      const operation = { devices: 'listDevices', codes: 'listCodes', audit: 'listAudit' }[
        name
      ] as OperationName;
      const refused = async (query: Query): Promise<string | undefined> =>
        (await cloud.owner.refused(operation, { query })).problem.errors?.map(({ field }) => field).join();
      for (const cursor of ['', 'zzz', '-1', '1.5', 'x'.repeat(201)]) {
        expect(await refused({ cursor }), cursor).toBe('cursor');
      }
      for (const limit of [0, 501, -1, 1.5, 'ten', ''])
        expect(await refused({ limit }), String(limit)).toBe('limit');
      for (const offset of [-1, 'ten']) expect(await refused({ offset })).toBe('offset');
    });
  });

  it('of devices begin with the newest', async () => {
    const first = await lists.devices({ limit: 500 });
    // With SQLite all were made at one moment of the test's clock, and their ids decide.
    const expected = kind === 'sqlite' ? [...devices].sort().reverse() : [...devices].reverse();
    expect(first.ids.filter((id) => devices.includes(id))).toEqual(expected);
  });

  it('walked by cursor miss nothing and repeat nothing when more is made meanwhile', async () => {
    const before = (await lists.devices({})).ids;
    const walked: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await lists.devices({ limit: 3, ...(cursor === null ? {} : { cursor }) });
      walked.push(...page.ids);
      cursor = page.next;
      await cloud.time.advance(1);
      await cloud.owner.call('createDevice', 201, { body: {} });
    } while (cursor !== null);
    expect(walked).toEqual(before);
  });
});

describe.each(databaseKinds)('filters on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  async function make(body: object): Promise<string> {
    return (await cloud.owner.call('createDevice', 201, { body })).device_id;
  }

  async function found(query: Query): Promise<string[]> {
    const page = await cloud.owner.call('listDevices', 200, { query });
    expect(page.total).toBe(page.devices.length);
    return page.devices.map(({ device_id }) => device_id).sort();
  }

  it('find devices by each status', async () => {
    const statuses = ['never_connected', 'online', 'offline', 'reconnecting'] as const;
    const ids: Record<string, string> = {};
    for (const status of statuses) {
      ids[status] = await make({ group: 'by status' });
      const update = cloud.database.db.updateTable('devices').set({ presence: status });
      await update.where('id', '=', ids[status]).execute();
    }
    for (const lifecycle of ['revoked', 'quarantined'] as const) {
      ids[lifecycle] = await make({ group: 'by status' });
      // A device that may not connect says so, whatever it was doing before.
      const update = cloud.database.db.updateTable('devices').set({ lifecycle, presence: 'online' });
      await update.where('id', '=', ids[lifecycle]).execute();
    }
    for (const [status, id] of Object.entries(ids)) {
      expect(await found({ status, group: 'by status' }), status).toEqual([id]);
      expect((await cloud.owner.call('readDevice', 200, { id })).status).toBe(status);
    }
    expect(await found({ group: 'by status' })).toHaveLength(6);
    await cloud.owner.call('deleteDevice', 204, { id: ids['offline'] ?? '' });
    expect(await found({ status: 'offline', group: 'by status' })).toEqual([]);
  });

  it('find devices by what people know of them, in any case', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { device_name: 'Ölpumpe 7' } });
    const { device_id: id } = await cloud.client().call('provisionDevice', 201, {
      body: {
        provisioning_code: codes[0]?.code,
        hardware_info: { board_model: 'Raspberry Pi 4 Model B', serial_number: '10000000ABCDEF' },
        network_info: {
          hostname: 'edgeflow-pi-001',
          ip_address: '192.168.1.100',
          mac_address: 'dc:a6:32:0a:0b:0c',
        },
      },
    });
    const queries = [
      'ÖLPUMPE',
      'pumpe 7',
      'PI-001',
      '168.1.10',
      'DC:A6:32:0A',
      'model b',
      '0abcdef',
      id,
      id.slice(4, 12),
      ` ${id} `,
    ];
    for (const q of queries) expect(await found({ q }), q).toEqual([id]);
    expect(await found({ q: 'no such thing' })).toEqual([]);
    expect(await found({ q: '' })).toContain(id);
  });

  it('find a renamed device by its new name alone, and a re-provisioned one by the name it has kept', async () => {
    const id = await make({ name: 'before' });
    await cloud.owner.call('updateDevice', 200, { id, body: { name: 'afterwards' } });
    expect(await found({ q: 'before' })).toEqual([]);
    expect(await found({ q: 'afterwards' })).toEqual([id]);
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { device_id: id } });
    await cloud.client().call('provisionDevice', 201, {
      body: { provisioning_code: codes[0]?.code, hardware_info: { serial_number: 'SERIAL-9' } },
    });
    expect(await found({ q: 'afterwards' })).toEqual([id]);
    expect(await found({ q: 'serial-9' })).toEqual([id]);
  });

  it('take wildcards, quotes and backslashes for what they are', async () => {
    const odd = ['100%', 'a_b', 'back\\slash', `it's`, '"quoted"', '=1+1', '@SUM(A1)', '-2', '[x]', '*'];
    const ids = new Map<string, string>();
    for (const name of odd) ids.set(name, await make({ name: `odd ${name}`, tags: [name], group: name }));
    for (const [name, id] of ids) {
      expect(await found({ q: `odd ${name}` }), name).toEqual([id]);
      expect(await found({ tag: name }), name).toEqual([id]);
      expect(await found({ group: name }), name).toEqual([id]);
      expect(await cloud.owner.call('readDevice', 200, { id })).toMatchObject({
        name: `odd ${name}`,
        tags: [name],
      });
    }
    expect(await found({ q: 'odd %' })).toEqual([]);
    expect(await found({ q: 'a%b' })).toEqual([]);
  });

  it('find devices by one whole tag', async () => {
    const id = await make({ tags: ['Halle 3', 'ÖST', 'x","y', '\ud83d\ude80'] });
    for (const tag of ['Halle 3', 'ÖST', 'x","y', '\ud83d\ude80'])
      expect(await found({ tag }), tag).toEqual([id]);
    for (const tag of ['Halle', 'alle 3', 'x', ',', '","', '', '%', '[]'])
      expect(await found({ tag }), tag).toEqual([]);
  });

  it('find devices that need a key from a person: theirs expires within 60 days, and they have not shown that they can rotate it', async () => {
    const dayMs = 24 * 3600 * 1000;
    const nowMs = await cloud.database.nowMs();
    const makeWith = async (days: number, canRotate: number | null): Promise<string> => {
      const id = await make({});
      const key = cloud.database.db
        .updateTable('credentials')
        .set({ state: 'active', expires_at_ms: nowMs + days * dayMs });
      await key.where('device_id', '=', id).execute();
      const device = cloud.database.db.updateTable('devices').set({ can_rotate: canRotate });
      await device.where('id', '=', id).execute();
      return id;
    };
    const wanted = [await makeWith(59, 0), await makeWith(-5, 0), await makeWith(59, null)];
    await makeWith(61, 0);
    await makeWith(59, 1);
    const revoked = await makeWith(59, 0);
    await cloud.owner.call('revokeDevice', 200, { id: revoked });
    expect(await found({ needs_key: 'true' })).toEqual(wanted.sort());
    expect(await cloud.owner.refusal('listDevices', { query: { needs_key: 'false' } })).toBe(
      '400 request_malformed',
    );
  });

  it('find codes by status and by batch', async () => {
    const batch = await cloud.owner.call('createCodes', 201, { body: { count: 4, ttl_seconds: 60 } });
    const [active, used, revoked, expired] = batch.codes;
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: used?.code } });
    await cloud.owner.call('revokeCode', 200, { id: revoked?.id ?? '' });
    const past = (await cloud.database.nowMs()) - 1;
    const expire = cloud.database.db.updateTable('provisioning_codes').set({ expires_at_ms: past });
    await expire.where('id', '=', expired?.id ?? '').execute();
    const name = active?.batch ?? '';
    const byStatus = async (status: string): Promise<unknown[]> => {
      const page = await cloud.owner.call('listCodes', 200, { query: { status, batch: name } });
      return page.codes.map((code) => [code.id, code.status]);
    };
    expect(await byStatus('active')).toEqual([[active?.id, 'active']]);
    expect(await byStatus('used')).toEqual([[used?.id, 'used']]);
    expect(await byStatus('revoked')).toEqual([[revoked?.id, 'revoked']]);
    expect(await byStatus('expired')).toEqual([[expired?.id, 'expired']]);
    expect((await cloud.owner.call('listCodes', 200, { query: { batch: name } })).total).toBe(4);
    expect(JSON.stringify(await cloud.owner.call('listCodes', 200))).not.toContain(active?.code);
  });

  it('find audit entries by actor, action, object, outcome and time', async () => {
    const id = await make({});
    await cloud.owner.call('updateDevice', 200, { id, body: { name: 'n' } });
    await cloud.owner.refusal('sendCommand', { id, body: { action: 'x' } });
    const actions = async (query: Query): Promise<string[]> => {
      const { entries } = await cloud.owner.call('listAudit', 200, { query: { object: id, ...query } });
      return entries.map(({ action }) => action);
    };
    expect(await actions({})).toEqual(['command.send', 'device.update', 'device.create']);
    expect(await actions({ action: 'device.update' })).toEqual(['device.update']);
    expect(await actions({ outcome: 'failure' })).toEqual(['command.send']);
    expect(await actions({ actor: 'bootstrap' })).toHaveLength(3);
    expect(await actions({ actor: 'nobody' })).toEqual([]);
    const nowMs = await cloud.database.nowMs();
    const at = (ms: number): string => new Date(ms).toISOString();
    expect(await actions({ since: at(nowMs - 60_000), until: at(nowMs + 60_000) })).toHaveLength(3);
    expect(await actions({ since: at(nowMs + 60_000) })).toEqual([]);
    expect(await actions({ until: at(nowMs - 60_000) })).toEqual([]);
    expect(await cloud.owner.refusal('listAudit', { query: { since: 'yesterday' } })).toBe(
      '400 request_malformed',
    );
  });
});
