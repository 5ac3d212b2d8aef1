import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import type { ApiClient } from '../../testing/api-client.ts';
import { firstOwner, invite, newMember } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

describe.each(databaseKinds)('the names in the records of an organization, on %s,', (kind) => {
  let cloud: TestCloud;
  let owner: ApiClient;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    owner = await firstOwner(cloud);
  });
  afterAll(() => cloud.discard());

  /** What was done, as by whom, the oldest first. */
  async function acts(actor: string, action: string): Promise<unknown[]> {
    const { entries } = await owner.call('listAudit', 200, { query: { actor, action } });
    return entries.map((entry) => entry.actor.name).reverse();
  }
  const rename = (person: ApiClient, name: string): Promise<unknown> =>
    person.call('updateAccount', 200, { body: { name } });

  it('are those that people had when they acted, whatever they are called since', async () => {
    const person = await newMember(cloud, owner, 'grace@example.org', 'operator');
    const { id } = (await person.call('readSession', 200)).principal;
    await person.call('createCodes', 201, { body: {} });
    await rename(person, 'Ada (owner)');
    await person.call('createCodes', 201, { body: {} });
    expect(await acts(id, 'code.create')).toEqual(['grace', 'Ada (owner)']);
    const { entries } = await owner.call('listAudit', 200, {
      query: { actor: id, action: 'account.rename' },
    });
    expect(entries).toMatchObject([{ actor: { name: 'Ada (owner)' }, detail: { name_before: 'grace' } }]);
    await rename(person, 'grace');
  });

  it('of whoever has left are the last that they had here, however they are called elsewhere', async () => {
    const elsewhere = cloud.client(
      await cloud.token('owner', await cloud.cloud.identity.createOrganization('Elsewhere', null)),
    );
    const person = await newMember(cloud, owner, 'bob@example.org', 'operator');
    const { id } = (await person.call('readSession', 200)).principal;
    const { codes } = await person.call('createCodes', 201, { body: {} });
    await person.call('createBatch', 201, { body: { count: 1 } });
    const secret = await invite(elsewhere, 'bob@example.org', 'viewer');
    await person.call('joinInvitation', 200, { body: { secret } });
    await owner.call('removeMember', 204, { id });
    await rename(person, 'Ada (owner)');
    expect(await acts(id, 'code.create')).toEqual(['bob']);
    const { entries } = await owner.call('listAudit', 200, {
      query: { object: id, action: 'member.remove' },
    });
    expect(entries).toMatchObject([{ object: { name: 'bob' }, actor: { name: 'Ada' } }]);
    expect(await owner.call('readCode', 200, { id: codes[0]?.id ?? '' })).toMatchObject({
      ...{ created_by: id, created_by_name: 'bob' },
    });
    const { batches } = await owner.call('listBatches', 200);
    expect(batches.map(({ created_by_name: maker }) => maker)).toEqual(['bob']);
    const theirs = await elsewhere.call('listAudit', 200, { query: { actor: id, action: 'account.rename' } });
    expect(theirs.entries).toMatchObject([{ actor: { name: 'Ada (owner)' } }]);
  });

  it('of a token outlive it, also when it revokes itself', async () => {
    const body = { name: 'nightly', role: 'admin' };
    const { details, token } = await owner.call('createToken', 201, { body });
    const program = cloud.client(token);
    await program.call('createCodes', 201, { body: {} });
    await program.call('revokeToken', 204, { id: details.id });
    expect(await acts(details.id, 'code.create')).toEqual(['nightly']);
    expect(await acts(details.id, 'token.revoke')).toEqual(['nightly']);
  });
});
