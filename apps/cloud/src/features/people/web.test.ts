import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseNetworks } from '../../http/addresses.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { type ApiClient, Browser } from '../../testing/api-client.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { firstOwner, newMember, password } from '../../testing/people.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { attemptsPerAccountMax } from './sign-in-budget.ts';

const ada = { email: 'ada@example.org', password };

describe.each(databaseKinds)('a browser on %s', (kind) => {
  let cloud: TestCloud;
  let browser: Browser;
  let owner: ApiClient;
  beforeAll(async () => {
    const proxies = parseNetworks('127.0.0.1');
    if (!proxies.ok) throw new Error(proxies.problem);
    cloud = await startTestCloud(kind, { trustedProxies: proxies.networks });
    browser = new Browser();
    owner = await firstOwner(cloud, browser);
  });
  afterAll(() => cloud.discard());

  const cookieOf = (): string => [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const host = (): string => new URL(cloud.origin).host;
  const rename = { body: { name: 'Pumps' } };

  it('is changed nothing with, but by a page of our own', async () => {
    const anybody = cloud.client();
    const call = async (headers: Record<string, string>): Promise<number> =>
      (await anybody.raw('updateOrganization', { ...rename, headers: { cookie: cookieOf(), ...headers } }))
        .status;
    expect(await call({ origin: cloud.origin })).toBe(200);
    expect(await call({ 'sec-fetch-site': 'same-origin' })).toBe(200);
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:1` },
      { origin: `http://127.0.0.1.evil.example:${new URL(cloud.origin).port}` },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      {},
    ]) {
      const refused = await anybody.refused('updateOrganization', {
        ...rename,
        headers: { cookie: cookieOf(), ...headers },
      });
      expect(refused.problem.code, JSON.stringify(headers)).toBe('cross_site');
    }
    // A page that came without TLS, of a cloud that is reached with it, was written by somebody in between.
    const plain = { origin: `http://${host()}`, 'x-forwarded-proto': 'https' };
    expect(await anybody.refusal('signIn', { body: ada, headers: plain })).toBe('403 cross_site');
    await anybody.call('readOrganization', 200, {
      headers: { cookie: cookieOf(), origin: 'https://evil.example' },
    });
  });

  it('may carry a token beside its cookie: the token counts', async () => {
    const headers = {
      cookie: cookieOf(),
      'x-api-key': await cloud.token('viewer'),
      origin: 'https://evil.example',
    };
    expect(await cloud.client().refusal('updateOrganization', { ...rename, headers })).toBe('403 forbidden');
    const wrong = { ...headers, 'x-api-key': 'edgeflow_wrong' };
    expect(await cloud.client().refusal('readOrganization', { headers: wrong })).toBe('401 token_rejected');
  });

  it('is not signed in by a page of another site', async () => {
    const headers = { origin: 'https://evil.example' };
    expect(await cloud.client().refusal('signIn', { body: ada, headers })).toBe('403 cross_site');
    await cloud.client().call('signIn', 200, { body: ada });
  });

  it('gets cookies that scripts do not see, Secure and bound to the host behind TLS, named by the port', async () => {
    const plain = await cloud.client().raw('signIn', { body: ada });
    const port = new URL(cloud.origin).port;
    const [session = '', known = ''] = plain.headers.getSetCookie();
    expect(session).toMatch(
      new RegExp(`^edgeflow-session-${port}=\\w{32}; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800$`),
    );
    expect(known).toMatch(
      new RegExp(`^edgeflow-browser-${port}=[\\w.-]+; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000$`),
    );
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'cloud.example' };
    const proxied = await cloud.client().raw('signIn', { body: ada, headers });
    const [secure = ''] = proxied.headers.getSetCookie();
    expect(secure).toMatch(
      /^__Host-edgeflow-session-443=\w{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure$/,
    );
    const cookie = secure.split(';')[0] ?? '';
    await cloud.client().call('readSession', 200, { headers: { ...headers, cookie } });
    // On plain HTTP nobody could have set it but somebody in between.
    expect(await cloud.client().refusal('readSession', { headers: { cookie } })).toBe('401 token_rejected');
  });

  it('hears no event any more within seconds of being removed, or of going on elsewhere', async () => {
    const hers = new Browser();
    const person = await newMember(cloud, owner, 'listens@example.org', 'viewer', hers);
    const { principal } = await person.call('readSession', 200);
    const stream = await person.raw('streamEvents');
    const reader = stream.body?.getReader();
    await owner.call('removeMember', 204, { id: principal.id });
    await cloud.time.advance(3_100);
    await eventuallyTrue('the stream has ended', async () => {
      const read = await reader?.read();
      return read?.done === true;
    });
  });
});

