import { type Kysely, sql } from 'kysely';

/** What it takes to count a fleet of any size in milliseconds. */
export const overview = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create table onboarding_hours (
    organization_id text not null references organizations (id),
    hour_ms bigint not null,
    made integer not null,
    redeemed integer not null,
    online integer not null,
    primary key (organization_id, hour_ms)
  )`,
  `insert into onboarding_hours (organization_id, hour_ms, made, redeemed, online)
    select c.organization_id, c.created_at_ms - c.created_at_ms % 3600000, count(*),
      sum(case when c.state = 'used' then 1 else 0 end),
      sum(case when k.authenticated_at_ms is not null then 1 else 0 end)
    from provisioning_codes c left join credentials k on k.id = c.used_credential_id
    group by c.organization_id, c.created_at_ms - c.created_at_ms % 3600000`,
  `create index devices_by_status on devices (organization_id, lifecycle, presence, created_at_ms, id)
    where lifecycle <> 'deleted'`,
  `create index devices_by_version on devices (organization_id, agent_version, created_at_ms, id)
    where lifecycle <> 'deleted'`,
  `create index devices_cannot_rotate on devices (organization_id, id)
    where can_rotate = 0 and lifecycle = 'active'`,
  `create index credentials_by_expiry on credentials (organization_id, expires_at_ms, device_id)
    where state = 'active'`,
  `create index audit_refusals on audit_log (organization_id, at_ms, reason, object_id)
    where outcome = 'failure' and action in ('code.redeem', 'key.refused')`,
];
