import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OperationName, operations } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import { Database } from '../../storage/database.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { type ApiClient, Browser } from '../../testing/api-client.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { firstOwner, invite, newMember } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

/** Sessions, and tokens that expire, are held against its time once their row was read. */
class AskedDatabase extends Database {
  timesAsked = 0;

  constructor(real: Database, clock: Clock) {
    super(real.kind, real.db, clock);
  }

  override nowMs(): Promise<number> {
    this.timesAsked += 1;
    return super.nowMs();
  }
}

const webhook = { kind: 'webhook', name: 'mine', target: 'https://alerts.invalid/' };

describe.each(databaseKinds)('whoever is removed or demoted, on %s,', (kind) => {
  let cloud: TestCloud;
  let owner: ApiClient;
  let database: AskedDatabase;
  beforeAll(async () => {
    cloud = await startTestCloud(kind, {}, (real, time) => (database = new AskedDatabase(real, time)));
    owner = await firstOwner(cloud);
  });
  afterAll(() => cloud.discard());

  const idOf = async (person: ApiClient): Promise<string> =>
    (await person.call('readSession', 200)).principal.id;
  const opens = async (secret: string): Promise<number> =>
    (await cloud.client().raw('readInvitation', { body: { secret } })).status;
  const works = async (token: string): Promise<number> =>
    (await cloud.client(token).raw('listDevices')).status;

  it('comes back by no invitation and no token above the new role; those up to it stay', async () => {
    const second = await newMember(cloud, owner, 'second@example.org', 'owner');
    const id = await idOf(second);
    const asOwner = await invite(second, 'again@example.org', 'owner');
    const asViewer = await invite(second, 'guest@example.org', 'viewer');
    const tokens: Record<string, string> = {};
    for (const role of ['owner', 'admin', 'viewer'] as const) {
      tokens[role] = (await second.call('createToken', 201, { body: { name: role, role } })).token;
    }
    await owner.call('changeMember', 200, { id, body: { role: 'admin' } });
    expect([await opens(asOwner), await opens(asViewer)]).toEqual([410, 200]);
    expect(await Promise.all(Object.values(tokens).map(works))).toEqual([401, 200, 200]);
    await owner.call('changeMember', 200, { id, body: { role: 'operator' } });
    expect(await opens(asViewer)).toBe(410);
    expect(await Promise.all(Object.values(tokens).map(works))).toEqual([401, 401, 200]);
  });

  it('keeps nothing that their tokens have made, however many tokens lie between', async () => {
    const admin = await newMember(cloud, owner, 'chain@example.org', 'admin');
    const body = { name: 'link', role: 'admin' };
    const first = (await admin.call('createToken', 201, { body })).token;
    const made = await cloud.client(first).call('createToken', 201, { body });
    expect(made.details.created_by).toBe('chain');
    const last = (await cloud.client(made.token).call('createToken', 201, { body })).token;
    const secret = await invite(cloud.client(last), 'friend@example.org', 'admin');
    await owner.call('removeMember', 204, { id: await idOf(admin) });
    expect(await Promise.all([first, made.token, last].map(works))).toEqual([401, 401, 401]);
    expect(await opens(secret)).toBe(410);
  });

  /** Sends a call, but of its body the first byte, until its caller is recognised; the rest when told to. */
  async function begin(
    as: Browser | string,
    name: OperationName,
    body: object,
    id = '',
  ): Promise<{ end(): Promise<string> }> {
    const { method, path } = operations[name];
    const text = JSON.stringify(body);
    const credential = typeof as === 'string' ? { 'x-api-key': as } : as.headers(cloud.origin);
    const calling = request(cloud.origin + path.replace(':id', id), {
      method,
      headers: { ...credential, 'content-type': 'application/json', 'content-length': text.length },
    });
    const before = database.timesAsked;
    calling.write(text.slice(0, 1));
    await eventuallyTrue('whoever calls is recognised', () => database.timesAsked > before);
    return {
      end: async () => {
        const answered = once(calling, 'response') as Promise<[IncomingMessage]>;
        calling.end(text.slice(1));
        const [response] = await answered;
        response.resume();
        await once(response, 'end');
        return `${name} ${String(response.statusCode)}`;
      },
    };
  }

  it('leaves nothing behind by a call that they began before', async () => {
    const browser = new Browser();
    const leaver = await newMember(cloud, owner, 'leaver@example.org', 'owner', browser);
    const friend = await newMember(cloud, owner, 'accomplice@example.org', 'viewer');
    const id = await idOf(leaver);
    const calls = [
      await begin(browser, 'createToken', { name: 'late', role: 'owner' }),
      await begin(browser, 'createInvitation', { email: 'late@example.org', role: 'owner' }),
      await begin(browser, 'changeMember', { role: 'owner' }, await idOf(friend)),
      await begin(browser, 'createCodes', {}),
      await begin(browser, 'createBatch', { count: 2 }),
      await begin(browser, 'createDevice', { name: 'late' }),
      await begin(browser, 'createAlertEndpoint', webhook),
    ];
    await owner.call('removeMember', 204, { id });
    expect(await Promise.all(calls.map((call) => call.end()))).toEqual([
      ...['createToken 401', 'createInvitation 401', 'changeMember 401', 'createCodes 401'],
      ...['createBatch 401', 'createDevice 401', 'createAlertEndpoint 401'],
    ]);
    expect(await friend.call('readSession', 200)).toMatchObject({ role: 'viewer' });
    const query = { outcome: 'failure', action: 'call.refused', actor: id };
    await eventuallyTrue('each is written down', async () => {
      const { entries } = await owner.call('listAudit', 200, { query });
      return entries.length === calls.length;
    });
  });

  it('leaves nothing behind by a call that their token had begun before it was revoked', async () => {
    const body = { name: 'ci', role: 'operator', ttl_days: 1 };
    const { details, token } = await owner.call('createToken', 201, { body });
    const { device_id: deviceId } = await owner.call('createDevice', 201, { body: { name: 'kept' } });
    const change = { change: { action: 'delete' }, device_ids: [deviceId], expected_count: 1 };
    const calls = [
      await begin(token, 'createCodes', {}),
      await begin(token, 'changeDevices', change),
      await begin(token, 'revokeDevice', {}, deviceId),
    ];
    await owner.call('revokeToken', 204, { id: details.id });
    expect(await Promise.all(calls.map((call) => call.end()))).toEqual([
      ...['createCodes 401', 'changeDevices 401', 'revokeDevice 401'],
    ]);
    expect(await owner.call('readDevice', 200, { id: deviceId })).toMatchObject({ name: 'kept' });
  });

  it('does nothing in the organization that their session has gone on in since', async () => {
    const browser = new Browser();
    const person = await newMember(cloud, owner, 'wanders@example.org', 'operator', browser);
    const elsewhere = await cloud.cloud.identity.createOrganization('Elsewhere', null);
    const there = cloud.client(await cloud.token('owner', elsewhere));
    const secret = await invite(there, 'wanders@example.org', 'operator');
    const call = await begin(browser, 'createDevice', { name: 'meant for the first' });
    await person.call('joinInvitation', 200, { body: { secret } });
    expect(await call.end()).toBe('createDevice 403');
    expect((await there.call('listDevices', 200)).devices).toEqual([]);
  });

  it('is held to the new role by a call that they began with the old one', async () => {
    const browser = new Browser();
    const person = await newMember(cloud, owner, 'demoted@example.org', 'owner', browser);
    const call = await begin(browser, 'createToken', { name: 'late', role: 'owner' });
    await owner.call('changeMember', 200, { id: await idOf(person), body: { role: 'admin' } });
    expect(await call.end()).toBe('createToken 403');
  });
});
