import { type Role, roleSchema } from '@edgeflow/contract';

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2, owner: 3 };

/** Nobody gives, takes or changes a role above their own. */
export function mayManage(own: Role, ...concerned: readonly Role[]): boolean {
  return concerned.every((role) => ranks[role] <= ranks[own]);
}

/** The roles that somebody with this one may neither give nor hold. */
export function rolesAbove(own: Role): Role[] {
  return roleSchema.options.filter((role) => !mayManage(own, role));
}

/** Whether somebody with this role may invite and make tokens. */
export function mayInvite(role: Role): boolean {
  return ranks[role] >= ranks.admin;
}

/** An organization keeps an owner, whoever asks. @param owners how many there are now */
export function leavesNoOwner(owners: number, before: Role, after: Role | undefined): boolean {
  return before === 'owner' && after !== 'owner' && owners <= 1;
}
