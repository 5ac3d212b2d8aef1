import { type Kysely, sql } from 'kysely';
import { lockDevices } from '../../storage/device-locks.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { insertRows } from '../../storage/rows.ts';
import type { Database, DatabaseKind, Tx } from '../../storage/database.ts';
import { LostRaceError } from '../../storage/failures.ts';
import type { CredentialRow, DeviceRow, Tables } from '../../storage/tables.ts';
import type { KeyMatch } from './decide.ts';

/**
 * The condition of the index `credentials_live`, word for word: SQLite finds the credentials of a device by it only in
 * statements that repeat it, even beside a condition that implies it.
 */
const living = sql<boolean>`state <> 'ended'`;

const columns = {
  id: 'text',
  organization_id: 'text',
  device_id: 'text',
  key_hash: 'text',
  origin: 'text',
  state: 'text',
  created_at_ms: 'bigint',
  expires_at_ms: 'bigint',
  rotate_after_ms: 'bigint',
} as const;

export interface NewCredential {
  readonly id: string;
  readonly organizationId: string;
  readonly deviceId: string;
  readonly keyHash: string;
  readonly origin: CredentialRow['origin'];
  readonly expiresAtMs: number;
  readonly rotateAfterMs: number;
}

/** Issues credentials. At most one issued credential a device: the one before, if it never authenticated, ends. */
export async function issueCredentials(
  tx: Tx,
  credentials: readonly NewCredential[],
  devicesThatExisted: readonly string[],
): Promise<void> {
  if (devicesThatExisted.length > 0) {
    await sql`update credentials set state = 'ended', ended_at_ms = ${tx.nowMs}
      where ${living} and state = 'issued' and device_id in ${jsonTexts(tx.kind, devicesThatExisted)}`.execute(
      tx.db,
    );
  }
  const rows = credentials.map((credential) => ({
    id: credential.id,
    organization_id: credential.organizationId,
    device_id: credential.deviceId,
    key_hash: credential.keyHash,
    origin: credential.origin,
    state: 'issued',
    created_at_ms: tx.nowMs,
    expires_at_ms: credential.expiresAtMs,
    rotate_after_ms: credential.rotateAfterMs,
  }));
  await insertRows(tx, 'credentials', columns, rows);
}

/** What takes no locks. */
interface KeySource {
  readonly kind: DatabaseKind;
  readonly db: Kysely<Tables>;
}

/** What keys match, by their hash. In a transaction the devices are locked first. */
export async function matchKeys(
  source: KeySource | Tx,
  keyHashes: readonly string[],
): Promise<Map<string, KeyMatch>> {
  const hashes = jsonTexts(source.kind, keyHashes);
  const owners = sql`(select device_id from credentials where key_hash in ${hashes})`;
  const devices =
    'forUpdate' in source
      ? await lockDevices(source, owners)
      : (await sql<DeviceRow>`select * from devices where id in ${owners}`.execute(source.db)).rows;
  const credentials = await sql<CredentialRow>`select * from credentials where key_hash in ${hashes}`.execute(
    source.db,
  );
  const byId = new Map(devices.map((row) => [row.id, row]));
  const matches = new Map<string, KeyMatch>();
  for (const credential of credentials.rows) {
    const device = byId.get(credential.device_id);
    if (device !== undefined) matches.set(credential.key_hash, { credential, device });
  }
  return matches;
}

/** The living credentials of devices: at most one issued and one active each. */
export async function livingCredentials(
  source: Database | Tx,
  deviceIds: readonly string[],
): Promise<CredentialRow[]> {
  if (deviceIds.length === 0) return [];
  const rows = await sql<CredentialRow>`select * from credentials
    where ${living} and device_id in ${jsonTexts(source.kind, deviceIds)}`.execute(source.db);
  return rows.rows;
}

/**
 * The first authentication of issued keys: from now on they are the devices' keys, and the ones before are dead.
 *
 * @returns the devices whose earlier key died by it
 */
