import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import type { ApiClient } from '../../testing/api-client.ts';
import { authenticatorCodes, firstOwner, invite, newMember, password } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

describe.each(databaseKinds)('an account on %s', (kind) => {
  let cloud: TestCloud;
  let owner: ApiClient;
  /** An administrator of another organization, who means harm. */
  let stranger: ApiClient;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    owner = await firstOwner(cloud);
    const elsewhere = await cloud.cloud.identity.createOrganization('Elsewhere', null);
    stranger = cloud.client(await cloud.token('admin', elsewhere));
  });
  afterAll(() => cloud.discard());

  const idOf = async (person: ApiClient): Promise<string> =>
    (await person.call('readSession', 200)).principal.id;

  async function switchOn(person: ApiClient): Promise<void> {
    const { secret } = await person.call('enrolTwoFactor', 201, { body: { password } });
    const code = await authenticatorCodes(secret);
    await person.call('confirmTwoFactor', 204, { body: { code: code(0) } });
  }

  /** By the link that was mailed, or that whoever runs the cloud has printed. */
  async function reset(email: string, next: string): Promise<void> {
    const made = await cloud.cloud.people.account.makeReset(email);
    const body = { secret: made?.secret, new_password: next };
    await cloud.person().call('completePasswordReset', 204, { body });
  }

  it('of somebody who has left is given to nobody by an invitation, nor what was done with it', async () => {
    const email = 'bob@example.org';
    const bob = await newMember(cloud, owner, email, 'operator');
    const id = await idOf(bob);
    await bob.call('createCodes', 201, { body: {} });
    await owner.call('removeMember', 204, { id });

    const thief = cloud.person();
    const secret = await invite(stranger, email, 'viewer');
    const body = { secret, name: 'Ada (owner)', password: 'a password of the thief' };
    const { principal } = await thief.call('acceptInvitation', 201, { body });
    expect(principal).toMatchObject({ name: 'Ada (owner)', email });
    expect(principal.id).not.toBe(id);
    const { entries } = await owner.call('listAudit', 200, { query: { actor: id, limit: 500 } });
    expect(new Set(entries.map(({ actor }) => actor.name))).toEqual(new Set(['bob']));
    expect(entries.map(({ action }) => action)).toContain('code.create');
    const left = await cloud.database.db
      .selectFrom('accounts')
      .select('id')
      .where('user_id', '=', id)
      .execute();
    expect(left).toEqual([]);
  });

  it('that somebody else made for an address is its owner’s again by a link that goes there, second factor or not', async () => {
    const email = 'squatted@example.org';
    const squatter = await newMember(cloud, stranger, email, 'viewer');
    await switchOn(squatter);
    const secret = await invite(owner, email, 'operator');
    const accept = { body: { secret, name: 'Bob', password } };
    expect(await cloud.person().refusal('acceptInvitation', accept)).toBe('409 email_taken');

    const next = 'the password of its owner';
    await reset(email, next);
    expect(await squatter.refusal('readSession')).toBe('401 session_missing');
    expect(await cloud.person().refusal('signIn', { body: { email, password } })).toBe('401 sign_in_failed');
    const bob = cloud.person();
    await bob.call('signIn', 200, { body: { email, password: next } });
    await bob.call('joinInvitation', 200, { body: { secret } });
    expect(await bob.call('readSession', 200)).toMatchObject({ role: 'operator', two_factor_enabled: false });
    const { entries } = await stranger.call('listAudit', 200, { query: { action: 'password.reset' } });
    expect(entries).toMatchObject([{ detail: { second_factor_removed: true } }]);
  });

  it('whose address was proven keeps its second factor through a new password', async () => {
    const email = 'proven@example.org';
    const person = await newMember(cloud, owner, email, 'viewer');
    await reset(email, password);
    await person.call('signIn', 200, { body: { email, password } });
    await switchOn(person);
    await switchOn(owner);
    for (const address of [email, 'ada@example.org']) {
      await reset(address, 'another long password');
      const body = { email: address, password: 'another long password' };
      await cloud.person().call('signIn', 202, { body });
    }
  });
});
