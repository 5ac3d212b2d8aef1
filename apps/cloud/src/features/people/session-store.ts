import type { Role } from '@edgeflow/contract';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { SessionRow } from '../../storage/people-tables.ts';
import { sha256 } from './secrets.ts';

type Source = Pick<Database | Tx, 'db'>;

export interface LivingSession {
  readonly id: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly role: Role;
  readonly name: string;
  readonly expiresAtMs: number;
  readonly lastUsedAtMs: number | null;
}

/** A session that has begun, of somebody who belongs to its organization now. Whether it has expired is not judged. */
export async function sessionByToken(source: Source, token: string): Promise<LivingSession | undefined> {
  const row = await source.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .innerJoin('members', (join) =>
      join
        .onRef('members.organization_id', '=', 'sessions.organization_id')
        .onRef('members.user_id', '=', 'sessions.user_id'),
    )
    .select(['sessions.id', 'sessions.user_id', 'sessions.expires_at_ms', 'sessions.last_used_at_ms'])
    .select(['members.organization_id', 'members.role', 'users.name'])
    .where('sessions.token_hash', '=', sha256(token))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    ...{
      id: row.id,
      userId: row.user_id,
      organizationId: row.organization_id,
      role: row.role,
      name: row.name,
    },
    ...{ expiresAtMs: row.expires_at_ms, lastUsedAtMs: row.last_used_at_ms },
  };
}

/** Keeps a session from being ended until the transaction is. @throws ProblemError `session_missing` */
export async function holdSession(tx: Tx, id: string): Promise<void> {
  const found = await sql`select id from sessions where id = ${id} ${tx.forUpdate}`.execute(tx.db);
  if (found.rows.length === 0) throw new ProblemError('session_missing');
}

/** What a session needs to be good for something. */
export interface Beginning {
  readonly token: string;
  readonly organizationId: string;
  readonly expiresAtMs: number;
  readonly address: string;
  readonly userAgent: string | null;
}

/** Makes a session that was created good for its organization. */
export async function beginSession(tx: Tx, beginning: Beginning): Promise<void> {
  await tx.db
    .updateTable('sessions')
    .set({
      ...{ organization_id: beginning.organizationId, expires_at_ms: beginning.expiresAtMs },
      ...{ last_used_at_ms: tx.nowMs, ip_address: beginning.address, user_agent: beginning.userAgent },
    })
    .where('token_hash', '=', sha256(beginning.token))
    .execute();
}

export function ownerOfToken(source: Source, token: string): Promise<{ user_id: string } | undefined> {
  return source.db
    .selectFrom('sessions')
    .select('user_id')
    .where('token_hash', '=', sha256(token))
    .executeTakeFirst();
}

export async function endSessionByToken(source: Source, token: string): Promise<void> {
  await source.db.deleteFrom('sessions').where('token_hash', '=', sha256(token)).execute();
}

export function sessionsOf(source: Source, userId: string, nowMs: number): Promise<SessionRow[]> {
  return source.db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('organization_id', 'is not', null)
    .where('expires_at_ms', '>', nowMs)
    .orderBy('last_used_at_ms', 'desc')
    .orderBy('id')
    .execute();
}

/** @returns how many */
export async function endSessions(
  tx: Tx,
  userId: string,
  which: { readonly only?: string; readonly except?: string; readonly organizationId?: string } = {},
): Promise<number> {
  let ending = tx.db.deleteFrom('sessions').where('user_id', '=', userId);
  if (which.only !== undefined) ending = ending.where('id', '=', which.only);
  if (which.except !== undefined) ending = ending.where('id', '<>', which.except);
  if (which.organizationId !== undefined) {
    ending = ending.where('organization_id', '=', which.organizationId);
  }
  const ended = await ending.executeTakeFirst();
  return Number(ended.numDeletedRows);
}

/** Ends what an earlier password has begun, or was to be replaced by: challenges of a second factor, and links. */
export async function endVerifications(tx: Tx, userId: string): Promise<void> {
  await tx.db.deleteFrom('verifications').where('value', '=', userId).execute();
}

export async function forgetExpiredSessions(tx: Tx): Promise<void> {
  await tx.db.deleteFrom('sessions').where('expires_at_ms', '<=', tx.nowMs).execute();
  await tx.db.deleteFrom('verifications').where('expires_at_ms', '<=', tx.nowMs).execute();
}
