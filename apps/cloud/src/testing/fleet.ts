import { sql } from 'kysely';
import type { Database } from '../storage/database.ts';

/** As many as make a plan that reads a whole table the dearer one. */
const devices = 30_000;
/** What a device tells of itself, in half of the bytes that real ones need. */
const told = JSON.stringify({ facts: 'fact '.repeat(60) });

/**
 * A fleet of one organization, `org`: devices `d00001` and so on, few of them online, each with an active key (`key of`
 * and `hash of` its name), an ended one, and a code. Half of the audit log tells of refusals.
 */
export async function insertFleet(database: Database): Promise<void> {
  const { db, kind } = database;
  await sql`insert into organizations (id, name, created_at_ms) values ('org', 'org', 1)`.execute(db);
  const nowMs = sql`cast(${await database.nowMs()} as bigint)`;
  const numbers =
    kind === 'sqlite'
      ? sql`n(i) as (select 1 union all select i + 1 from n where i < ${devices})`
      : sql`n(i) as (select generate_series(cast(1 as bigint), ${devices}))`;
  const name = kind === 'sqlite' ? sql`printf('d%05d', i)` : sql`'d' || lpad(i::text, 5, '0')`;
  await sql`with recursive ${numbers} insert into devices (id, organization_id, lifecycle, tags, origin, hardware_info,
      network_info, search_text, created_at_ms, lifecycle_changed_at_ms, session_epoch, presence, presence_since_ms,
      security_changed_at_ms, replaced_at_ms)
    select ${name}, 'org', 'active', '[]', 'code', ${told}, ${told}, ${'what is searched '.repeat(10)}, i, i, 1,
      case when i % 20 = 0 then 'online' when i % 999 = 0 then 'reconnecting' else 'offline' end, 1,
      case when i % 50 = 0 then ${nowMs} - i * 100000 end, case when i % 50 = 1 then ${nowMs} - i * 100000 end
    from n`.execute(db);
  for (const state of ['ended', 'active'] as const) {
    const prefix = state === 'active' ? '' : 'old ';
    await sql`insert into credentials (id, organization_id, device_id, key_hash, origin, state, created_at_ms,
        expires_at_ms, rotate_after_ms)
      select ${`${prefix}key of `} || id, 'org', id, ${`${prefix}hash of `} || id, 'code', ${state}, 1,
        ${nowMs} + 1000000000 * created_at_ms, ${nowMs} + 1000000 * (created_at_ms - 20) from devices`.execute(
      db,
    );
  }
  await sql`insert into provisioning_codes (id, organization_id, code_hash, server_key_id, group_count, state, tags,
      created_at_ms, created_by, expires_at_ms, used_device_id)
    select 'code ' || id, 'org', 'hash of ' || id, 'k1', 4, case when created_at_ms % 2 = 0 then 'active' else 'used' end,
      '[]', 1, 'tok', ${nowMs} + created_at_ms, case when created_at_ms % 2 = 0 then null else id end
    from devices`.execute(db);
  await sql`insert into audit_log (organization_id, at_ms, actor_kind, actor_id, action, object_id, outcome, reason, detail)
    select 'org', created_at_ms, 'anonymous', 'device', 'code.redeem', id,
      case when created_at_ms % 2 = 0 then 'failure' else 'success' end,
      case when created_at_ms % 2 = 0 then 'code_expired' end, ${JSON.stringify({ about: 'detail '.repeat(20) })}
    from devices`.execute(db);
  await sql`insert into onboarding_hours (organization_id, hour_ms, made, redeemed, online)
    select 'org', created_at_ms * 3600000, 1, 1, 1 from devices where created_at_ms <= 5000`.execute(db);
  for (const epoch of [1, 2]) {
    await sql`insert into device_connections (device_id, epoch, organization_id, began_at_ms, ended_at_ms)
      select id, cast(${epoch} as bigint), 'org', created_at_ms, created_at_ms from devices`.execute(db);
  }
  await sql`insert into alert_deliveries (id, organization_id, endpoint_id, kind, body, state, attempts, next_at_ms,
      created_at_ms, finished_at_ms)
    select 'msg ' || id, 'org', 'ale ' || id, 'test', '{}', case when created_at_ms % 100 = 0 then 'waiting'
      else 'delivered' end, 1, created_at_ms, created_at_ms, created_at_ms from devices`.execute(db);
  // As in production: PostgreSQL looks after its rows by itself, SQLite never does.
  if (kind === 'postgres') await sql`vacuum analyze`.execute(db);
}
