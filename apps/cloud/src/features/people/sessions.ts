import type { AuditAction, AccountSession, Session } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { Principal } from '../../http/access.ts';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { type Actor, insertAudit } from '../audit/index.ts';
import { type Operator, operatorOf } from '../identity/index.ts';
import { sessionSeconds } from './auth.ts';
import type { LastUsed } from './last-used.ts';
import {
  beginSession,
  endSessionByToken,
  endSessions,
  ownerOfToken,
  sessionByToken,
  sessionsOf,
} from './session-store.ts';
import { type Membership, membershipsOf, userById } from './store.ts';

/** A call by whoever wants to sign in. */
export interface Visit {
  readonly address: string;
  readonly requestId: string;
  readonly userAgent: string | null;
}

/** How somebody has shown who they are; written down. */
export type SignInMethod =
  'password' | 'password_and_code' | 'password_and_recovery_code' | 'link' | 'setup' | 'invitation';

/** What a browser is given. */
export interface Begun {
  /** For the cookie. */
  readonly token: string;
  readonly email: string;
  readonly session: Session;
}

/** A person as a caller. */
export interface Person extends Operator {
  readonly session: NonNullable<Principal['session']>;
}

/** @throws ProblemError `session_required` for a token */
export function personOf(call: Parameters<typeof operatorOf>[0]): Person {
  const { session } = call.caller;
  if (session === undefined) throw new ProblemError('session_required');
  return { ...operatorOf(call), session };
}

/**
 * The sessions of people. One is good for the organization that it is in, with the role that its person has there
 * now: the database is asked at every request, so that whatever ends it or changes the role holds from the next one on.
 */
export class Sessions {
  readonly #database: Database;
  readonly #lastUsed: LastUsed;

  constructor(database: Database, lastUsed: LastUsed) {
    this.#database = database;
    this.#lastUsed = lastUsed;
  }

  /** @throws ProblemError `session_missing` alike for what is unknown, has ended or has expired */
  async authenticate(token: string): Promise<Principal> {
    const found = await sessionByToken(this.#database, token);
    if (found === undefined) throw new ProblemError('session_missing');
    const nowMs = await this.#database.nowMs();
    if (found.expiresAtMs <= nowMs) throw new ProblemError('session_missing');
    this.#lastUsed.note('session', found.id, found.lastUsedAtMs, nowMs);
    return {
      ...{ kind: 'operator', id: found.userId, organizationId: found.organizationId },
      ...{ role: found.role, label: found.name },
      session: { id: found.id, expiresAtMs: found.expiresAtMs },
    };
  }

  /**
   * Makes a session that better-auth has created good for an organization, and writes that down with it. Until then it
   * is good for nothing.
   *
   * @param extra checks and writes of the same transaction
   * @throws ProblemError `no_membership`
   */
  async begin(
    token: string,
    method: SignInMethod,
    visit: Visit,
    extra: (tx: Tx, userId: string) => Promise<void> = async () => undefined,
  ): Promise<Begun> {
    try {
      return await this.#database.transaction(async (tx) => {
        const owner = await ownerOfToken(tx, token);
        if (owner === undefined) throw new ProblemError('session_missing');
        await extra(tx, owner.user_id);
        return this.beginIn(tx, { token, userId: owner.user_id, method, visit });
      });
    } catch (error) {
      await endSessionByToken(this.#database, token);
      throw error;
    }
  }

  /** The same in a transaction that is open. */
  async beginIn(
    tx: Tx,
    start: {
      readonly token: string;
      readonly userId: string;
      readonly method: SignInMethod;
      readonly visit: Visit;
      /** Where; the first that the person joined when left out. */
      readonly organizationId?: string;
    },
  ): Promise<Begun> {
    const { method, token, userId, visit } = start;
    const memberships = await membershipsOf(tx, userId);
    const membership = memberships.find(({ id }) => id === start.organizationId) ?? memberships[0];
    if (membership === undefined) throw new ProblemError('no_membership');
    const expiresAtMs = await this.#arrive(tx, token, membership.id, visit);
    await insertAudit(tx, [
      {
        ...{ organizationId: membership.id, atMs: tx.nowMs, actor: actorOf(userId, visit) },
        ...{ action: 'session.start', object: { kind: 'user', id: userId }, outcome: 'success' },
        detail: { method },
      },
    ]);
    return this.#begun(tx, token, userId, membership, memberships, expiresAtMs);
  }

