import { type Kysely, sql } from 'kysely';

/** Alert rules, where their messages go, what they have found, and what is to be sent. */
export const alerts = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create table alert_rules (
    id text primary key,
    organization_id text not null references organizations (id),
    device_group text not null,
    offline_minutes integer,
    key_days integer,
    endpoint_ids text,
    created_at_ms bigint not null,
    offline_edge_ms bigint not null,
    swept_at_ms bigint not null,
    keys_swept_at_ms bigint not null,
    unique (organization_id, device_group)
  )`,
  `create index alert_rules_due on alert_rules (swept_at_ms)`,
  `create table alert_endpoints (
    id text primary key,
    organization_id text not null references organizations (id),
    kind text not null check (kind in ('webhook', 'email')),
    name text not null,
    target text not null,
    server_key_id text,
    secret text,
    old_secret text,
    old_secret_until_ms bigint,
    created_at_ms bigint not null,
    disabled_at_ms bigint,
    disabled_reason text,
    failing_since_ms bigint,
    last_error text,
    last_delivered_at_ms bigint
  )`,
  `create index alert_endpoints_by_organization on alert_endpoints (organization_id, created_at_ms, id)`,
  `create table alert_incidents (
    id text primary key,
    organization_id text not null references organizations (id),
    rule_id text not null,
    device_group text not null,
    condition text not null check (condition in ('offline', 'key_expiring')),
    state text not null check (state in ('open', 'resolved')),
    created_at_ms bigint not null,
    from_ms bigint not null,
    to_ms bigint not null,
    devices_joined integer not null,
    devices_now integer not null,
    messages integer not null,
    told_devices integer not null,
    told_at_ms bigint,
    resolved_at_ms bigint
  )`,
  `create index alert_incidents_by_time on alert_incidents (organization_id, created_at_ms, id)`,
  `create index alert_incidents_open on alert_incidents (rule_id) where state = 'open'`,
  `create index alert_incidents_resolved on alert_incidents (resolved_at_ms) where state = 'resolved'`,
  `create table alert_deliveries (
    id text primary key,
    organization_id text not null references organizations (id),
    endpoint_id text not null,
    incident_id text,
    kind text not null,
    body text not null,
    state text not null check (state in ('waiting', 'delivered', 'failed')),
    attempts integer not null,
    next_at_ms bigint not null,
    created_at_ms bigint not null,
    finished_at_ms bigint,
    last_error text
  )`,
  `create index alert_deliveries_due on alert_deliveries (next_at_ms) where state = 'waiting'`,
  `create index alert_deliveries_by_time on alert_deliveries (organization_id, created_at_ms, id)`,
  `create index alert_deliveries_by_endpoint on alert_deliveries (endpoint_id, state)`,
  `create index alert_deliveries_finished on alert_deliveries (finished_at_ms) where state <> 'waiting'`,
  `create index devices_offline on devices (organization_id, presence_since_ms, device_group, id)
    where presence = 'offline' and lifecycle = 'active'`,
  `alter table credentials add column alert_incident_id text`,
  `create index credentials_by_alert on credentials (alert_incident_id) where alert_incident_id is not null`,
];
