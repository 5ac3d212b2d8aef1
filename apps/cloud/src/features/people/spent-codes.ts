import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Tx } from '../../storage/database.ts';
import type { UserRow } from '../../storage/people-tables.ts';
import { sha256 } from './secrets.ts';

/** A code of the authenticator is good for three periods of 30 s; none is accepted twice within them. */
const codeLifeMs = 120_000;
/** Codes remembered; as many later ones have periods enough for the first to have ended. */
const keptMax = 8;

/**
 * Notes that a code was used, unless it was used before (RFC 6238, section 5.2): whoever watched it being typed signs
 * in with it no second time, not even when its person has used a later one since.
 *
 * @throws ProblemError `second_factor_failed`
 */
export async function spendCode(tx: Tx, userId: string, code: string): Promise<void> {
  const used = sha256(`${userId} ${code.replaceAll(/\s/g, '')}`);
  // Held, so that of two that spend one code at the same moment the second sees the first.
  const found = await sql<Pick<UserRow, 'used_code_hash' | 'used_code_at_ms'>>`select used_code_hash,
    used_code_at_ms from users where id = ${userId} ${tx.forUpdate}`.execute(tx.db);
  const { used_code_at_ms: atMs, used_code_hash: hashes } = found.rows[0] ?? {};
  const isLate = (atMs ?? 0) < tx.nowMs - codeLifeMs;
  const spent = isLate ? [] : (hashes?.split(' ') ?? []);
  if (spent.includes(used)) throw new ProblemError('second_factor_failed');
  const kept = [...spent, used].slice(-keptMax).join(' ');
  const row = { used_code_hash: kept, used_code_at_ms: tx.nowMs };
  await tx.db.updateTable('users').set(row).where('id', '=', userId).execute();
}
