import { type AuditEntry, errorCatalogue, isErrorCode } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import type { StoredAudit } from './list.ts';

/** Finds what things of one kind are called now. */
export type NamesOf = (
  database: Database,
  organizationId: string,
  ids: readonly string[],
) => Promise<ReadonlyMap<string, string>>;

/** Where names come from; the audit log itself knows none of these features. */
export interface NameSources {
  readonly operators: NamesOf;
  readonly devices: NamesOf;
}

/**
 * Entries as they are shown: with the names that operators had when they acted, and those that devices and objects have
 * now.
 */
export async function viewEntries(
  database: Database,
  organizationId: string,
  rows: readonly StoredAudit[],
  sources: NameSources,
): Promise<AuditEntry[]> {
  const names = await namesIn(database, organizationId, rows, sources);
  return rows.map((row) => toEntry(row, names));
}

async function namesIn(
  database: Database,
  organizationId: string,
  rows: readonly StoredAudit[],
  sources: NameSources,
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(
    rows.flatMap((row) => [row.actor_name === null ? row.actor_id : '', row.object_id ?? '']),
  );
  const beginning = (prefix: string): string[] => [...ids].filter((id) => id.startsWith(prefix));
  const found = await Promise.all([
    sources.operators(database, organizationId, [...beginning('tok_'), ...beginning('usr_')]),
    sources.devices(database, organizationId, beginning('dev_')),
    codeNames(database, organizationId, beginning('pc_')),
    batchNames(database, organizationId, beginning('batch_')),
  ]);
  return new Map(found.flatMap((names) => [...names]));
}

interface Named {
  readonly id: string;
  readonly name: string | null;
}

/** A code is called by its name, or by that of the device it is for. */
const codeNames: NamesOf = async (database, organizationId, ids) => {
  if (ids.length === 0) return new Map();
  const rows = await sql<Named>`select id, coalesce(name, device_name) as name from provisioning_codes
    where id in ${jsonTexts(database.kind, ids)} and organization_id = ${organizationId}`.execute(
    database.db,
  );
  return named(rows.rows);
};

const batchNames: NamesOf = async (database, organizationId, ids) => {
  if (ids.length === 0) return new Map();
  const rows = await sql<Named>`select id, name from batches
    where id in ${jsonTexts(database.kind, ids)} and organization_id = ${organizationId}`.execute(
    database.db,
  );
  return named(rows.rows);
};

function named(rows: readonly Named[]): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])));
}

function toEntry(row: StoredAudit, names: ReadonlyMap<string, string>): AuditEntry {
  const nameOf = (id: string): string | null => names.get(id) ?? null;
  const objectId = row.object_id ?? '';
  return {
    id: `aud_${String(row.sequence)}`,
    at: toRfc3339(row.at_ms),
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name ?? nameOf(row.actor_id) },
    action: row.action,
    object: row.object_kind === null ? null : { kind: row.object_kind, id: objectId, name: nameOf(objectId) },
    address: row.address,
    outcome: row.outcome,
    reason: row.reason,
    request_id: row.request_id,
    detail: {
      ...(JSON.parse(row.detail) as AuditEntry['detail']),
      ...(row.reason !== null && isErrorCode(row.reason)
        ? { next_step: errorCatalogue[row.reason].nextStep }
        : {}),
    },
  };
}
