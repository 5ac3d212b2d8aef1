import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { smtpMailer, withTimeouts } from '../../mail/mailer.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import type { ApiClient } from '../../testing/api-client.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { firstOwner, newMember, password } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const mailPassword = 'password-of-the-mail-server';

describe.each(databaseKinds)('e-mail on %s', (kind) => {
  let cloud: TestCloud;
  let owner: ApiClient;
  let server: SMTPServer;
  let port: number;
  let refuse = false;
  const mails: string[] = [];
  beforeAll(async () => {
    server = new SMTPServer({
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: (auth, _session, done) => {
        done(auth.password === mailPassword && !refuse ? null : new Error('no'), { user: 'edgeflow' });
      },
      onData: (stream, _session, done) => {
        text(stream).then(
          (mail) => {
            mails.push(mail.replaceAll('=\r\n', '').replaceAll('=3D', '='));
            done();
          },
          (error: unknown) => {
            done(error instanceof Error ? error : new Error('unreadable'));
          },
        );
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    ({ port } = server.server.address() as AddressInfo);
    const url = `smtp://edgeflow:${mailPassword}@127.0.0.1:${String(port)}`;
    cloud = await startTestCloud(kind, {
      mailer: smtpMailer(withTimeouts(url), 'EdgeFlow <edgeflow@example.org>'),
    });
    owner = await firstOwner(cloud);
  });
  afterEach(() => {
    mails.length = 0;
    refuse = false;
  });
  afterAll(async () => {
    await cloud.discard();
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
  });

  async function isProven(email: string): Promise<boolean> {
    const users = cloud.database.db.selectFrom('users').select('email_verified').where('email', '=', email);
    return (await users.executeTakeFirstOrThrow()).email_verified !== 0;
  }
  const linkIn = (mail: string): string => /https:\/\/\S+#\S+/.exec(mail)?.[0] ?? '';

  it('brings an invitation by a link of its own, which proves the mailbox; whoever invites is shown another', async () => {
    const body = { email: 'grace@example.org', role: 'viewer' };
    const made = await owner.call('createInvitation', 201, { body });
    expect(made.by_email).toBe(true);
    await eventuallyTrue('the mail came', () => mails.length === 1);
    expect(mails[0]).toContain('To: grace@example.org');
    expect(mails[0]).toContain('From: EdgeFlow <edgeflow@example.org>');
    const mailed = linkIn(mails[0] ?? '');
    const [address, secret] = mailed.split('#');
    expect(made.link.startsWith(`${address ?? ''}#`)).toBe(true);
    expect(made.link).not.toBe(mailed);
    const accept = { body: { secret, name: 'Grace', password } };
    await cloud.person().call('acceptInvitation', 201, accept);
    const shown = { body: { secret: made.link.split('#')[1] } };
    expect(await cloud.person().refusal('readInvitation', shown)).toBe('410 link_invalid');
    expect(await isProven(body.email)).toBe(true);
  });

  it('proves the mailbox of somebody who has an account by the mailed link of their own address alone', async () => {
    const elsewhere = cloud.client(
      await cloud.token('owner', await cloud.cloud.identity.createOrganization('Elsewhere', null)),
    );
    const email = 'joins@example.org';
    const person = await newMember(cloud, owner, email, 'viewer');
    for (const [to, proves] of [
      ['other@example.org', false],
      [email, true],
    ] as const) {
      mails.length = 0;
      await elsewhere.call('createInvitation', 201, { body: { email: to, role: 'viewer' } });
      await eventuallyTrue('the mail came', () => mails.some((mail) => mail.includes(`To: ${to}`)));
      const mail = mails.find((one) => one.includes(`To: ${to}`)) ?? '';
      await person.call('joinInvitation', 200, { body: { secret: linkIn(mail).split('#')[1] } });
      expect(await isProven(email)).toBe(proves);
      const { principal } = await person.call('readSession', 200);
      if (!proves) await elsewhere.call('removeMember', 204, { id: principal.id });
      if (!proves) await person.call('signIn', 200, { body: { email, password } });
    }
  });

  it('brings a link for a new password, which works once; nobody hears whether an address is known', async () => {
    const ask = (email: string) => cloud.person().call('requestPasswordReset', 202, { body: { email } });
    expect(await ask('nobody@example.org')).toEqual({ by_email: true });
    expect(await ask('ada@example.org')).toEqual({ by_email: true });
    await eventuallyTrue('the mail came', () => mails.length === 1);
    const secret = linkIn(mails[0] ?? '').split('#')[1] ?? '';
    const next = 'a password after the reset';
    const short = { body: { secret, new_password: 'short' } };
    expect(await cloud.person().refusal('completePasswordReset', short)).toBe('400 request_malformed');
    const reset = { body: { secret, new_password: next } };
    await cloud.person().call('completePasswordReset', 204, reset);
    expect(await cloud.person().refusal('completePasswordReset', reset)).toBe('410 link_invalid');
    expect(await owner.refusal('readSession')).toBe('401 session_missing');
    const body = { email: 'ada@example.org', password: next };
    expect(await cloud.person().refusal('signIn', { body: { ...body, password } })).toBe(
      '401 sign_in_failed',
    );
    await owner.call('signIn', 200, { body });
    const log = await owner.call('listAudit', 200, { query: { action: 'password.reset' } });
    expect(log.total).toBe(1);
    expect(cloud.logs.join('')).not.toContain(secret);
  });

  it('that cannot be sent keeps nobody waiting, and is logged without a secret', async () => {
    refuse = true;
    const body = { email: 'late@example.org', role: 'viewer' };
    const { link } = await owner.call('createInvitation', 201, { body });
    await eventuallyTrue('logged', () =>
      cloud.logs.some((line) => line.includes('could not be sent by e-mail')),
    );
    expect(cloud.logs.join('')).not.toContain(mailPassword);
    expect(cloud.logs.join('')).not.toContain(link.split('#')[1]);
  });

  it('is sent to one person three times a quarter of an hour, however often it is asked for', async () => {
    for (let asked = 0; asked < 6; asked += 1) {
      await cloud.person().call('requestPasswordReset', 202, { body: { email: 'ada@example.org' } });
    }
    const body = { email: 'last@example.org', role: 'viewer' };
    await owner.call('createInvitation', 201, { body });
    await eventuallyTrue('what was sent before came', () =>
      mails.some((mail) => mail.includes('last@example.org')),
    );
    // One of the three went out in an earlier test.
    await eventuallyTrue('the links came', () => mails.length >= 3);
    expect(mails.filter((mail) => mail.includes('/reset-password#'))).toHaveLength(2);
  });
});

it('without a mail server, nothing is promised', async () => {
  const cloud = await startTestCloud('sqlite');
  await firstOwner(cloud);
  const answer = await cloud
    .person()
    .call('requestPasswordReset', 202, { body: { email: 'ada@example.org' } });
  expect(answer).toEqual({ by_email: false });
  expect(await cloud.database.db.selectFrom('verifications').selectAll().execute()).toEqual([]);
  const reset = await cloud.cloud.people.account.makeReset('ada@example.org');
  const body = { secret: reset?.secret, new_password: 'a password after the reset' };
  await cloud.person().call('completePasswordReset', 204, { body });
  await cloud.discard();
});