export async function activateCredentials(tx: Tx, credentials: readonly CredentialRow[]): Promise<string[]> {
  const deviceIds = credentials.map((credential) => credential.device_id);
  const ended = await sql<{ device_id: string }>`update credentials
    set state = 'ended', ended_at_ms = ${tx.nowMs}
    where ${living} and state = 'active' and device_id in ${jsonTexts(tx.kind, deviceIds)} returning device_id`.execute(
    tx.db,
  );
  const ids = credentials.map((credential) => credential.id);
  const activated = await sql`update credentials set state = 'active', authenticated_at_ms = ${tx.nowMs}
    where state = 'issued' and id in ${jsonTexts(tx.kind, ids)}`.execute(tx.db);
  // The row count is the authority: ending an old key for a new one that is gone would leave the device with none.
  if (Number(activated.numAffectedRows ?? 0n) !== credentials.length)
    throw new LostRaceError('a key changed');
  const replaced = ended.rows.map((row) => row.device_id);
  await startAfresh(tx, deviceIds);
  if (replaced.length > 0) {
    await sql`update devices set security_changed_at_ms = ${tx.nowMs}
      where id in ${jsonTexts(tx.kind, replaced)}`.execute(tx.db);
  }
  return replaced;
}

/**
 * A new key is in use: no other is wanted, and whoever shared the earlier one is out, so what was suspected of it and
 * the quarantine end with it.
 */
async function startAfresh(tx: Tx, deviceIds: readonly string[]): Promise<void> {
  await sql`update devices set rotation_wanted_at_ms = null, readmit_credential_id = null,
      clone_suspected_at_ms = null, clone_evidence = null, tunnel_history = null,
      lifecycle = case when lifecycle = 'quarantined' then 'active' else lifecycle end,
      lifecycle_changed_at_ms = case when lifecycle = 'quarantined' then ${tx.nowMs} else lifecycle_changed_at_ms end
    where id in ${jsonTexts(tx.kind, deviceIds)} and (rotation_wanted_at_ms is not null
      or tunnel_history is not null or clone_suspected_at_ms is not null or lifecycle = 'quarantined')`.execute(
    tx.db,
  );
}

/** Ends every living credential of a device. */
export async function endCredentials(tx: Tx, deviceId: string): Promise<void> {
  await tx.db
    .updateTable('credentials')
    .set({ state: 'ended', ended_at_ms: tx.nowMs })
    .where('device_id', '=', deviceId)
    .where('state', '<>', 'ended')
    .execute();
}

/** Takes back an offer that has not been used; returns whether there was one. */
export async function endOffer(tx: Tx, credentialId: string): Promise<boolean> {
  const result = await tx.db
    .updateTable('credentials')
    .set({ state: 'ended', ended_at_ms: tx.nowMs })
    .where('id', '=', credentialId)
    .where('state', '=', 'issued')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Takes back what rotation has offered a device and it has not used. */
export async function endRotationOffers(tx: Tx, deviceId: string): Promise<void> {
  await tx.db
    .updateTable('credentials')
    .set({ state: 'ended', ended_at_ms: tx.nowMs })
    .where('device_id', '=', deviceId)
    .where(living)
    .where('state', '=', 'issued')
    .where('origin', '=', 'rotation')
    .execute();
}

/** Moves the expiry of living credentials. */
export async function moveExpiry(
  tx: Tx,
  credentialId: string,
  life: { readonly expiresAtMs: number; readonly rotateAfterMs: number },
): Promise<void> {
  await tx.db
    .updateTable('credentials')
    .set({ expires_at_ms: life.expiresAtMs, rotate_after_ms: life.rotateAfterMs })
    .where('id', '=', credentialId)
    .execute();
}

/** The same by the public ids of credentials, for tunnels that are open already. */
export async function matchKeysById(
  database: Database,
  ids: readonly string[],
): Promise<Map<string, KeyMatch>> {
  const credentials = await sql<CredentialRow>`select * from credentials
    where id in ${jsonTexts(database.kind, ids)}`.execute(database.db);
  const matches = await matchKeys(
    database,
    credentials.rows.map((row) => row.key_hash),
  );
  return new Map([...matches.values()].map((match) => [match.credential.id, match]));
}
