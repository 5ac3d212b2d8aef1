import { formatProvisioningLink } from '@edgeflow/contract';
import { sql } from 'kysely';
import { ProblemError } from '../../../http/problems.ts';
import { type KeyRing, openSealed } from '../../../keyring/index.ts';
import type { BatchRow } from '../../../storage/batch-tables.ts';
import type { Database } from '../../../storage/database.ts';
import { sealOf } from '../texts.ts';

/** Rows opened at once. */
const pageSize = 200;

/** A row of a batch with the text of its code, where that is kept: for whoever exports it, and for nobody else. */
export interface OpenRow {
  /** From 1. */
  readonly number: number;
  readonly name: string | null;
  readonly serialNumber: string | null;
  readonly macAddress: string | null;
  readonly tags: readonly string[];
  /** null for one of an earlier edition that was used or revoked: its text was wiped with that edition. */
  readonly code: string | null;
  readonly link: string | null;
  readonly expiresAtMs: number;
  readonly status: 'active' | 'used' | 'revoked' | 'expired';
}

/** One whose code could be used now. */
export interface UsableRow extends OpenRow {
  readonly code: string;
  readonly link: string;
}

export function isUsable(row: OpenRow): row is UsableRow {
  return row.status === 'active' && row.code !== null;
}

export interface TextSource {
  readonly database: Database;
  readonly keyRing: KeyRing;
  /** Where devices reach the cloud, without a slash at its end. */
  readonly publicUrl: () => string;
  /** SPKI pins that devices need. */
  readonly pins: () => readonly string[];
}

interface SealedRow {
  readonly number: number;
  readonly device_name: string | null;
  readonly serial_number: string | null;
  readonly mac_address: string | null;
  readonly tags: string;
  readonly sealed_text: string | null;
  readonly code_id: string;
  readonly server_key_id: string;
  readonly state: 'active' | 'used' | 'revoked';
  readonly expires_at_ms: number;
}

/**
 * The rows of a batch in their order, with their texts, so many at a time.
 *
 * Every page is of the edition that `batch` shows, which is the one whose export was written down. It throws
 * `batch_texts_wiped` once they are replaced, wiped or kept for no longer: half a file must not look like a whole one.
 */
export async function* openRows(source: TextSource, batch: BatchRow): AsyncGenerator<readonly OpenRow[]> {
  const { database } = source;
  for (let after = 0; after < batch.rows_total;) {
    const nowMs = await database.nowMs();
    const page = await readPage(database, batch, after, nowMs);
    const last = page.at(-1);
    if (last === undefined) throw changedMeanwhile();
    yield page.map((row) => openRow(source, batch, row, nowMs));
    after = last.number;
  }
}

/** One statement, so that the batch is judged at the very moment at which its rows are read. */
async function readPage(
  { db }: Database,
  { edition, id }: BatchRow,
  after: number,
  nowMs: number,
): Promise<readonly SealedRow[]> {
  const page = await sql<SealedRow>`select r.number, r.device_name, r.serial_number, r.mac_address, r.tags,
      r.sealed_text, c.id as code_id, c.server_key_id, c.state, c.expires_at_ms
    from batches b join batch_rows r on r.batch_id = b.id join provisioning_codes c on c.id = r.code_id
    where b.id = ${id} and b.edition = ${edition} and b.work is null and b.texts_until_ms > ${nowMs}
      and r.number > ${after} order by r.number limit ${pageSize}`.execute(db);
  return page.rows;
}

function openRow(source: TextSource, batch: BatchRow, row: SealedRow, nowMs: number): OpenRow {
  const code = textOf(source.keyRing, batch, row);
  const place = { cloudUrl: source.publicUrl(), pins: source.pins() };
  return {
    number: row.number,
    name: row.device_name,
    serialNumber: row.serial_number,
    macAddress: row.mac_address,
    tags: JSON.parse(row.tags) as string[],
    code,
    link: code === null ? null : formatProvisioningLink({ ...place, code, codeId: row.code_id }),
    expiresAtMs: row.expires_at_ms,
    status: row.state === 'active' && row.expires_at_ms <= nowMs ? 'expired' : row.state,
  };
}

function textOf(keyRing: KeyRing, batch: BatchRow, row: SealedRow): string | null {
  if (row.sealed_text === null) {
    if (row.state !== 'active') return null;
    throw changedMeanwhile();
  }
  const { id: batchId, organization_id: organizationId } = batch;
  const seal = sealOf({ keyId: row.server_key_id, organizationId, batchId, codeId: row.code_id });
  return openSealed(keyRing, seal, row.sealed_text);
}

function changedMeanwhile(): ProblemError {
  return new ProblemError('batch_texts_wiped', {
    detail: 'They were wiped or replaced while they were read.',
  });
}
