import type { Role } from '@edgeflow/contract';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { MemberRow, UserRow } from '../../storage/people-tables.ts';
import { type AuditFact, insertAudit } from '../audit/index.ts';

type Source = Pick<Database | Tx, 'db'>;

export function userByEmail(source: Source, email: string): Promise<UserRow | undefined> {
  return source.db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst();
}

export async function userById(source: Source, id: string): Promise<UserRow> {
  return source.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** The password of whoever has this address, as it is stored; undefined when nobody has it. */
export async function passwordHashOf(source: Source, email: string): Promise<string | undefined> {
  const row = await source.db
    .selectFrom('users')
    .innerJoin('accounts', 'accounts.user_id', 'users.id')
    .select('accounts.password')
    .where('users.email', '=', email)
    .where('accounts.provider_id', '=', 'credential')
    .executeTakeFirst();
  return row?.password ?? undefined;
}

/**
 * Refuses to go on with a password that was compared and is another by now, and keeps it from being changed until the
 * transaction is over: comparing takes long, and whoever sets a new one means that the old one is good for nothing.
 *
 * @param compared its hash, as {@link passwordHashOf} gave it before
 * @throws ProblemError with `code`
 */
export async function holdPassword(
  tx: Tx,
  userId: string,
  compared: string | undefined,
  code: 'sign_in_failed' | 'password_wrong',
): Promise<void> {
  const found = await sql<{ password: string | null }>`select password from accounts
    where user_id = ${userId} and provider_id = 'credential' ${tx.forUpdate}`.execute(tx.db);
  if (found.rows[0]?.password !== compared) throw new ProblemError(code);
}

/** An organization that a person belongs to. */
export interface Membership {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** The first that they joined comes first. */
export function membershipsOf(source: Source, userId: string): Promise<Membership[]> {
  return source.db
    .selectFrom('members')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .select(['organizations.id', 'organizations.name', 'members.role'])
    .where('members.user_id', '=', userId)
    .orderBy('members.created_at_ms')
    .orderBy('organizations.id')
    .execute();
}

/**
 * Holds the organization: whoever changes its members does so one after the other, so that of two owners who leave at
 * the same moment one stays.
 */
export async function lockOrganization(tx: Tx, organizationId: string): Promise<void> {
  await sql`select id from organizations where id = ${organizationId} ${tx.forUpdate}`.execute(tx.db);
}

export function memberOf(
  source: Source,
  organizationId: string,
  userId: string,
): Promise<MemberRow | undefined> {
  return source.db
    .selectFrom('members')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

export async function countOwners(source: Source, organizationId: string): Promise<number> {
  const counted = await source.db
    .selectFrom('members')
    .select((rows) => rows.fn.countAll<number>().as('total'))
    .where('organization_id', '=', organizationId)
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow();
  return counted.total;
}

export async function putMember(tx: Tx, organizationId: string, userId: string, role: Role): Promise<void> {
  await tx.db
    .insertInto('members')
    .values({ organization_id: organizationId, user_id: userId, role, created_at_ms: tx.nowMs })
    .onConflict((conflict) => conflict.columns(['organization_id', 'user_id']).doUpdateSet({ role }))
    .execute();
}

export function listMembers(source: Source, organizationId: string) {
  return source.db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select([
      ...(['users.id', 'users.name', 'users.email', 'users.two_factor_enabled'] as const),
      ...(['members.role', 'members.created_at_ms'] as const),
    ])
    .where('members.organization_id', '=', organizationId)
    .orderBy('users.name')
    .orderBy('users.id')
    .execute();
}

/** Writes down what happened to a person, in each of their organizations. */
export async function auditPerson(
  tx: Tx,
  userId: string,
  fact: Omit<AuditFact, 'organizationId' | 'atMs' | 'object'>,
): Promise<void> {
  const organizations = await membershipsOf(tx, userId);
  const object = { kind: 'user', id: userId };
  await insertAudit(
    tx,
    organizations.map(({ id }) => ({ ...fact, organizationId: id, atMs: tx.nowMs, object })),
  );
}

/** E-mail addresses of the owners. */
export async function ownersOf(source: Source, organizationId: string): Promise<string[]> {
  const members = await listMembers(source, organizationId);
  return members.filter(({ role }) => role === 'owner').map(({ email }) => email);
}
