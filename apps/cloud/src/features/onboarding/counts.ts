import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { addCounts, type Count } from './store.ts';

/** A code, as much of it as decides where it counts. */
interface CountedCode {
  readonly organization_id: string;
  readonly created_at_ms: number;
}

/**
 * What becomes of codes is counted by the hour in which they were made, in the transaction in which it happens: one
 * statement a transaction, however many codes it is about. So onboarding is shown without reading a code.
 */
export function countMade(tx: Tx, codes: readonly CountedCode[]): Promise<void> {
  return addCounts(tx, codes.map(countOf('made')));
}

export function countRedeemed(tx: Tx, codes: readonly CountedCode[]): Promise<void> {
  return addCounts(tx, codes.map(countOf('redeemed')));
}

/**
 * The first use of keys that codes have given out.
 *
 * @param codeIds of the devices whose key it was
 */
export async function countOnline(tx: Tx, codeIds: readonly string[]): Promise<void> {
  if (codeIds.length === 0) return;
  const codes = await sql<CountedCode>`select organization_id, created_at_ms from provisioning_codes
    where id in ${jsonTexts(tx.kind, codeIds)}`.execute(tx.db);
  await addCounts(tx, codes.rows.map(countOf('online')));
}

function countOf(step: 'made' | 'redeemed' | 'online'): (code: CountedCode) => Count {
  return ({ created_at_ms: atMs, organization_id: organizationId }) => ({ organizationId, atMs, step });
}
