import type { Clock, Random, Timers } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import type { KeyRing } from '../../keyring/index.ts';
import type { Logger } from '../../logging.ts';
import type { Mailer } from '../../mail/mailer.ts';
import type { Database } from '../../storage/database.ts';
import type { Identity } from '../identity/index.ts';
import { Account } from './account.ts';
import { AuthCalls } from './auth-calls.ts';
import { buildAuth } from './auth.ts';
import { Invitations } from './invitations.ts';
import { KnownBrowsers } from './known-browsers.ts';
import type { LastUsed } from './last-used.ts';
import { memberRoutes } from './member-routes.ts';
import { Members } from './members.ts';
import { Newcomers } from './newcomers.ts';
import { accountRoutes } from './routes.ts';
import { forgetExpiredSessions } from './session-store.ts';
import { Sessions } from './sessions.ts';
import { Setup } from './setup.ts';
import { SignInBudget } from './sign-in-budget.ts';
import { SignIn } from './sign-in.ts';
import { Tokens } from './tokens.ts';

export interface PeopleDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly identity: Identity;
  readonly lastUsed: LastUsed;
  readonly mailer: Mailer | undefined;
  /** Where people reach the cloud, without a slash at its end. */
  readonly publicUrl: () => string;
}

/** People: how they sign in, and what they belong to. */
export interface People {
  readonly setup: Setup;
  readonly account: Account;
  readonly sessions: Sessions;
  routes(app: FastifyInstance): void;
  /** Forgets what has expired. */
  tidy(): Promise<void>;
}

export function buildPeople(deps: PeopleDeps): People {
  const { clock, database, identity, keyRing, random } = deps;
  const built = buildAuth(deps);
  const calls = new AuthCalls(built);
  const newcomers = new Newcomers(built);
  const sessions = new Sessions(database, deps.lastUsed);
  const budget = new SignInBudget(clock, random);
  const browsers = new KnownBrowsers(database, keyRing, random);
  const firstOrganization = (): string | undefined => identity.firstOrganizationId;
  const shared = { ...deps, newcomers, sessions, calls, budget, browsers, firstOrganization };
  const setup = new Setup(shared);
  const account = new Account(shared);
  return {
    ...{ setup, account, sessions },
    routes: (app) => {
      accountRoutes(app, { ...shared, setup, account, signIn: new SignIn(shared) });
      memberRoutes(app, {
        ...shared,
        members: new Members(database),
        invitations: new Invitations(shared),
        tokens: new Tokens(database, identity),
      });
    },
    tidy: () => database.transaction(forgetExpiredSessions),
  };
}
