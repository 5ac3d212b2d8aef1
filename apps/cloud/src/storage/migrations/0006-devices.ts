import { type Kysely, sql } from 'kysely';

/**
 * What is known of a device beyond its registration: its board as a column, what people note about it, its connections
 * one by one; and changes to many devices that are under way.
 */
export function devices(kind: 'sqlite' | 'postgres'): { up(db: Kysely<unknown>): Promise<void> } {
  const board =
    kind === 'sqlite'
      ? `case when json_type(hardware_info, '$.board_model') = 'text'
          then json_extract(hardware_info, '$.board_model') end`
      : `case when json_typeof(hardware_info::json -> 'board_model') = 'string'
          then hardware_info::json ->> 'board_model' end`;
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
      await sql
        .raw(`update devices set board_model = nullif(substr(trim(${board}), 1, 128), '')`)
        .execute(db);
    },
  };
}

const statements = [
  `alter table devices add column board_model text`,
  `create table device_notes (
    device_id text primary key references devices (id),
    organization_id text not null references organizations (id),
    notes text,
    location text,
    latitude double precision,
    longitude double precision,
    updated_at_ms bigint not null
  )`,
  `create table device_connections (
    device_id text not null references devices (id),
    epoch bigint not null,
    organization_id text not null references organizations (id),
    began_at_ms bigint not null,
    address text,
    ended_at_ms bigint,
    close_reason text,
    primary key (device_id, epoch)
  )`,
  `create index device_connections_by_time on device_connections (began_at_ms)`,
  `create table bulk_changes (
    id text primary key,
    organization_id text not null references organizations (id),
    actor_id text not null,
    address text,
    request_id text,
    change text not null,
    state text not null check (state in ('running', 'finished')),
    total bigint not null,
    parts bigint not null,
    next_part bigint not null default 0,
    changed bigint not null default 0,
    skipped text not null,
    created_at_ms bigint not null,
    beat_at_ms bigint not null,
    finished_at_ms bigint
  )`,
  `create index bulk_changes_running on bulk_changes (beat_at_ms) where state = 'running'`,
  `create table bulk_parts (
    bulk_id text not null references bulk_changes (id),
    part bigint not null,
    device_ids text not null,
    primary key (bulk_id, part)
  )`,
];
