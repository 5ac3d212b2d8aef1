import { sql } from 'kysely';
import { lockDevices } from '../../storage/device-locks.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { forEachRow, insertRows } from '../../storage/rows.ts';
import type { Tx } from '../../storage/database.ts';
import type { CodeRow, CredentialRow, DeviceRow, OrganizationRow } from '../../storage/tables.ts';
import type { Redemption } from './claim.ts';

/** The statements of a batch of redemptions. Each is one query whatever the size of the batch. */

/** The codes behind these hashes, locked in one order so that two nodes never wait for each other in a ring. */
export async function lockCodes(tx: Tx, hashes: readonly string[]): Promise<Map<string, CodeRow>> {
  const rows = await sql<CodeRow>`select * from provisioning_codes
    where code_hash in ${jsonTexts(tx.kind, hashes)} order by id ${tx.forUpdate}`.execute(tx.db);
  return new Map(rows.rows.map((row) => [row.code_hash, row]));
}

export async function readCredentials(tx: Tx, ids: readonly string[]): Promise<Map<string, CredentialRow>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<CredentialRow>`select * from credentials
    where id in ${jsonTexts(tx.kind, ids)}`.execute(tx.db);
  return new Map(rows.rows.map((row) => [row.id, row]));
}

export async function lockOrganizations(
  tx: Tx,
  ids: readonly string[],
): Promise<Map<string, OrganizationRow>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<OrganizationRow>`select * from organizations
    where id in ${jsonTexts(tx.kind, ids)} order by id ${tx.forUpdate}`.execute(tx.db);
  return new Map(rows.rows.map((row) => [row.id, row]));
}

export async function lockTargets(tx: Tx, ids: readonly string[]): Promise<Map<string, DeviceRow>> {
  if (ids.length === 0) return new Map();
  const rows = await lockDevices(tx, jsonTexts(tx.kind, ids));
  return new Map(rows.map((row) => [row.id, row]));
}

const usedColumns = {
  code_id: 'text',
  device_id: 'text',
  credential_id: 'text',
  claimant_hash: 'text',
  address: 'text',
  key_expires_at_ms: 'bigint',
  now_ms: 'bigint',
} as const;

/**
 * THE single use: state = active and not expired and not revoked → used. The row count is the authority; whoever
 * reads fewer rows than it wrote must start again.
 *
 * @returns how many codes became used
 */
export async function useCodes(tx: Tx, redemptions: readonly Redemption[]): Promise<number> {
  const rows = redemptions.map((redemption) => ({
    code_id: redemption.code.id,
    device_id: redemption.deviceId,
    credential_id: redemption.credentialId,
    claimant_hash: redemption.claimantHash,
    address: redemption.address,
    key_expires_at_ms: redemption.keyExpiresAtMs,
    now_ms: tx.nowMs,
  }));
  const result = await forEachRow(
    tx,
    usedColumns,
    rows,
    (r, from) => sql`update provisioning_codes set state = 'used', used_at_ms = ${r.now_ms},
      used_address = ${r.address}, used_device_id = ${r.device_id}, used_credential_id = ${r.credential_id},
      claimant_hash = ${r.claimant_hash}, answer_expires_at_ms = ${r.key_expires_at_ms}
    ${from} where provisioning_codes.id = ${r.code_id} and state = 'active' and expires_at_ms > ${r.now_ms}`,
  );
  return Number(result.numAffectedRows ?? 0n);
}

/** Counts devices into their organization, only while its limit holds. Returns whether it did. */
export async function countDevices(tx: Tx, organizationId: string, added: number): Promise<boolean> {
  const result = await sql`update organizations set device_count = device_count + ${added}
    where id = ${organizationId} and (device_limit is null or device_count + ${added} <= device_limit)
  `.execute(tx.db);
  return result.numAffectedRows === 1n;
}

const deviceColumns = {
  id: 'text',
  organization_id: 'text',
  lifecycle: 'text',
  name: 'text',
  tags: 'text',
  device_group: 'text',
  origin: 'text',
  code_id: 'text',
  hardware_info: 'text',
  network_info: 'text',
  agent_version: 'text',
  board_model: 'text',
  search_text: 'text',
  created_at_ms: 'bigint',
  lifecycle_changed_at_ms: 'bigint',
} as const;

export async function insertDevices(tx: Tx, redemptions: readonly Redemption[]): Promise<void> {
  const rows = redemptions.map((redemption) => ({
    id: redemption.deviceId,
    organization_id: redemption.code.organization_id,
    lifecycle: 'active',
    name: redemption.code.device_name,
    tags: redemption.code.tags,
    device_group: redemption.code.device_group,
    origin: 'code',
    code_id: redemption.code.id,
    hardware_info: redemption.hardwareInfo,
    network_info: redemption.networkInfo,
    agent_version: redemption.agentVersion,
    board_model: redemption.boardModel,
    search_text: redemption.searchText,
    created_at_ms: tx.nowMs,
    lifecycle_changed_at_ms: tx.nowMs,
  }));
  await insertRows(tx, 'devices', deviceColumns, rows);
}

const refreshColumns = {
  id: 'text',
  code_id: 'text',
  credential_id: 'text',
  hardware_info: 'text',
  network_info: 'text',
  agent_version: 'text',
  board_model: 'text',
  search_text: 'text',
} as const;

/**
 * Re-provisioning keeps id, name, tags and history; what the device says about itself is new. A quarantine ends with
 * the first use of the new key, not before: until then the old one would be let in again.
 */
export async function refreshDevices(tx: Tx, redemptions: readonly Redemption[]): Promise<void> {
  const rows = redemptions.map((redemption) => ({
    id: redemption.deviceId,
    code_id: redemption.code.id,
    credential_id: redemption.credentialId,
    hardware_info: redemption.hardwareInfo,
    network_info: redemption.networkInfo,
    agent_version: redemption.agentVersion,
    board_model: redemption.boardModel,
    search_text: redemption.searchText,
  }));
  await forEachRow(
    tx,
    refreshColumns,
    rows,
    (r, from) => sql`update devices set code_id = ${r.code_id}, hardware_info = ${r.hardware_info},
      network_info = ${r.network_info}, agent_version = ${r.agent_version},
      board_model = ${r.board_model}, search_text = ${r.search_text},
      can_rotate = null,
      readmit_credential_id = case when lifecycle = 'quarantined' then ${r.credential_id} end
    ${from} where devices.id = ${r.id}`,
  );
}

const failureColumns = { code_id: 'text', reason: 'text', attempts: 'bigint', now_ms: 'bigint' } as const;

export interface CodeFailure {
  readonly code_id: string;
  /** Of the last attempt. */
  readonly reason: string;
  readonly attempts: number;
}

/** Notes attempts that known codes refused; one entry a code. */
export async function noteFailures(tx: Tx, failures: readonly CodeFailure[]): Promise<void> {
  const rows = failures.map((failure) => ({ ...failure, now_ms: tx.nowMs }));
  await forEachRow(
    tx,
    failureColumns,
    rows,
    (r, from) => sql`update provisioning_codes set failed_attempts = failed_attempts + ${r.attempts},
      last_failed_at_ms = ${r.now_ms}, last_failed_reason = ${r.reason}
    ${from} where provisioning_codes.id = ${r.code_id}`,
  );
}
