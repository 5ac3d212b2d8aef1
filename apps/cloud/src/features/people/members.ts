import { type AuditAction, type Member, type Role, roleSchema } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import { leavesNoOwner, mayInvite, mayManage, rolesAbove } from './decide.ts';
import { revokeInvitations } from './invitation-store.ts';
import { endSessions } from './session-store.ts';
import type { Person } from './sessions.ts';
import { holdStanding } from './standing.ts';
import { countOwners, listMembers, lockOrganization, memberOf } from './store.ts';

/** Who belongs to an organization. However many change it at once, it keeps an owner. */
export class Members {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list({ organizationId }: Operator): Promise<Member[]> {
    return (await listMembers(this.#database, organizationId)).map(view);
  }

  /**
   * Of what they have made, invitations and tokens above the new role go.
   *
   * @throws ProblemError `member_not_found`, `role_above_own`, `last_owner`
   */
  async change(operator: Operator, userId: string, role: Role): Promise<Member> {
    const { organizationId } = operator;
    return this.#database.transaction(async (tx) => {
      const { role: own } = await holdStanding(tx, operator);
      const before = await this.#hold(tx, operator, userId, role, own);
      if (before !== role) {
        const members = tx.db.updateTable('members').set({ role });
        await members.where('organization_id', '=', organizationId).where('user_id', '=', userId).execute();
        const above = mayInvite(role) ? rolesAbove(role) : undefined;
        await revokeInvitations(tx, organizationId, { invitedBy: userId, roles: above });
        const revoked = await revokeTokens(tx, organizationId, userId, rolesAbove(role));
        const detail = { role, role_before: before, tokens_revoked: revoked };
        await this.#note(tx, operator, 'member.change', userId, detail);
      }
      const member = (await listMembers(tx, organizationId)).find(({ id }) => id === userId);
      if (member === undefined) throw new ProblemError('member_not_found');
      return view(member);
    });
  }

  /**
   * Removes somebody, with their sessions here, their open invitations and the tokens that they have made.
   *
   * @throws ProblemError `member_not_found`, `role_above_own`, `last_owner`
   */
  async remove(operator: Operator, userId: string): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const { role: own } = await holdStanding(tx, operator);
      const before = await this.#hold(tx, operator, userId, undefined, own);
      await this.#drop(tx, operator, 'member.remove', userId, before);
    });
  }

  /** @throws ProblemError `last_owner` */
  async leave(person: Person): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const before = await this.#hold(tx, person, person.id, undefined, 'owner');
      await this.#drop(tx, person, 'member.leave', person.id, before);
    });
  }

  /**
   * Locks the organization, and refuses what is above the role of whoever asks or would leave it without an owner.
   *
   * @param after the role to be; undefined: none
   * @param own the highest role that they may manage
   * @returns the role until now
   */
  async #hold(
    tx: Tx,
    { organizationId }: Operator,
    userId: string,
    after: Role | undefined,
    own: Role,
  ): Promise<Role> {
    await lockOrganization(tx, organizationId);
    const member = await memberOf(tx, organizationId, userId);
    if (member === undefined) throw new ProblemError('member_not_found');
    if (!mayManage(own, member.role, after ?? 'viewer')) throw new ProblemError('role_above_own');
    const owners = await countOwners(tx, organizationId);
    if (leavesNoOwner(owners, member.role, after)) throw new ProblemError('last_owner');
    return member.role;
  }

  async #drop(tx: Tx, operator: Operator, action: AuditAction, userId: string, role: Role): Promise<void> {
    const { organizationId } = operator;
    const members = tx.db.deleteFrom('members').where('organization_id', '=', organizationId);
    await members.where('user_id', '=', userId).execute();
    await endSessions(tx, userId, { organizationId });
    await revokeInvitations(tx, organizationId, { invitedBy: userId });
    const revoked = await revokeTokens(tx, organizationId, userId, roleSchema.options);
    await this.#note(tx, operator, action, userId, { role_before: role, tokens_revoked: revoked });
  }

  #note(
    tx: Tx,
    { actor, organizationId }: Operator,
    action: AuditAction,
    userId: string,
    detail: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    const object = { kind: 'user', id: userId };
    return insertAudit(tx, [
      { organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success', detail },
    ]);
  }
}

/** Revokes tokens that somebody has made. @returns how many */
async function revokeTokens(
  tx: Tx,
  organizationId: string,
  madeBy: string,
  roles: readonly Role[],
): Promise<number> {
  if (roles.length === 0) return 0;
  const tokens = tx.db.deleteFrom('operator_tokens').where('organization_id', '=', organizationId);
  const revoked = await tokens.where('created_by', '=', madeBy).where('role', 'in', roles).executeTakeFirst();
  return Number(revoked.numDeletedRows);
}

function view(row: Awaited<ReturnType<typeof listMembers>>[number]): Member {
  return {
    ...{ id: row.id, name: row.name, email: row.email, role: row.role },
    two_factor_enabled: row.two_factor_enabled !== 0,
    joined_at: toRfc3339(row.created_at_ms),
  };
}
