import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OperationName, operations } from '@edgeflow/contract';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { type ApiClient, Browser } from '../../testing/api-client.ts';
import { firstOwner, invite, newMember } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

describe.each(databaseKinds)('whoever is removed or demoted, on %s,', (kind) => {
  let cloud: TestCloud;
  let owner: ApiClient;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
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

  /** Sends a call, but of its body the first half; the other half when told to. */
  async function begin(
    browser: Browser,
    name: OperationName,
    body: object,
    id = '',
  ): Promise<{ end(): Promise<string> }> {
    const { method, path } = operations[name];
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': text.length };
    const calling = request(cloud.origin + path.replace(':id', id), {
      method,
      headers: { ...browser.headers(cloud.origin), ...headers },
    });
    const arrived = once(cloud.server, 'request');
    calling.write(text.slice(0, 5));
    await arrived;
    return {
      end: async () => {
        const answered = once(calling, 'response') as Promise<[IncomingMessage]>;
        calling.end(text.slice(5));
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
    ];
    await owner.call('removeMember', 204, { id });
    expect(await Promise.all(calls.map((call) => call.end()))).toEqual([
      'createToken 401',
      'createInvitation 401',
      'changeMember 401',
    ]);
    expect(await friend.call('readSession', 200)).toMatchObject({ role: 'viewer' });
  });

  it('is held to the new role by a call that they began with the old one', async () => {
    const browser = new Browser();
    const person = await newMember(cloud, owner, 'demoted@example.org', 'owner', browser);
    const call = await begin(browser, 'createToken', { name: 'late', role: 'owner' });
    await owner.call('changeMember', 200, { id: await idOf(person), body: { role: 'admin' } });
    expect(await call.end()).toBe('createToken 403');
  });
});
