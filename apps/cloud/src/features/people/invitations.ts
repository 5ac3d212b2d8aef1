import {
  type AcceptInvitationRequest,
  type CreatedInvitation,
  type CreateInvitationRequest,
  type Invitation,
  makeId,
  type ShownInvitation,
} from '@edgeflow/contract';
import { type Random, toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Logger } from '../../logging.ts';
import type { Mailer } from '../../mail/mailer.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { InvitationRow } from '../../storage/people-tables.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import { mayManage } from './decide.ts';
import {
  type LivingInvitation,
  invitationBySecret,
  insertInvitation,
  openInvitations,
  revokeInvitations,
  useInvitation,
} from './invitation-store.ts';
import { invitationLink, invitationMessage } from './messages.ts';
import type { Newcomers } from './newcomers.ts';
import { proveAddress } from './proofs.ts';
import { makeLinkSecret, sha256 } from './secrets.ts';
import { actorOf, type Begun, type Person, type Sessions, type Visit } from './sessions.ts';
import { holdStanding } from './standing.ts';
import { holdSession } from './session-store.ts';
import { memberOf, membershipsOf, putMember, userByEmail, userById } from './store.ts';

/** How long an invitation stands. */
const invitationMs = 7 * 24 * 3600 * 1000;

export interface InvitationDeps {
  readonly database: Database;
  readonly random: Random;
  readonly newcomers: Newcomers;
  readonly sessions: Sessions;
  readonly mailer: Mailer | undefined;
  readonly publicUrl: () => string;
  readonly logger: Logger;
}

/** How people come to an organization. */
export class Invitations {
  readonly #deps: InvitationDeps;

  constructor(deps: InvitationDeps) {
    this.#deps = deps;
  }

  /**
   * Invites somebody; the link exists in this answer alone. Another to the same is in the e-mail that is sent behind it,
   * so that whoever comes by that one has shown that the address is theirs. An earlier invitation of the same address
   * stands no longer.
   *
   * @throws ProblemError `role_above_own`, `already_member`
   */
  async create(operator: Operator, { email, role }: CreateInvitationRequest): Promise<CreatedInvitation> {
    const { database, mailer, publicUrl, random } = this.#deps;
    const { actor, organizationId } = operator;
    const secret = makeLinkSecret(random);
    const mailed = mailer === undefined ? undefined : { mailer, secret: makeLinkSecret(random) };
    const made = await database.transaction(async (tx) => {
      const { maker, role: own } = await holdStanding(tx, operator);
      if (!mayManage(own, role)) throw new ProblemError('role_above_own');
      const known = await userByEmail(tx, email);
      if (known !== undefined && (await memberOf(tx, organizationId, known.id)) !== undefined) {
        throw new ProblemError('already_member');
      }
      await revokeInvitations(tx, organizationId, { email });
      const row: InvitationRow = {
        ...{ id: makeId('invitation', random.bytes), organization_id: organizationId, email, role },
        ...{ secret_hash: sha256(secret), invited_by: maker, created_at_ms: tx.nowMs },
        mailed_hash: mailed === undefined ? null : sha256(mailed.secret),
        ...{ expires_at_ms: tx.nowMs + invitationMs, accepted_at_ms: null, revoked_at_ms: null },
      };
      await insertInvitation(tx, row);
      await insertAudit(tx, [
        {
          ...{ organizationId, atMs: tx.nowMs, actor, action: 'invitation.create', outcome: 'success' },
          ...{ object: { kind: 'invitation', id: row.id }, detail: { email, role } },
        },
      ]);
      return row;
    });
    if (mailed !== undefined) {
      this.#send(mailed.mailer, operator, made, invitationLink(publicUrl(), mailed.secret));
    }
    const link = invitationLink(publicUrl(), secret);
    return { invitation: view({ ...made, inviter: operator.label }), link, by_email: mailed !== undefined };
  }

  async list({ organizationId }: Operator): Promise<Invitation[]> {
    const { database } = this.#deps;
    return (await openInvitations(database, organizationId, await database.nowMs())).map(view);
  }

