import { type Operation, peopleOperations } from '@edgeflow/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { type ApiClient, Browser } from '../../testing/api-client.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { authenticatorCodes, firstOwner, invite, newMember, password } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { attemptsPerAccountMax } from './sign-in-budget.ts';

/** Name and status of every call that has succeeded. */
const answered = new Set<string>();
const ada = { email: 'ada@example.org', password };

describe.each(databaseKinds)('the first owner on %s', (kind) => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud(kind);
  });
  afterEach(async () => {
    for (const call of cloud.answered) answered.add(call);
    await cloud.discard();
  });

  const wanted = (secret: string, email = ada.email): object => ({
    body: { secret, name: 'Ada', email, password, organization_name: 'Pumps' },
  });

  it('is whoever has the link, once, and is signed in', async () => {
    const person = cloud.person();
    expect(await person.call('readSetup', 200)).toEqual({ state: 'owner_missing' });
    const secret = await cloud.cloud.people.setup.makeSetupLink();
    const session = await person.call('completeSetup', 201, wanted(secret));
    expect(session).toMatchObject({
      principal: { kind: 'user', name: 'Ada', email: ada.email },
      ...{ role: 'owner', organization: { name: 'Pumps' }, two_factor_enabled: false },
    });
    expect(await person.call('readSession', 200)).toMatchObject({
      principal: session.principal,
      role: 'owner',
    });
    expect(await person.call('readSetup', 200)).toEqual({ state: 'complete' });
    expect(await cloud.person().refusal('completeSetup', wanted(secret))).toBe('410 link_invalid');
    await expect(cloud.cloud.people.setup.makeSetupLink()).rejects.toMatchObject({ code: 'setup_complete' });
  });

  it('is one, however many open links and use them at the same moment', async () => {
    const secrets = await Promise.all([1, 2, 3].map(() => cloud.cloud.people.setup.makeSetupLink()));
    const tries = secrets.flatMap((secret) => [secret, secret]);
    const answers = await Promise.all(
      tries.map(async (secret, index) => {
        const response = await cloud
          .person()
          .raw('completeSetup', wanted(secret, `o${String(index)}@example.org`));
        return response.status;
      }),
    );
    expect(answers.filter((status) => status === 201)).toHaveLength(1);
    expect((await cloud.owner.call('listMembers', 200)).members).toHaveLength(1);
  });

  it('is nobody whose link has expired', async () => {
    const secret = await cloud.cloud.people.setup.makeSetupLink();
    await cloud.database.db.updateTable('access_links').set({ expires_at_ms: 1 }).execute();
    expect(await cloud.person().refusal('completeSetup', wanted(secret))).toBe('410 link_invalid');
    expect(await cloud.person().call('readSetup', 200)).toEqual({ state: 'owner_missing' });
  });

  it('can be set anew when all are lost: the old password and sessions end', async () => {
    const lost = await firstOwner(cloud);
    const secret = await cloud.cloud.people.setup.makeResetOwnerLink();
    const body = { secret, name: 'Ada L.', email: ada.email, password: 'another long password' };
    await cloud.person().call('completeSetup', 201, { body });
    expect(await lost.refusal('readSession')).toBe('401 session_missing');
    expect(await cloud.person().refusal('signIn', { body: ada })).toBe('401 sign_in_failed');
    await cloud.person().call('signIn', 200, { body: { ...ada, password: body.password } });
  });

  it('signs in by a link that the command line has made, once', async () => {
    await firstOwner(cloud);
    const secret = (await cloud.cloud.people.setup.makeSignInLink(ada.email)) ?? '';
    expect(await cloud.person().call('signInByLink', 200, { body: { secret } })).toMatchObject({
      role: 'owner',
    });
    expect(await cloud.person().refusal('signInByLink', { body: { secret } })).toBe('410 link_invalid');
    expect(await cloud.cloud.people.setup.makeSignInLink('nobody@example.org')).toBeUndefined();
  });
});

