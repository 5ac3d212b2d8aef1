import { sql } from 'kysely';
import { tokenByHash } from '../features/identity/store.ts';
import { operatorNames } from '../features/identity/index.ts';
import {
  invitationBySecret,
  openInvitations,
  revokeInvitations,
} from '../features/people/invitation-store.ts';
import {
  endSessions,
  forgetExpiredSessions,
  sessionByToken,
  sessionsOf,
} from '../features/people/session-store.ts';
import {
  countOwners,
  listMembers,
  memberOf,
  membershipsOf,
  passwordHashOf,
  userByEmail,
  userById,
} from '../features/people/store.ts';
import { tokensOf } from '../features/people/tokens.ts';
import type { Database } from '../storage/database.ts';
import type { HotPath } from './record-paths.ts';

/**
 * Beside the fleet of `insertFleet`: as many people as devices, `usr_d00001` and so on, ten in each of the organizations
 * `org_1` and so on, each with a session, an invitation that is open and a token.
 */
export async function insertPeople(database: Database): Promise<void> {
  const { db, kind } = database;
  const nowMs = sql`cast(${await database.nowMs()} as bigint)`;
  const organization = sql`'org_' || cast((created_at_ms - 1) / 10 + 1 as text)`;
  await sql`insert into organizations (id, name, created_at_ms)
    select ${organization}, 'many', 1 from devices where created_at_ms % 10 = 1`.execute(db);
  await sql`insert into users (id, name, email, email_verified, created_at_ms, updated_at_ms)
    select 'usr_' || id, 'somebody', id || '@example.com', 1, 1, 1 from devices`.execute(db);
  await sql`insert into accounts (id, user_id, account_id, provider_id, password, created_at_ms, updated_at_ms)
    select 'acc_' || id, 'usr_' || id, 'usr_' || id, 'credential', 'hash', 1, 1 from devices`.execute(db);
  await sql`insert into members (organization_id, user_id, role, created_at_ms)
    select ${organization}, 'usr_' || id, case when created_at_ms % 10 = 1 then 'owner' else 'viewer' end, 1
    from devices`.execute(db);
  await sql`insert into sessions (id, user_id, token_hash, organization_id, expires_at_ms, created_at_ms, updated_at_ms)
    select 'session ' || id, 'usr_' || id, 'hash of ' || id, ${organization}, ${nowMs} + 1000000 * created_at_ms, 1, 1
    from devices`.execute(db);
  await sql`insert into verifications (id, identifier, value, expires_at_ms, created_at_ms, updated_at_ms)
    select id, id, 'usr_' || id, ${nowMs} + 1000000 * created_at_ms, 1, 1 from devices`.execute(db);
  await sql`insert into operator_tokens (id, organization_id, name, role, token_hash, created_at_ms, created_by)
    select 'tok_' || id, ${organization}, 'script', 'viewer', 'hash of ' || id, created_at_ms, 'usr_' || id
    from devices`.execute(db);
  await sql`insert into invitations (id, organization_id, email, role, secret_hash, invited_by, created_at_ms, expires_at_ms)
    select 'invitation ' || id, ${organization}, id || '@example.com', 'viewer', 'hash of ' || id, 'usr_' || id,
      created_at_ms, ${nowMs} + 1000000 * created_at_ms
    from devices`.execute(db);
  if (kind === 'postgres') await sql`vacuum analyze`.execute(db);
}

const organization = 'org_7';
const person = 'usr_d00061';

const paths: readonly HotPath[] = [
  {
    name: 'who a session is of',
    read: (database) => sessionByToken(database, 'token'),
    indexes: ['sessions_token_hash_key', 'users_pkey'],
  },
  {
    name: 'who a token is of',
    read: (database) => tokenByHash(database, 'hash'),
    indexes: ['operator_tokens_token_hash_key'],
  },
  {
    name: 'the sessions of a person',
    read: (database) => sessionsOf(database, person, 1),
    indexes: ['sessions_by_user'],
  },
  {
    name: 'the end of the sessions of a person',
    run: (tx) => endSessions(tx, person, { organizationId: organization }),
    indexes: ['sessions_by_user'],
  },
  {
    name: 'sessions and challenges that have expired',
    run: (tx) => forgetExpiredSessions(tx),
    indexes: ['sessions_by_expiry', 'verifications_by_expiry'],
  },
  {
    name: 'a person by their address',
    read: (database) => userByEmail(database, 'd00061@example.com'),
    indexes: ['users_email_key'],
  },
  {
    name: 'the password behind an address',
    read: (database) => passwordHashOf(database, 'd00061@example.com'),
    indexes: ['users_email_key', 'accounts_user_id_provider_id_key'],
  },
  { name: 'a person', read: (database) => userById(database, person), indexes: ['users_pkey'] },
  {
    name: 'the organizations of a person',
    read: (database) => membershipsOf(database, person),
    indexes: ['members_by_user'],
  },
  {
    name: 'a member',
    read: (database) => memberOf(database, organization, person),
    // The organizations of a person are so few that PostgreSQL may begin with them.
    indexes: ['members_pkey'],
    only: 'sqlite',
  },
  {
    name: 'the owners of an organization',
    read: (database) => countOwners(database, organization),
    indexes: ['members_pkey'],
  },
  {
    name: 'the members of an organization',
    read: (database) => listMembers(database, organization),
    indexes: ['members_pkey', 'users_pkey'],
  },
  {
    name: 'the invitations of an organization',
    read: (database) => openInvitations(database, organization, 1),
    indexes: ['invitations_by_organization'],
  },
  {
    name: 'an invitation by its link',
    read: (database) => invitationBySecret(database, 'secret', 1).catch(() => undefined),
    indexes: ['invitations_secret_hash_key'],
  },
  {
    name: 'invitations that are taken back',
    run: (tx) => revokeInvitations(tx, organization, { email: 'd00061@example.com' }),
    indexes: ['invitations_by_organization'],
  },
  {
    name: 'the tokens of an organization',
    read: (database) => tokensOf(database, organization),
    indexes: ['operator_tokens_by_organization'],
  },
  {
    name: 'the names of people and tokens',
    read: (database) => operatorNames(database, organization, [person, 'tok_d00061']),
    indexes: ['users_pkey'],
  },
  {
    name: 'the last names of people and tokens that are gone',
    read: (database) => operatorNames(database, 'org', ['usr_gone', 'tok_1']),
    indexes: ['audit_by_actor'],
  },
];

/** What runs for each call of a person or a program, or whenever people, invitations and tokens are listed. */
export const peoplePaths: readonly HotPath[] = paths.map((path) => ({ ...path, hasSubstitute: true }));
