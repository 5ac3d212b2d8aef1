import { type Kysely, sql } from 'kysely';

/** The schema of release 0.1. Migrations are append-only: never edit one that has been released. */
export function firstSchema(kind: 'sqlite' | 'postgres'): { up(db: Kysely<unknown>): Promise<void> } {
  const sequence = kind === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  return {
    async up(db) {
      for (const statement of [...people, ...fleet, ...records(sequence)])
        await sql.raw(statement).execute(db);
    },
  };
}

const people = [
  `create table organizations (
    id text primary key,
    name text not null,
    device_limit integer,
    device_count integer not null default 0,
    created_at_ms bigint not null
  )`,
  `create table operator_tokens (
    id text primary key,
    organization_id text not null references organizations (id),
    name text not null,
    role text not null check (role in ('viewer', 'operator', 'admin', 'owner')),
    token_hash text not null unique,
    created_at_ms bigint not null,
    expires_at_ms bigint
  )`,
  `create table server_facts (name text primary key, value text not null)`,
];

const fleet = [
  `create table provisioning_codes (
    id text primary key,
    organization_id text not null references organizations (id),
    code_hash text not null unique,
    server_key_id text not null,
    group_count integer not null,
    state text not null check (state in ('active', 'used', 'revoked')),
    name text,
    batch_id text,
    device_name text,
    tags text not null,
    device_group text,
    bind_mac_address text,
    bind_serial_number text,
    bind_board_model text,
    target_device_id text,
    created_at_ms bigint not null,
    created_by text not null,
    expires_at_ms bigint not null,
    revoked_at_ms bigint,
    used_at_ms bigint,
    used_address text,
    used_device_id text,
    used_credential_id text,
    claimant_hash text,
    answer_expires_at_ms bigint,
    failed_attempts integer not null default 0,
    last_failed_at_ms bigint,
    last_failed_reason text,
    check ((state = 'used') = (used_device_id is not null))
  )`,
  `create index codes_by_time on provisioning_codes (organization_id, created_at_ms, id)`,
  `create index codes_by_batch on provisioning_codes (organization_id, batch_id)`,
  `create index codes_live on provisioning_codes (group_count, expires_at_ms) where state = 'active'`,
  `create table devices (
    id text primary key,
    organization_id text not null references organizations (id),
    lifecycle text not null check (lifecycle in ('active', 'revoked', 'quarantined', 'deleted')),
    name text,
    tags text not null,
    device_group text,
    origin text not null check (origin in ('code', 'operator')),
    code_id text,
    hardware_info text not null,
    network_info text not null,
    agent_version text,
    search_text text not null,
    created_at_ms bigint not null,
    lifecycle_changed_at_ms bigint not null,
    security_changed_at_ms bigint,
    presence text not null default 'never_connected'
      check (presence in ('never_connected', 'online', 'offline', 'reconnecting')),
    presence_since_ms bigint,
    session_epoch bigint not null default 0,
    last_seen_at_ms bigint,
    last_address text,
    last_close_reason text,
    rotation_wanted_at_ms bigint,
    can_rotate integer
  )`,
  `create index devices_by_time on devices (organization_id, created_at_ms, id) where lifecycle <> 'deleted'`,
  `create index devices_by_presence on devices (presence) where presence in ('online', 'reconnecting')`,
  `create index devices_by_security on devices (security_changed_at_ms) where security_changed_at_ms is not null`,
  `create table credentials (
    id text primary key,
    organization_id text not null references organizations (id),
    device_id text not null references devices (id),
    key_hash text not null unique,
    origin text not null check (origin in ('code', 'operator', 'rotation')),
    state text not null check (state in ('issued', 'active', 'ended')),
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    rotate_after_ms bigint not null,
    authenticated_at_ms bigint,
    ended_at_ms bigint
  )`,
  `create unique index credentials_live on credentials (device_id, state) where state <> 'ended'`,
  `create index credentials_by_device on credentials (device_id)`,
  `create index credentials_due on credentials (rotate_after_ms) where state = 'active'`,
  `create table shadows (
    device_id text primary key references devices (id),
    organization_id text not null references organizations (id),
    version bigint not null,
    desired text not null,
    reported text not null,
    desired_times text not null,
    reported_times text not null,
    updated_at_ms bigint not null
  )`,
];

function records(sequence: string): string[] {
  return [
    `create table events (
      sequence ${sequence},
      organization_id text not null references organizations (id),
      at_ms bigint not null,
      type text not null,
      object_id text not null,
      data text not null
    )`,
    `create index events_by_organization on events (organization_id, sequence)`,
    `create table audit_log (
      sequence ${sequence},
      organization_id text not null references organizations (id),
      at_ms bigint not null,
      actor_kind text not null,
      actor_id text not null,
      action text not null,
      object_kind text,
      object_id text,
      address text,
      outcome text not null check (outcome in ('success', 'failure')),
      reason text,
      request_id text,
      detail text not null
    )`,
    `create index audit_by_organization on audit_log (organization_id, sequence)`,
    `create index audit_by_object on audit_log (organization_id, object_id, sequence)`,
  ];
}
