import { formatProvisioningLink } from '@edgeflow/contract';
import { sql } from 'kysely';
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
 * The rows of a batch in their order, with their texts, so many at a time. It throws when the texts are wiped while
 * they are read: half a file must not look like a whole one.
 */
export async function* openRows(source: TextSource, batch: BatchRow): AsyncGenerator<readonly OpenRow[]> {
  const { database } = source;
  const pins = source.pins();
  const cloudUrl = source.publicUrl();
  const nowMs = await database.nowMs();
  for (let after = 0; ;) {
    const page = await sql<SealedRow>`select r.number, r.device_name, r.serial_number, r.mac_address, r.tags,
        r.sealed_text, c.id as code_id, c.server_key_id, c.state, c.expires_at_ms
      from batch_rows r join provisioning_codes c on c.id = r.code_id
      where r.batch_id = ${batch.id} and r.number > ${after} order by r.number limit ${pageSize}`.execute(
      database.db,
    );
    const last = page.rows.at(-1);
    if (last === undefined) return;
    yield page.rows.map((row): OpenRow => {
      const code = textOf(source.keyRing, batch, row);
      return {
        number: row.number,
        name: row.device_name,
        serialNumber: row.serial_number,
        macAddress: row.mac_address,
        tags: JSON.parse(row.tags) as string[],
        code,
        link: code === null ? null : formatProvisioningLink({ cloudUrl, code, pins, codeId: row.code_id }),
        expiresAtMs: row.expires_at_ms,
        status: row.state === 'active' && row.expires_at_ms <= nowMs ? 'expired' : row.state,
      };
    });
    after = last.number;
  }
}

function textOf(keyRing: KeyRing, batch: BatchRow, row: SealedRow): string | null {
  if (row.sealed_text === null) {
    if (row.state !== 'active') return null;
    throw new Error('the texts were wiped while they were exported');
  }
  const { id: batchId, organization_id: organizationId } = batch;
  const seal = sealOf({ keyId: row.server_key_id, organizationId, batchId, codeId: row.code_id });
  return openSealed(keyRing, seal, row.sealed_text);
}
