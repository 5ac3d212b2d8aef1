import type { Role } from '@edgeflow/contract';
import { requireRole } from '../../http/access.ts';
import { ProblemError } from '../../http/problems.ts';
import type { Tx } from '../../storage/database.ts';
import type { Operator } from '../identity/index.ts';
import { lockOrganization, memberOf } from './store.ts';

/** Who changes an organization's people or tokens, as they stand at that moment. */
export interface Standing {
  readonly role: Role;
  /**
   * Id of the person behind the call, also when they use a token that they have made; else of the token. What is made
   * in its name goes when the person does, however many tokens lie between.
   */
  readonly maker: string;
}

/**
 * Holds the organization and finds out what whoever calls may do there now. They were recognised a moment ago; whoever
 * is removed or demoted at that moment leaves nothing behind that lets them in again.
 *
 * @throws ProblemError `session_missing`, `token_rejected`, `forbidden`
 */
export async function holdStanding(tx: Tx, operator: Operator): Promise<Standing> {
  await lockOrganization(tx, operator.organizationId);
  const standing = await standingOf(tx, operator);
  requireRole({ ...operator, role: standing.role }, 'admin');
  return standing;
}

async function standingOf(tx: Tx, { id, organizationId, role, session }: Operator): Promise<Standing> {
  if (session !== undefined) {
    const member = await memberOf(tx, organizationId, id);
    if (member === undefined) throw new ProblemError('session_missing');
    return { role: member.role, maker: id };
  }
  // The bootstrap token is a setting, not a row.
  if (id === 'bootstrap') return { role, maker: id };
  const token = await tx.db
    .selectFrom('operator_tokens')
    .select(['role', 'created_by'])
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  if (token === undefined) throw new ProblemError('token_rejected');
  return { role: token.role, maker: token.created_by ?? id };
}
