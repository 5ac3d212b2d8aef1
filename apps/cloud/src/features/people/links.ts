import type { Random } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { AccessLinkRow } from '../../storage/people-tables.ts';
import { makeLinkSecret, sha256 } from './secrets.ts';

type Purpose = AccessLinkRow['purpose'];
type Source = Pick<Database | Tx, 'db'>;

/** How long a link that the command line prints works. */
export const linkSeconds: Readonly<Record<Purpose, number>> = {
  setup: 3600,
  reset_owner: 3600,
  sign_in: 600,
};

/** Makes a link's secret; only its hash is kept. */
export async function makeLink(
  tx: Tx,
  random: Random,
  purpose: Purpose,
  userId: string | null = null,
): Promise<string> {
  const secret = makeLinkSecret(random);
  // Links that nobody used do not pile up.
  await tx.db.deleteFrom('access_links').where('expires_at_ms', '<=', tx.nowMs).execute();
  await tx.db
    .insertInto('access_links')
    .values({
      ...{ secret_hash: sha256(secret), purpose, user_id: userId, created_at_ms: tx.nowMs },
      ...{ expires_at_ms: tx.nowMs + linkSeconds[purpose] * 1000, used_at_ms: null },
    })
    .execute();
  return secret;
}

/** A link that works still. @throws ProblemError `link_invalid` */
export async function livingLink(
  source: Source,
  nowMs: number,
  secret: string,
  purposes: readonly Purpose[],
): Promise<AccessLinkRow> {
  const row = await source.db
    .selectFrom('access_links')
    .selectAll()
    .where('secret_hash', '=', sha256(secret))
    .where('purpose', 'in', purposes)
    .where('used_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  if (row === undefined) throw new ProblemError('link_invalid');
  return row;
}

/** Uses a link. Of several at the same moment one succeeds. @throws ProblemError `link_invalid` */
export async function useLink(tx: Tx, secret: string, purposes: readonly Purpose[]): Promise<AccessLinkRow> {
  const link = await livingLink(tx, tx.nowMs, secret, purposes);
  const used = await tx.db
    .updateTable('access_links')
    .set({ used_at_ms: tx.nowMs })
    .where('secret_hash', '=', link.secret_hash)
    .where('used_at_ms', 'is', null)
    .executeTakeFirst();
  if (used.numUpdatedRows === 0n) throw new ProblemError('link_invalid');
  return link;
}
