import { operations, type Session, type TwoFactorRequired } from '@edgeflow/contract';
import { type Clock, toRfc3339 } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import type { Principal } from '../../http/access.ts';
import { readCookie, setCookie } from '../../http/cookies.ts';
import { refuseOtherSites, type RequestOrigin } from '../../http/request-origin.ts';
import { route } from '../../http/route.ts';
import type { Database } from '../../storage/database.ts';
import type { Account } from './account.ts';
import { browserCookie, entryCookies, sessionCookie } from './entry-cookies.ts';
import type { KnownBrowsers } from './known-browsers.ts';
import { type Begun, personOf, type Sessions, type Visit } from './sessions.ts';
import type { Setup } from './setup.ts';
import type { SignIn } from './sign-in.ts';

export interface AccountRoutesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly setup: Setup;
  readonly signIn: SignIn;
  readonly sessions: Sessions;
  readonly account: Account;
  readonly browsers: KnownBrowsers;
}

interface Call {
  readonly address: string;
  readonly requestId: string;
  readonly origin: RequestOrigin;
  readonly headers: { readonly 'user-agent'?: string | undefined; readonly cookie?: string | undefined };
}

/** Longest `User-Agent` that is kept. */
const userAgentLengthMax = 256;

export function visitOf({ address, headers, requestId }: Call): Visit {
  return { address, requestId, userAgent: headers['user-agent']?.slice(0, userAgentLengthMax) ?? null };
}

/** The session in the cookie. Only for calls that were recognised by it. */
function tokenOf({ headers, origin }: Call): string {
  return readCookie('session', headers, origin) ?? '';
}

/** Signing in and out, and the first owner. */
function signInRoutes(app: FastifyInstance, deps: AccountRoutesDeps): void {
  const { browsers, clock, sessions, setup, signIn } = deps;
  const entered = async (begun: Begun, call: Call) => ({
    'set-cookie': await entryCookies(browsers, begun, call),
  });

  route(app, operations.readSetup, async () =>
    answer(200, { state: (await setup.hasOwner()) ? 'complete' : 'owner_missing' }),
  );
  route(app, operations.completeSetup, async (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    const begun = await setup.complete(call.body, visitOf(call));
    return answer(201, begun.session, await entered(begun, call));
  });
  route(app, operations.signIn, async (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    const presented = readCookie('browser', call.headers, call.origin);
    const browser = await browsers.nameOf(presented, call.body.email);
    const begun = await signIn.withPassword(call.body, browser, visitOf(call));
    if ('challenge' in begun) {
      const { challenge, seconds } = begun;
      const expiresAt = toRfc3339(clock.now() + seconds * 1000);
      const required: TwoFactorRequired = { two_factor_required: true, challenge, expires_at: expiresAt };
      return answer(202, required);
    }
    return answer(200, begun.session, await entered(begun, call));
  });
  route(app, operations.signInSecondFactor, async (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    const begun = await signIn.withSecondFactor(call.body, visitOf(call));
    return answer(200, begun.session, await entered(begun, call));
  });
  route(app, operations.signInByLink, async (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    const begun = await setup.signIn(call.body.secret, visitOf(call));
    return answer(200, begun.session, await entered(begun, call));
  });
  route(app, operations.signOut, async (call) => {
    await sessions.signOut(personOf(call));
    return answer(204, undefined, { 'set-cookie': setCookie('session', '', 0, call.origin) });
  });
}

/** Who calls, and where they are signed in. */
function sessionRoutes(app: FastifyInstance, deps: AccountRoutesDeps): void {
  const { account, database, sessions } = deps;
  route(app, operations.readSession, async (call) => {
    if (call.caller.session === undefined) return answer(200, await showToken(database, call.caller));
    // Whoever comes back keeps the cookie as long as the session lasts.
    const renewed = sessionCookie(tokenOf(call), call.origin);
    return answer(200, await sessions.show(personOf(call)), { 'set-cookie': renewed });
  });
  route(app, operations.updateSession, async (call) =>
    answer(200, await sessions.enter(personOf(call), call.body.organization_id)),
  );
  route(app, operations.listSessions, async (call) =>
    answer(200, { sessions: await sessions.list(personOf(call)) }),
  );
  route(app, operations.endOtherSessions, async (call) =>
    answer(200, { ended: await sessions.endOthers(personOf(call)) }),
  );
  route(app, operations.endSession, async (call) => {
    await sessions.endOne(personOf(call), call.params.id);
    return answer(204, undefined);
  });
  route(app, operations.updateAccount, async (call) => {
    await account.changeName(personOf(call), tokenOf(call), call.body.name);
    return answer(200, await sessions.show(personOf(call)));
  });
}

/** Passwords and second factors. Whatever changes them gives the browser a new session. */
function credentialRoutes(app: FastifyInstance, { account, browsers }: AccountRoutesDeps): void {
  const renewed = ({ token }: Begun, origin: RequestOrigin) =>
    answer(204, undefined, { 'set-cookie': sessionCookie(token, origin) });

  route(app, operations.changePassword, async (call) => {
    const begun = await account.changePassword(personOf(call), tokenOf(call), call.body, visitOf(call));
    return answer(204, undefined, { 'set-cookie': await entryCookies(browsers, begun, call) });
  });
  route(app, operations.requestPasswordReset, (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    return answer(202, { by_email: account.requestReset(call.body.email, visitOf(call)) });
  });
  route(app, operations.completePasswordReset, async (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    const email = await account.completeReset(call.body.secret, call.body.new_password, visitOf(call));
    // Else somebody who guesses all the while would keep its person from the sign-in that follows.
    return answer(204, undefined, { 'set-cookie': await browserCookie(browsers, email, call) });
  });
  route(app, operations.enrolTwoFactor, async (call) =>
    answer(201, await account.enrol(personOf(call), tokenOf(call), call.body.password, visitOf(call))),
  );
  route(app, operations.confirmTwoFactor, async (call) =>
    renewed(await account.confirm(personOf(call), tokenOf(call), call.body.code, visitOf(call)), call.origin),
  );
  route(app, operations.disableTwoFactor, async (call) =>
    renewed(
      await account.disable(personOf(call), tokenOf(call), call.body.password, visitOf(call)),
      call.origin,
    ),
  );
  route(app, operations.createRecoveryCodes, async (call) => {
    const codes = await account.newRecoveryCodes(
      ...([personOf(call), tokenOf(call), call.body.password, visitOf(call)] as const),
    );
    return answer(201, { recovery_codes: codes });
  });
}

/** A token as its holder sees it. */
async function showToken(database: Database, caller: Principal): Promise<Session> {
  const { id, label, organizationId, role } = caller;
  const organizations = database.db.selectFrom('organizations').select(['id', 'name']);
  const organization = await organizations.where('id', '=', organizationId).executeTakeFirstOrThrow();
  const tokens = database.db.selectFrom('operator_tokens').select('expires_at_ms').where('id', '=', id);
  const expiresAtMs = (await tokens.executeTakeFirst())?.expires_at_ms ?? null;
  return {
    principal: { kind: 'token', id, name: label, email: null },
    ...{ role, organization, organizations: [{ ...organization, role }], two_factor_enabled: null },
    expires_at: expiresAtMs === null ? null : toRfc3339(expiresAtMs),
  };
}

/** Signing in, and what people do with their own account. */
export function accountRoutes(app: FastifyInstance, deps: AccountRoutesDeps): void {
  signInRoutes(app, deps);
  sessionRoutes(app, deps);
  credentialRoutes(app, deps);
}
