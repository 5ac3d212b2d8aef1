import type { ClonePolicy, CloneEvidence } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { pardoned } from './decide.ts';
import { readHistory, writeHistory } from './history.ts';

/** The device, locked, if it may connect and nothing is suspected of it yet. */
export async function lockUnsuspected(tx: Tx, deviceId: string): Promise<DeviceRow | undefined> {
  const rows = await sql<DeviceRow>`select * from devices where id = ${deviceId}
    and lifecycle = 'active' and clone_suspected_at_ms is null ${tx.forUpdate}`.execute(tx.db);
  return rows.rows[0];
}

export async function keepHistory(tx: Tx, deviceId: string, history: string): Promise<void> {
  await tx.db.updateTable('devices').set({ tunnel_history: history }).where('id', '=', deviceId).execute();
}

export async function markSuspected(tx: Tx, deviceId: string, evidence: CloneEvidence): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({ clone_suspected_at_ms: tx.nowMs, clone_evidence: JSON.stringify(evidence) })
    .where('id', '=', deviceId)
    .execute();
}

/**
 * An operator has decided: nothing is suspected any more, and what is connected now is the device. A rotation whose
 * offer was taken back is asked for anew, so that the open tunnel takes it up again.
 */
export async function pardon(tx: Tx, row: DeviceRow): Promise<void> {
  const history = writeHistory(pardoned(readHistory(row.tunnel_history)));
  const wantedAtMs = row.rotation_wanted_at_ms === null ? null : tx.nowMs;
  await tx.db
    .updateTable('devices')
    .set({ clone_suspected_at_ms: null, clone_evidence: null, tunnel_history: history })
    .set({ rotation_wanted_at_ms: wantedAtMs, security_changed_at_ms: tx.nowMs })
    .where('id', '=', row.id)
    .execute();
}

export async function clonePolicyOf(tx: Tx, organizationId: string): Promise<ClonePolicy> {
  const row = await tx.db
    .selectFrom('organizations')
    .select('clone_policy')
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  return row.clone_policy;
}

/** Devices of which a tunnel has replaced another since then, with the epoch of the newest. */
export async function replacedSince(
  database: Database,
  sinceMs: number,
): Promise<readonly { readonly id: string; readonly session_epoch: number }[]> {
  return database.db
    .selectFrom('devices')
    .select(['id', 'session_epoch'])
    .where('replaced_at_ms', '>=', sinceMs)
    .execute();
}
