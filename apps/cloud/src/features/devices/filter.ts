import { type DeviceFilter, type DeviceStatus, rotationWarningDays } from '@edgeflow/contract';
import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from '../../storage/database.ts';
import { dayMs } from '../credentials/index.ts';

type Condition = RawBuilder<boolean>;

/** What every list of devices leaves out: other organizations, and tombstones. */
export function isListed(organizationId: string): Condition {
  return sql<boolean>`organization_id = ${organizationId} and lifecycle <> 'deleted'`;
}

/** Whether a filter lets every device through. */
export function isOpen(filter: DeviceFilter): boolean {
  return conditionsOf('sqlite', filter, 0).length === 0;
}

/** What devices that a filter lets through have in common. */
export function matches(kind: DatabaseKind, filter: DeviceFilter, nowMs: number): Condition {
  const conditions = conditionsOf(kind, filter, nowMs);
  return conditions.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`${sql.join(conditions, sql` and `)}`;
}

function conditionsOf(kind: DatabaseKind, filter: DeviceFilter, nowMs: number): Condition[] {
  const { board, clones, group, needs_key: needsNewKey, q, status, tag, version } = filter;
  return [
    ...(status === undefined ? [] : [hasStatus(status)]),
    ...(group === undefined ? [] : [sql<boolean>`device_group = ${group}`]),
    ...(board === undefined ? [] : [sql<boolean>`board_model = ${board}`]),
    ...(version === undefined ? [] : [sql<boolean>`agent_version = ${version}`]),
    ...(clones === undefined ? [] : [sql<boolean>`clone_suspected_at_ms is not null`]),
    ...(q === undefined || q === '' ? [] : [contains(kind, sql`search_text`, q.toLowerCase())]),
    ...(tag === undefined ? [] : [hasTag(kind, tag)]),
    ...(needsNewKey === undefined ? [] : [needsKey(nowMs)]),
  ];
}

function hasStatus(status: DeviceStatus): Condition {
  if (status === 'revoked' || status === 'quarantined') return sql<boolean>`lifecycle = ${status}`;
  return sql<boolean>`lifecycle = 'active' and presence = ${status}`;
}

/** Plain text anywhere: nothing in it is a wildcard. */
function contains(kind: DatabaseKind, within: RawBuilder<unknown>, text: string): Condition {
  return kind === 'sqlite'
    ? sql<boolean>`instr(${within}, ${text}) > 0`
    : sql<boolean>`strpos(${within}, ${text}) > 0`;
}

/** Exactly this tag. `tags` is a JSON list of texts, read only where its text lets hope. */
function hasTag(kind: DatabaseKind, tag: string): Condition {
  const tags = kind === 'sqlite' ? sql`json_each(tags)` : sql`json_array_elements_text(tags::json)`;
  const written = contains(kind, sql`tags`, JSON.stringify(tag));
  return sql<boolean>`${written} and ${tag} in (select value from ${tags})`;
}

/**
 * Its key expires soon, and it has not shown that it can rotate it. The condition `state <> 'ended'` says nothing new,
 * but is the one by which SQLite finds the index `credentials_live`.
 */
function needsKey(nowMs: number): Condition {
  const soonMs = nowMs + rotationWarningDays * dayMs;
  return sql<boolean>`lifecycle = 'active' and coalesce(can_rotate, 0) = 0 and exists (select 1 from credentials
    where device_id = devices.id and state <> 'ended' and state = 'active' and expires_at_ms <= ${soonMs})`;
}