describe.each(databaseKinds)('guessing passwords on %s', (kind) => {
  let cloud: TestCloud;
  let known: Browser;
  beforeEach(async () => {
    cloud = await startTestCloud(kind);
    known = new Browser();
    await firstOwner(cloud, known);
  });
  afterEach(() => cloud.discard());

  const tryWith = (secret: string, browser = new Browser()): Promise<string> =>
    cloud.person(browser).refusal('signIn', { body: { ...ada, password: secret } });

  it('is slowed down for everybody but the browser in which the person has signed in', async () => {
    for (let tried = 0; tried < attemptsPerAccountMax; tried += 1) {
      expect(await tryWith(`guess ${String(tried)}`)).toBe('401 sign_in_failed');
    }
    const refused = await cloud.person().refused('signIn', { body: ada });
    expect(refused.problem.code).toBe('sign_in_throttled');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
    // What was tried before is answered as before.
    expect(await tryWith('guess 3')).toBe('401 sign_in_failed');
    await cloud.person(known).call('signIn', 200, { body: ada });
    await cloud.time.advance(900_000);
    await cloud.person().call('signIn', 200, { body: ada });
  });

  it('has no more tries with the cookies of many sign-ins, once the password is another', async () => {
    const browsers = [new Browser(), new Browser(), new Browser(), new Browser()];
    for (const one of browsers) await cloud.person(one).call('signIn', 200, { body: ada });
    const body = { current_password: password, new_password: 'a new long password' };
    await cloud.person(known).call('changePassword', 204, { body });
    const answers: string[] = [];
    for (const [index, one] of browsers.entries()) {
      for (let tried = 0; tried < attemptsPerAccountMax; tried += 1) {
        answers.push(await tryWith(`guess ${String(index)} ${String(tried)}`, one));
      }
    }
    // The password that they signed in with was one of the tries.
    expect(answers.filter((answer) => answer === '401 sign_in_failed')).toHaveLength(
      attemptsPerAccountMax - 1,
    );
    // The browser in which it was changed is known, whatever they have tried.
    await cloud.person(known).call('signIn', 200, { body: { ...ada, password: body.new_password } });
  });

  it('keeps nobody out who has just set a new password by a link', async () => {
    for (let tried = 0; tried < attemptsPerAccountMax; tried += 1) await tryWith(`guess ${String(tried)}`);
    const secret = (await cloud.cloud.people.account.makeReset(ada.email))?.secret;
    const [browser, body] = [new Browser(), { secret, new_password: 'a new long password' }];
    await cloud.person(browser).call('completePasswordReset', 204, { body });
    const entry = { body: { ...ada, password: body.new_password } };
    await cloud.person(browser).call('signIn', 200, entry);
    expect(await cloud.person(known).refusal('signIn', entry)).toBe('429 sign_in_throttled');
  });

  it('finds one browser, however often the person signs in there', async () => {
    const cookie = (): string | undefined =>
      [...known.cookies].find(([name]) => name.includes('browser'))?.[1];
    const before = cookie();
    await cloud.person(known).call('signIn', 200, { body: ada });
    expect(cookie()).toBe(before);
    const email = 'grace@example.org';
    await newMember(cloud, cloud.owner, email, 'viewer', known);
    expect(cookie()).not.toBe(before);
  });

  it('is held back all the same where it comes with the cookie of another person’s browser, or many at once', async () => {
    const forged = new Browser();
    for (const [name, value] of known.cookies) forged.cookies.set(name, `0${value.slice(1)}`);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, tried) => tryWith(`guess ${String(tried)}`, forged)),
    );
    const compared = answers.filter((answer) => answer === '401 sign_in_failed').length;
    expect(compared).toBeGreaterThan(0);
    expect(compared).toBeLessThanOrEqual(attemptsPerAccountMax);
    expect(answers.filter((answer) => answer === '429 sign_in_throttled')).toHaveLength(30 - compared);
  });

  it('in an open browser is held back too: of the current password, and of codes', async () => {
    const person = cloud.person(known);
    const body = { current_password: 'x', new_password: 'a new long password' };
    for (let tried = 0; tried < attemptsPerAccountMax; tried += 1) {
      const guess = { ...body, current_password: `guess ${String(tried)}` };
      expect(await person.refusal('changePassword', { body: guess })).toBe('403 password_wrong');
    }
    const right = { ...body, current_password: password };
    expect(await person.refusal('changePassword', { body: right })).toBe('429 sign_in_throttled');
  });
});
