import { type Kysely, sql } from 'kysely';

/**
 * People, how they sign in, and what they belong to. The first five tables are those of better-auth, under our names
 * and with our types (`features/people/auth-schema.test.ts` holds them against what it expects).
 */
export const people = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...account, ...membership]) await sql.raw(statement).execute(db);
  },
};

const account = [
  `create table users (
    id text primary key,
    name text not null,
    email text not null unique,
    email_verified integer not null,
    image text,
    two_factor_enabled integer not null default 0,
    used_code_hash text,
    used_code_at_ms bigint,
    created_at_ms bigint not null,
    updated_at_ms bigint not null
  )`,
  `create table accounts (
    id text primary key,
    user_id text not null references users (id),
    account_id text not null,
    provider_id text not null,
    access_token text,
    refresh_token text,
    id_token text,
    access_token_expires_at_ms bigint,
    refresh_token_expires_at_ms bigint,
    scope text,
    password text,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    unique (user_id, provider_id)
  )`,
  `create table sessions (
    id text primary key,
    user_id text not null references users (id),
    token_hash text not null unique,
    organization_id text references organizations (id),
    expires_at_ms bigint not null,
    last_used_at_ms bigint,
    ip_address text,
    user_agent text,
    created_at_ms bigint not null,
    updated_at_ms bigint not null
  )`,
  `create index sessions_by_user on sessions (user_id)`,
  `create index sessions_by_expiry on sessions (expires_at_ms)`,
  `create table verifications (
    id text primary key,
    identifier text not null,
    value text not null,
    expires_at_ms bigint not null,
    created_at_ms bigint not null,
    updated_at_ms bigint not null
  )`,
  `create index verifications_by_identifier on verifications (identifier)`,
  `create index verifications_by_expiry on verifications (expires_at_ms)`,
  `create table two_factors (
    id text primary key,
    user_id text not null unique references users (id),
    secret text not null,
    backup_codes text not null,
    verified integer,
    failed_verification_count integer,
    locked_until_ms bigint
  )`,
];

const roles = `('viewer', 'operator', 'admin', 'owner')`;

const membership = [
  `create table members (
    organization_id text not null references organizations (id),
    user_id text not null references users (id),
    role text not null check (role in ${roles}),
    created_at_ms bigint not null,
    primary key (organization_id, user_id)
  )`,
  `create index members_by_user on members (user_id)`,
  `create table invitations (
    id text primary key,
    organization_id text not null references organizations (id),
    email text not null,
    role text not null check (role in ${roles}),
    secret_hash text not null unique,
    invited_by text not null,
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    accepted_at_ms bigint,
    revoked_at_ms bigint
  )`,
  `create index invitations_by_organization on invitations (organization_id, created_at_ms)`,
  `create table access_links (
    secret_hash text primary key,
    purpose text not null check (purpose in ('setup', 'reset_owner', 'sign_in')),
    user_id text references users (id),
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    used_at_ms bigint
  )`,
  `alter table operator_tokens add column created_by text`,
  `alter table operator_tokens add column last_used_at_ms bigint`,
  `create index operator_tokens_by_organization on operator_tokens (organization_id, created_at_ms)`,
  `alter table organizations add column code_groups integer`,
  `alter table organizations add column code_ttl_seconds integer`,
];