  /** @throws ProblemError `invitation_not_found`, `role_above_own` */
  async revoke(operator: Operator, id: string): Promise<void> {
    const { actor, organizationId } = operator;
    await this.#deps.database.transaction(async (tx) => {
      const { role: own } = await holdStanding(tx, operator);
      const open = await openInvitations(tx, organizationId, tx.nowMs);
      const invitation = open.find((one) => one.id === id);
      if (invitation === undefined) throw new ProblemError('invitation_not_found');
      if (!mayManage(own, invitation.role)) throw new ProblemError('role_above_own');
      await revokeInvitations(tx, organizationId, { id });
      await insertAudit(tx, [
        {
          ...{ organizationId, atMs: tx.nowMs, actor, action: 'invitation.revoke', outcome: 'success' },
          object: { kind: 'invitation', id },
        },
      ]);
    });
  }

  /** @throws ProblemError `link_invalid` */
  async show(secret: string): Promise<ShownInvitation> {
    const { database } = this.#deps;
    const invitation = await invitationBySecret(database, secret, await database.nowMs());
    const { email, inviter, organization_name: name, role } = invitation;
    return {
      ...{ organization: { name }, email, role, invited_by: inviter },
      expires_at: toRfc3339(invitation.expires_at_ms),
      account_exists: await isTaken(database, email),
    };
  }

  /**
   * As somebody new, also where the address was that of somebody who belongs to no organization any more: the link may
   * be in other hands than the account was, so nothing of that one is given away with it.
   *
   * @throws ProblemError `link_invalid`, `email_taken`
   */
  async accept({ name, password, secret }: AcceptInvitationRequest, visit: Visit): Promise<Begun> {
    const { database, newcomers, sessions } = this.#deps;
    // Whoever has no link costs no hashing.
    const shown = await this.show(secret);
    if (shown.account_exists) throw new ProblemError('email_taken');
    const passwordHash = await newcomers.hash(password);
    const accept = database.transaction(async (tx) => {
      const invitation = await useInvitation(tx, secret);
      const { byMail, email, organization_id: organizationId } = invitation;
      await sql`select id from users where email = ${email} ${tx.forUpdate}`.execute(tx.db);
      if (await isTaken(tx, email)) throw new ProblemError('email_taken');
      await newcomers.freeAddress(tx, email);
      const userId = await newcomers.create(tx, { name, email, passwordHash, isProven: byMail });
      await this.#join(tx, invitation, userId, visit);
      const token = await newcomers.openSession(tx, userId);
      return sessions.beginIn(tx, { token, userId, method: 'invitation', visit, organizationId });
    });
    return accept.catch(async (error: unknown) => {
      // Of two invitations of one address that are accepted at the same moment, one is first.
      const isLate = !(error instanceof ProblemError) && (await isTaken(database, shown.email));
      throw isLate ? new ProblemError('email_taken') : error;
    });
  }

  /**
   * As somebody who is signed in, whichever address the invitation went to: the link is what counts.
   *
   * @returns where the session goes on
   * @throws ProblemError `link_invalid`, `already_member`
   */
  async join(person: Person, secret: string, visit: Visit): Promise<string> {
    return this.#deps.database.transaction(async (tx) => {
      const invitation = await useInvitation(tx, secret);
      const { organization_id: organizationId } = invitation;
      // Of two links at the same moment one is first, also where the other gives the address to somebody new.
      await sql`select id from users where id = ${person.id} ${tx.forUpdate}`.execute(tx.db);
      await holdSession(tx, person.session.id);
      if ((await memberOf(tx, organizationId, person.id)) !== undefined)
        throw new ProblemError('already_member');
      await this.#join(tx, invitation, person.id, visit);
      if (invitation.byMail && (await userById(tx, person.id)).email === invitation.email) {
        await proveAddress(tx, person.id);
      }
      return organizationId;
    });
  }

  async #join(tx: Tx, invitation: LivingInvitation, userId: string, visit: Visit): Promise<void> {
    const { id, organization_id: organizationId, role } = invitation;
    await putMember(tx, organizationId, userId, role);
    await insertAudit(tx, [
      {
        ...{ organizationId, atMs: tx.nowMs, actor: actorOf(userId, visit), action: 'invitation.accept' },
        ...{ object: { kind: 'invitation', id }, outcome: 'success', detail: { role } },
      },
    ]);
  }

  #send(
    mailer: Mailer,
    operator: Operator,
    { email, organization_id: id, role }: InvitationRow,
    link: string,
  ): void {
    const { database, logger } = this.#deps;
    const send = async (): Promise<void> => {
      const organizations = database.db.selectFrom('organizations').select('name').where('id', '=', id);
      const { name: organization } = await organizations.executeTakeFirstOrThrow();
      await mailer.send(invitationMessage({ email, organization, invitedBy: operator.label, role, link }));
    };
    send().catch((error: unknown) => {
      logger.error({ err: error }, 'an invitation could not be sent by e-mail');
    });
  }
}

/** Whether an address is that of somebody who can sign in. */
async function isTaken(source: Pick<Database | Tx, 'db'>, email: string): Promise<boolean> {
  const user = await userByEmail(source, email);
  return user !== undefined && (await membershipsOf(source, user.id)).length > 0;
}

function view(row: InvitationRow & { readonly inviter: string }): Invitation {
  return {
    ...{ id: row.id, email: row.email, role: row.role, invited_by: row.inviter },
    created_at: toRfc3339(row.created_at_ms),
    expires_at: toRfc3339(row.expires_at_ms),
  };
}
