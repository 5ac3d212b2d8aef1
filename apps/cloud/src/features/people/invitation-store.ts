import type { Role } from '@edgeflow/contract';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { InvitationRow } from '../../storage/people-tables.ts';
import { sha256 } from './secrets.ts';

type Source = Pick<Database | Tx, 'db'>;

/** An invitation that can be accepted, with the names that it shows. */
export interface LivingInvitation extends InvitationRow {
  readonly organization_name: string;
  /** Name of the person or token that invited. */
  readonly inviter: string;
}

/** One that is about to be accepted. */
export interface FoundInvitation extends LivingInvitation {
  /** Whether it was found by the link that was mailed to its address: whoever has that reads the mailbox. */
  readonly byMail: boolean;
}

export async function insertInvitation(tx: Tx, row: InvitationRow): Promise<void> {
  await tx.db.insertInto('invitations').values(row).execute();
}

/** Newest first. */
export function openInvitations(
  source: Source,
  organizationId: string,
  nowMs: number,
): Promise<LivingInvitation[]> {
  return living(source, nowMs)
    .where('invitations.organization_id', '=', organizationId)
    .orderBy('invitations.created_at_ms', 'desc')
    .orderBy('invitations.id')
    .execute();
}

/** @throws ProblemError `link_invalid` */
export async function invitationBySecret(
  source: Source,
  secret: string,
  nowMs: number,
): Promise<FoundInvitation> {
  const hash = sha256(secret);
  const row = await living(source, nowMs)
    .where((rows) =>
      rows.or([rows('invitations.secret_hash', '=', hash), rows('invitations.mailed_hash', '=', hash)]),
    )
    .executeTakeFirst();
  if (row === undefined) throw new ProblemError('link_invalid');
  return { ...row, byMail: row.mailed_hash === hash };
}

/** Uses an invitation. Of several at the same moment one succeeds. @throws ProblemError `link_invalid` */
export async function useInvitation(tx: Tx, secret: string): Promise<FoundInvitation> {
  const invitation = await invitationBySecret(tx, secret, tx.nowMs);
  const used = await tx.db
    .updateTable('invitations')
    .set({ accepted_at_ms: tx.nowMs })
    .where('id', '=', invitation.id)
    .where('accepted_at_ms', 'is', null)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  if (used.numUpdatedRows === 0n) throw new ProblemError('link_invalid');
  return invitation;
}

interface MadeBy {
  readonly invitedBy: string;
  /** All when undefined. */
  readonly roles?: readonly Role[] | undefined;
}

/** Takes open invitations back: one, those of an address, or those that somebody has made. */
export async function revokeInvitations(
  tx: Tx,
  organizationId: string,
  which: { readonly id: string } | { readonly email: string } | MadeBy,
): Promise<void> {
  let revoking = tx.db
    .updateTable('invitations')
    .set({ revoked_at_ms: tx.nowMs })
    .where('organization_id', '=', organizationId)
    .where('accepted_at_ms', 'is', null)
    .where('revoked_at_ms', 'is', null);
  if ('id' in which) revoking = revoking.where('id', '=', which.id);
  else if ('email' in which) revoking = revoking.where('email', '=', which.email);
  else {
    revoking = revoking.where('invited_by', '=', which.invitedBy);
    if (which.roles?.length === 0) return;
    if (which.roles !== undefined) revoking = revoking.where('role', 'in', which.roles);
  }
  await revoking.execute();
}

function living(source: Source, nowMs: number) {
  return source.db
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .leftJoin('users', 'users.id', 'invitations.invited_by')
    .leftJoin('operator_tokens', 'operator_tokens.id', 'invitations.invited_by')
    .selectAll('invitations')
    .select('organizations.name as organization_name')
    .select(sql<string>`coalesce(users.name, operator_tokens.name, 'an administrator')`.as('inviter'))
    .where('invitations.accepted_at_ms', 'is', null)
    .where('invitations.revoked_at_ms', 'is', null)
    .where('invitations.expires_at_ms', '>', nowMs);
}
