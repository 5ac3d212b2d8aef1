import { setTimeout as later } from 'node:timers/promises';
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

  it('is not taken back with the old password by what was under way when a new one was set', async () => {
    const email = 'raced@example.org';
    const person = await newMember(cloud, stranger, email, 'viewer');
    let now = password;
    for (let round = 0; round < 14; round += 1) {
      const taken = `what the thief wants ${String(round)}`;
      const next = `what the owner wants ${String(round)}`;
      const made = await cloud.cloud.people.account.makeReset(email);
      const thief = cloud.person();
      const isSignIn = round % 2 === 0;
      // Comparing and hashing take some 30 ms each: a sign-in that is late enough is over after the link.
      const raced = later(isSignIn ? round * 3 : 0)
        .then(() =>
          isSignIn
            ? thief.call('signIn', 200, { body: { email, password: now } })
            : person.call('changePassword', 204, { body: { current_password: now, new_password: taken } }),
        )
        .catch(() => undefined);
      if (!isSignIn) await later(round * 3);
      const set = cloud.person();
      const link = { body: { secret: made?.secret, new_password: next } };
      const isSet = await set.call('completePasswordReset', 204, link).then(
        () => true,
        () => false,
      );
      await raced;
      // Whoever changed the password before has ended the link: then there is another.
      if (!isSet) await reset(email, next);
      for (const one of [thief, person]) expect(await one.refusal('readSession')).toMatch(/^401/);
      await person.call('signIn', 200, { body: { email, password: next } });
      now = next;
      // Attempts to sign in are counted for a quarter of an hour.
      await cloud.time.advance(20 * 60_000);
    }
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