  /** Puts a session that takes the place of a person's earlier one where that was. */
  async replace(person: Person, token: string, visit: Visit): Promise<Begun> {
    return this.#database.transaction(async (tx) => {
      const memberships = await membershipsOf(tx, person.id);
      const membership = memberships.find(({ id }) => id === person.organizationId);
      if (membership === undefined) throw new ProblemError('session_missing');
      const expiresAtMs = await this.#arrive(tx, token, membership.id, visit);
      return this.#begun(tx, token, person.id, membership, memberships, expiresAtMs);
    });
  }

  /** Goes on in another organization of the person. */
  async enter(person: Person, organizationId: string): Promise<Session> {
    return this.#database.transaction(async (tx) => {
      const memberships = await membershipsOf(tx, person.id);
      const membership = memberships.find(({ id }) => id === organizationId);
      if (membership === undefined) throw new ProblemError('organization_not_found');
      await tx.db
        .updateTable('sessions')
        .set({ organization_id: organizationId })
        .where('id', '=', person.session.id)
        .execute();
      return view(await userById(tx, person.id), membership, memberships, person.session.expiresAtMs);
    });
  }

  /** What a person is shown of the session that they are in. */
  async show(person: Person): Promise<Session> {
    const memberships = await membershipsOf(this.#database, person.id);
    const membership = memberships.find(({ id }) => id === person.organizationId);
    if (membership === undefined) throw new ProblemError('session_missing');
    const user = await userById(this.#database, person.id);
    return view(user, membership, memberships, person.session.expiresAtMs);
  }

  async list(person: Person): Promise<AccountSession[]> {
    const rows = await sessionsOf(this.#database, person.id, await this.#database.nowMs());
    return rows.map((row) => ({
      id: row.id,
      current: row.id === person.session.id,
      created_at: toRfc3339(row.created_at_ms),
      last_used_at: toRfc3339(row.last_used_at_ms ?? row.created_at_ms),
      expires_at: toRfc3339(row.expires_at_ms),
      address: row.ip_address,
      user_agent: row.user_agent,
    }));
  }

  /** Ends the session that asks. */
  signOut(person: Person): Promise<number> {
    return this.#end(person, 'session.end', { only: person.session.id });
  }

  /** @throws ProblemError `session_not_found` */
  async endOne(person: Person, id: string): Promise<void> {
    if ((await this.#end(person, 'session.end', { only: id })) === 0)
      throw new ProblemError('session_not_found');
  }

  endOthers(person: Person): Promise<number> {
    return this.#end(person, 'session.end_others', { except: person.session.id });
  }

  async #end(
    person: Person,
    action: AuditAction,
    which: { readonly only?: string; readonly except?: string },
  ): Promise<number> {
    return this.#database.transaction(async (tx) => {
      const ended = await endSessions(tx, person.id, which);
      if (ended === 0) return 0;
      await insertAudit(tx, [
        {
          ...{ organizationId: person.organizationId, atMs: tx.nowMs, actor: person.actor },
          ...{ action, object: { kind: 'user', id: person.id }, outcome: 'success', detail: { ended } },
        },
      ]);
      return ended;
    });
  }

  async #arrive(tx: Tx, token: string, organizationId: string, visit: Visit): Promise<number> {
    const expiresAtMs = tx.nowMs + sessionSeconds * 1000;
    const { address, userAgent } = visit;
    await beginSession(tx, { token, organizationId, expiresAtMs, address, userAgent });
    return expiresAtMs;
  }

  async #begun(
    tx: Tx,
    token: string,
    userId: string,
    membership: Membership,
    memberships: readonly Membership[],
    expiresAtMs: number,
  ): Promise<Begun> {
    const user = await userById(tx, userId);
    return { token, email: user.email, session: view(user, membership, memberships, expiresAtMs) };
  }
}

export function actorOf(userId: string, { address, requestId }: Visit): Actor {
  return { kind: 'operator', id: userId, address, requestId };
}

function view(
  user: Awaited<ReturnType<typeof userById>>,
  { id, name, role }: Membership,
  memberships: readonly Membership[],
  expiresAtMs: number,
): Session {
  return {
    principal: { kind: 'user', id: user.id, name: user.name, email: user.email },
    role,
    organization: { id, name },
    organizations: [...memberships],
    two_factor_enabled: user.two_factor_enabled !== 0,
    expires_at: toRfc3339(expiresAtMs),
  };
}