describe.each(databaseKinds)('people on %s', (kind) => {
  let cloud: TestCloud;
  let owner: ApiClient;
  const secrets: string[] = [password];
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    owner = await firstOwner(cloud);
  });
  afterAll(async () => {
    for (const call of cloud.answered) answered.add(call);
    await cloud.discard();
  });

  it('sign in with e-mail address and password, whatever its capitals, and out again', async () => {
    const browser = new Browser();
    const person = cloud.person(browser);
    await person.call('signIn', 200, { body: { email: ' ADA@Example.org ', password } });
    expect(await person.call('readSession', 200)).toMatchObject({ principal: { email: ada.email } });
    const [name = '', token = ''] = [...browser.cookies].find(([one]) => one.includes('session')) ?? [];
    expect(name).toMatch(/^edgeflow-session-\d+$/);
    await person.call('signOut', 204);
    browser.cookies.set(name, token);
    expect(await person.refusal('readSession')).toBe('401 session_missing');
  });

  it('leave one entry in the audit log for each wrong password, and one for being told to wait, however often they try', async () => {
    const email = 'guessed@example.org';
    await newMember(cloud, owner, email, 'viewer');
    const refusals = async (): Promise<number> => {
      const query = { action: 'session.refused', limit: 500 };
      return (await owner.call('listAudit', 200, { query })).entries.length;
    };
    const before = await refusals();
    const codes = new Set<string>();
    for (let number = 0; number < 40; number += 1) {
      const body = { email, password: `not the password ${String(number % 20)}` };
      codes.add(await cloud.person().refusal('signIn', { body }));
    }
    expect(codes).toEqual(new Set(['401 sign_in_failed', '429 sign_in_throttled']));
    expect((await refusals()) - before).toBe(attemptsPerAccountMax + 1);
  });

  it('hear the same of a wrong password and an unknown address', async () => {
    const wrong = { body: { ...ada, password: 'not the password' } };
    const unknown = { body: { ...ada, email: 'nobody@example.org' } };
    const [one, other] = await Promise.all(
      [wrong, unknown].map((input) => cloud.person().refused('signIn', input)),
    );
    expect(one?.problem.code).toBe('sign_in_failed');
    expect({ ...one?.problem, request_id: '' }).toEqual({ ...other?.problem, request_id: '' });
    for (const body of [
      { ...ada, password: 'x'.repeat(200) },
      { ...ada, email: 'no address' },
    ])
      expect(await cloud.person().refusal('signIn', { body })).toBe('401 sign_in_failed');
  });

  it('choose passwords by length alone', async () => {
    const secret = await invite(owner, 'length@example.org', 'viewer');
    const short = await cloud.person().refused('acceptInvitation', {
      body: { secret, name: 'L', password: '12345678901' },
    });
    expect(short.problem.errors).toEqual([{ field: 'password', message: 'must have 12 to 128 characters' }]);
    await cloud
      .person()
      .call('acceptInvitation', 201, { body: { secret, name: 'L', password: 'aaaaaaaaaaaa' } });
  });

  it('see where they are signed in, and end one session or all others', async () => {
    const [here, there, elsewhere] = [cloud.person(), cloud.person(), cloud.person()];
    for (const one of [here, there, elsewhere]) {
      await one.call('signIn', 200, { body: ada, headers: { 'user-agent': 'Firefox' } });
    }
    const { sessions } = await here.call('listSessions', 200);
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    expect(sessions.find(({ current }) => current)).toMatchObject({
      address: '127.0.0.1',
      user_agent: 'Firefox',
    });
    const { sessions: theirs } = await there.call('listSessions', 200);
    const id = theirs.find(({ current }) => current)?.id ?? '';
    await here.call('endSession', 204, { id });
    expect(await there.refusal('readSession')).toBe('401 session_missing');
    expect(await here.refusal('endSession', { id })).toBe('404 session_not_found');
    const { ended } = await here.call('endOtherSessions', 200);
    expect(ended).toBe(sessions.length - 2);
    expect(await elsewhere.refusal('readSession')).toBe('401 session_missing');
    await here.call('readSession', 200);
    owner = here;
  });

  it('change name and password; the other sessions end, and the old password is good no more', async () => {
    const email = 'grace@example.org';
    const here = await newMember(cloud, owner, email, 'operator');
    const there = cloud.person();
    await there.call('signIn', 200, { body: { email, password } });
    expect(await here.call('updateAccount', 200, { body: { name: ' Grace H.\ud800 ' } })).toMatchObject({
      principal: { name: 'Grace H.\ufffd' },
    });
    const next = 'a new long password';
    const change = { current_password: password, new_password: next };
    expect(
      await here.refusal('changePassword', { body: { ...change, current_password: 'not my password' } }),
    ).toBe('403 password_wrong');
    await here.call('changePassword', 204, { body: change });
    expect(await here.call('readSession', 200)).toMatchObject({ role: 'operator' });
    expect(await there.refusal('readSession')).toBe('401 session_missing');
    expect(await cloud.person().refusal('signIn', { body: { email, password } })).toBe('401 sign_in_failed');
    await cloud.person().call('signIn', 200, { body: { email, password: next } });
    secrets.push(next);
  });

  it('are asked for a second factor once they have shown that theirs works', async () => {
    const email = 'mary@example.org';
    const person = await newMember(cloud, owner, email, 'admin');
    const other = cloud.person();
    expect(await person.refusal('enrolTwoFactor', { body: { password: 'not my password' } })).toBe(
      '403 password_wrong',
    );
    const enrolled = await person.call('enrolTwoFactor', 201, { body: { password } });
    expect(enrolled.uri).toMatch(/^otpauth:\/\/totp\/EdgeFlow:mary%40example\.org\?/);
    expect(new Set(enrolled.recovery_codes).size).toBe(10);
    secrets.push(enrolled.secret, ...enrolled.recovery_codes);
    await other.call('signIn', 200, { body: { email, password } });
    expect(await person.refusal('confirmTwoFactor', { body: { code: '000000' } })).toBe(
      '401 second_factor_failed',
    );
    // Two steps apart, so that both are good now and neither was used.
    const code = await authenticatorCodes(enrolled.secret);
    await person.call('confirmTwoFactor', 204, { body: { code: code(-1) } });
    expect(await person.call('readSession', 200)).toMatchObject({ two_factor_enabled: true });
    expect(await person.refusal('confirmTwoFactor', { body: { code: code(0) } })).toBe(
      '409 two_factor_conflict',
    );

    const { challenge } = await other.call('signIn', 202, { body: { email, password } });
    expect(await other.refusal('signInSecondFactor', { body: { challenge, code: '000000' } })).toBe(
      '401 second_factor_failed',
    );
    const right = { body: { challenge, code: ` ${code(1).slice(0, 3)} ${code(1).slice(3)}` } };
    expect(await other.call('signInSecondFactor', 200, right)).toMatchObject({ role: 'admin' });
    expect(await cloud.person().refusal('signInSecondFactor', right)).toBe('401 challenge_expired');
    // Watched while it was typed: it is good once.
    const again = await cloud.person().call('signIn', 202, { body: { email, password } });
    const replay = { body: { challenge: again.challenge, code: code(1) } };
    expect(await cloud.person().refusal('signInSecondFactor', replay)).toBe('401 second_factor_failed');
    // Not even once another was used since.
    const since = await cloud.person().call('signIn', 202, { body: { email, password } });
    const next = { body: { challenge: since.challenge, code: code(0) } };
    await cloud.person().call('signInSecondFactor', 200, next);
    const third = await cloud.person().call('signIn', 202, { body: { email, password } });
    const older = { body: { challenge: third.challenge, code: code(1) } };
    expect(await cloud.person().refusal('signInSecondFactor', older)).toBe('401 second_factor_failed');

    const [recovery = '', unused = ''] = enrolled.recovery_codes;
    const lost = await cloud.person().call('signIn', 202, { body: { email, password } });
    const found = { body: { challenge: lost.challenge, recovery_code: recovery } };
    await cloud.person().call('signInSecondFactor', 200, found);
    const spent = await cloud.person().call('signIn', 202, { body: { email, password } });
    const twice = { body: { challenge: spent.challenge, recovery_code: recovery } };
    expect(await cloud.person().refusal('signInSecondFactor', twice)).toBe('401 second_factor_failed');

    const renewed = await person.call('createRecoveryCodes', 201, { body: { password } });
    expect(renewed.recovery_codes).not.toContain(unused);
    const old = { body: { challenge: spent.challenge, recovery_code: unused } };
    expect(await cloud.person().refusal('signInSecondFactor', old)).toBe('401 second_factor_failed');
    await person.call('disableTwoFactor', 204, { body: { password } });
    expect(await person.call('readSession', 200)).toMatchObject({ two_factor_enabled: false, role: 'admin' });
    await cloud.person().call('signIn', 200, { body: { email, password } });
  });

  it('guess no second factor: five wrong codes end the challenge, the sixth is not looked at', async () => {
    const email = 'guess@example.org';
    const person = await newMember(cloud, owner, email, 'viewer');
    const { secret } = await person.call('enrolTwoFactor', 201, { body: { password } });
    const code = await authenticatorCodes(secret);
    await person.call('confirmTwoFactor', 204, { body: { code: code(-1) } });
    const { challenge } = await cloud.person().call('signIn', 202, { body: { email, password } });
    for (let tried = 0; tried < 5; tried += 1) {
      const body = { challenge, code: `00000${String(tried)}` };
      expect(await cloud.person().refusal('signInSecondFactor', { body })).toBe('401 second_factor_failed');
    }
    const right = { body: { challenge, code: code(0) } };
    expect(await cloud.person().refusal('signInSecondFactor', right)).toBe('401 challenge_expired');
    expect(
      await cloud.person().refusal('signInSecondFactor', { body: { challenge: 'a; b=c', code: '1' } }),
    ).toBe('401 challenge_expired');
  });

  it('come to an organization by a link that works once, new or known, and change between theirs', async () => {
    const elsewhere = await cloud.cloud.identity.createOrganization('Elsewhere', null);
    const there = cloud.client(await cloud.token('owner', elsewhere));
    const secret = await invite(there, ada.email, 'admin');
    expect(await cloud.client().call('readInvitation', 200, { body: { secret } })).toMatchObject({
      ...{ organization: { name: 'Elsewhere' }, role: 'admin', email: ada.email, account_exists: true },
    });
    const anew = { body: { secret, name: 'A', password } };
    expect(await cloud.person().refusal('acceptInvitation', anew)).toBe('409 email_taken');
    const home = (await owner.call('readSession', 200)).organization.id;
    expect(await owner.call('joinInvitation', 200, { body: { secret } })).toMatchObject({
      ...{ role: 'admin', organization: { id: elsewhere } },
    });
    expect(await owner.refusal('joinInvitation', { body: { secret } })).toBe('410 link_invalid');
    expect((await owner.call('readOrganization', 200)).name).toBe('Elsewhere');
    expect(await owner.refusal('updateSession', { body: { organization_id: 'org_other' } })).toBe(
      '404 organization_not_found',
    );
    const back = await owner.call('updateSession', 200, { body: { organization_id: home } });
    expect(back).toMatchObject({ role: 'owner', organization: { id: home } });
    expect(back.organizations).toHaveLength(2);
    await there.call('removeMember', 204, { id: back.principal.id });
  });

  it('come back by an invitation when they belong to nothing any more, with a new password, as somebody new', async () => {
    const email = 'returns@example.org';
    const person = await newMember(cloud, owner, email, 'admin');
    const { id } = (await person.call('readSession', 200)).principal;
    await owner.call('removeMember', 204, { id });
    const secret = await invite(owner, email, 'viewer');
    const shown = await cloud.client().call('readInvitation', 200, { body: { secret } });
    expect(shown.account_exists).toBe(false);
    const next = 'another long password';
    await person.call('acceptInvitation', 201, { body: { secret, name: 'Back', password: next } });
    const back = await person.call('readSession', 200);
    expect(back).toMatchObject({ role: 'viewer' });
    expect(back.principal.id).not.toBe(id);
    expect(await cloud.person().refusal('signIn', { body: { email, password } })).toBe('401 sign_in_failed');
    await cloud.person().call('signIn', 200, { body: { email, password: next } });
  });

  it('are one person, however many invitations of one address are accepted at the same moment', async () => {
    const body = { email: 'twice@example.org', role: 'viewer' };
    const secrets: string[] = [await invite(owner, body.email, 'viewer')];
    for (const name of ['One', 'Two', 'Three']) {
      const id = await cloud.cloud.identity.createOrganization(name, null);
      secrets.push(await invite(cloud.client(await cloud.token('owner', id)), body.email, 'admin'));
    }
    const statuses = await Promise.all(
      secrets.map(async (secret) => {
        const input = { body: { secret, name: 'T', password } };
        return (await cloud.person().raw('acceptInvitation', input)).status;
      }),
    );
    expect(statuses.sort()).toEqual([201, 409, 409, 409]);
    const { invitations } = await owner.call('listInvitations', 200);
    for (const { id } of invitations) await owner.call('revokeInvitation', 204, { id });
  });

  it('have no link for a new password left, and no second factor waited for, once it was changed', async () => {
    const email = 'links@example.org';
    const person = await newMember(cloud, owner, email, 'viewer');
    const make = async (): Promise<string> =>
      (await cloud.cloud.people.account.makeReset(email))?.secret ?? '';
    const [first, second] = [await make(), await make()];
    const next = 'another long password';
    const use = (secret: string) => ({ body: { secret, new_password: next } });
    await cloud.person().call('completePasswordReset', 204, use(first));
    expect(await cloud.person().refusal('completePasswordReset', use(second))).toBe('410 link_invalid');
    const third = await make();
    await person.call('signIn', 200, { body: { email, password: next } });
    await person.call('changePassword', 204, { body: { current_password: next, new_password: password } });
    expect(await cloud.person().refusal('completePasswordReset', use(third))).toBe('410 link_invalid');
  });

  it('are invited up to the role of whoever invites; a new invitation takes the place of the last', async () => {
    const admin = await newMember(cloud, owner, 'admin@example.org', 'admin');
    const body = { email: 'new@example.org', role: 'owner' };
    expect(await admin.refusal('createInvitation', { body })).toBe('403 role_above_own');
    const taken = { body: { ...body, email: ada.email, role: 'viewer' } };
    expect(await admin.refusal('createInvitation', taken)).toBe('409 already_member');
    const first = await invite(admin, body.email, 'viewer');
    const second = await invite(admin, body.email, 'operator');
    expect(await cloud.client().refusal('readInvitation', { body: { secret: first } })).toBe(
      '410 link_invalid',
    );
    const { invitations } = await owner.call('listInvitations', 200);
    expect(invitations).toMatchObject([{ email: body.email, role: 'operator', invited_by: 'admin' }]);
    await admin.call('revokeInvitation', 204, { id: invitations[0]?.id ?? '' });
    expect(await admin.refusal('revokeInvitation', { id: invitations[0]?.id ?? '' })).toBe(
      '404 invitation_not_found',
    );
    expect(await cloud.client().refusal('readInvitation', { body: { secret: second } })).toBe(
      '410 link_invalid',
    );
  });

  it('are removed with all they have: sessions, invitations, tokens; and lose a role at once', async () => {
    const browser = new Browser();
    const person = await newMember(cloud, owner, 'leaver@example.org', 'admin', browser);
    const { principal } = await person.call('readSession', 200);
    const { token, details } = await person.call('createToken', 201, {
      body: { name: 'ci', role: 'operator' },
    });
    secrets.push(token);
    const secret = await invite(person, 'later@example.org', 'viewer');
    const program = cloud.client(token);
    await program.call('listDevices', 200);
    expect(await program.call('readSession', 200)).toMatchObject({
      ...{ principal: { kind: 'token', id: details.id, name: 'ci', email: null }, role: 'operator' },
    });
    expect(
      await owner.call('changeMember', 200, { id: principal.id, body: { role: 'operator' } }),
    ).toMatchObject({
      role: 'operator',
    });
    expect(await person.refusal('listTokens')).toBe('403 forbidden');
    const invited = { body: { secret } };
    expect(await cloud.client().refusal('readInvitation', invited)).toBe('410 link_invalid');
    await owner.call('removeMember', 204, { id: principal.id });
    expect(await person.refusal('readSession')).toBe('401 session_missing');
    expect(await program.refusal('listDevices')).toBe('401 token_rejected');
    expect(await cloud.person().refusal('signIn', { body: { email: 'leaver@example.org', password } })).toBe(
      '403 no_membership',
    );
    const refused = { action: 'session.refused', limit: 1 };
    const { entries } = await owner.call('listAudit', 200, { query: refused });
    expect(entries).toMatchObject([{ object: null, actor: { kind: 'anonymous' } }]);
    expect(await owner.refusal('removeMember', { id: principal.id })).toBe('404 member_not_found');
  });

  it('make tokens up to their own role, see when they were used, and revoke them', async () => {
    const admin = await newMember(cloud, owner, 'maker@example.org', 'admin');
    const above = { body: { name: 'root', role: 'owner' } };
    expect(await admin.refusal('createToken', above)).toBe('403 role_above_own');
    const made = await admin.call('createToken', 201, {
      body: { name: 'nightly', role: 'viewer', ttl_days: 1 },
    });
    secrets.push(made.token);
    expect(made.details).toMatchObject({ name: 'nightly', created_by: 'maker', last_used_at: null });
    const program = cloud.client(made.token);
    await program.call('listDevices', 200);
    await cloud.time.advance(20_000);
    await eventuallyTrue('its use is written down', async () => {
      const { tokens } = await admin.call('listTokens', 200);
      return tokens.find(({ id }) => id === made.details.id)?.last_used_at !== null;
    });
    const strong = await owner.call('createToken', 201, { body: { name: 'strong', role: 'owner' } });
    expect(await admin.refusal('revokeToken', { id: strong.details.id })).toBe('403 role_above_own');
    await admin.call('revokeToken', 204, { id: made.details.id });
    expect(await program.refusal('listDevices')).toBe('401 token_rejected');
    expect(await admin.refusal('revokeToken', { id: made.details.id })).toBe('404 token_not_found');
    await owner.call('revokeToken', 204, { id: strong.details.id });
  });

  it('may leave, unless they are the last owner', async () => {
    const person = await newMember(cloud, owner, 'goes@example.org', 'owner');
    await person.call('leaveOrganization', 204);
    expect(await person.refusal('readSession')).toBe('401 token_rejected');
    expect(await owner.refusal('leaveOrganization')).toBe('409 last_owner');
    const { principal } = await owner.call('readSession', 200);
    const self = { id: principal.id, body: { role: 'admin' } };
    expect(await owner.refusal('changeMember', self)).toBe('409 last_owner');
    expect(await owner.refusal('removeMember', { id: principal.id })).toBe('409 last_owner');
  });

  it('are never without an owner, however many owners go at the same moment', async () => {
    const owners = [];
    for (let index = 0; index < 4; index += 1) {
      owners.push(await newMember(cloud, owner, `owner${String(index)}@example.org`, 'owner'));
    }
    const everybody = [owner, ...owners];
    const { members } = await owner.call('listMembers', 200);
    const ids = members.filter(({ role }) => role === 'owner').map(({ id }) => id);
    const going = await Promise.all(
      everybody.flatMap((one, index) => [
        one.raw('leaveOrganization'),
        one.raw('changeMember', { id: ids[index] ?? '', body: { role: 'viewer' } }),
        one.raw('removeMember', { id: ids[(index + 1) % ids.length] ?? '' }),
      ]),
    );
    for (const { status } of going) expect(status).toBeLessThan(500);
    const left = await cloud.owner.call('listMembers', 200);
    expect(left.members.filter(({ role }) => role === 'owner')).toHaveLength(1);
    const secret = await cloud.cloud.people.setup.makeResetOwnerLink();
    owner = cloud.person();
    await owner.call('completeSetup', 201, { body: { secret, name: 'Ada', email: ada.email, password } });
  });

  it('cannot do with a token what only a person can', async () => {
    for (const name of ['signOut', 'listSessions', 'endOtherSessions', 'leaveOrganization'] as const) {
      expect(await cloud.owner.refusal(name), name).toBe('403 session_required');
    }
  });

  it('leave nothing secret in the database, the log or the audit log', async () => {
    const { entries } = await owner.call('listAudit', 200, { query: { limit: 500 } });
    const rows = await Promise.all(
      (
        [
          'users',
          'accounts',
          'sessions',
          'verifications',
          'two_factors',
          'invitations',
          'access_links',
        ] as const
      ).map((table) => cloud.database.db.selectFrom(table).selectAll().execute()),
    );
    const places = { rows: JSON.stringify(rows), log: cloud.logs.join('\n'), audit: JSON.stringify(entries) };
    expect(secrets.length).toBeGreaterThan(10);
    for (const [place, text] of Object.entries(places)) {
      expect(
        secrets.filter((secret) => text.includes(secret)),
        place,
      ).toEqual([]);
    }
    expect(new Set(entries.map(({ action }) => action))).toEqual(
      new Set([
        ...['setup.complete', 'session.start', 'session.refused', 'session.end', 'session.end_others'],
        ...['account.rename', 'password.change', 'two_factor.enable', 'two_factor.disable'],
        ...['two_factor.recovery_codes', 'member.change', 'member.remove', 'invitation.create'],
        ...['invitation.accept', 'invitation.revoke', 'token.create', 'token.revoke', 'call.refused'],
        ...['member.leave', 'owner.reset', 'password.reset'],
      ]),
    );
  });
});

it('every call of people was answered in every way that the contract knows, or is in mail.test.ts', () => {
  const documented = Object.entries<Operation>(peopleOperations).flatMap(([name, { answers }]) =>
    Object.keys(answers).map((status) => `${name} ${status}`),
  );
  const byMail = ['requestPasswordReset 202', 'completePasswordReset 204'];
  expect(documented.filter((call) => !answered.has(call) && !byMail.includes(call))).toEqual([]);
});
