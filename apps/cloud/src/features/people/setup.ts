import type { CompleteSetupRequest } from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { storableText } from '../../storage/text.ts';
import { insertAudit } from '../audit/index.ts';
import { livingLink, makeLink, useLink } from './links.ts';
import type { Newcomers } from './newcomers.ts';
import { actorOf, type Begun, type Sessions, type Visit } from './sessions.ts';
import { countOwners, lockOrganization, putMember, userByEmail } from './store.ts';

const ownerPurposes = ['setup', 'reset_owner'] as const;

export interface SetupDeps {
  readonly database: Database;
  readonly random: Random;
  readonly newcomers: Newcomers;
  readonly sessions: Sessions;
  readonly firstOrganization: () => string | undefined;
}

/** The first owner, and the way back in when all owners are lost. */
export class Setup {
  readonly #deps: SetupDeps;

  constructor(deps: SetupDeps) {
    this.#deps = deps;
  }

  async hasOwner(): Promise<boolean> {
    return (await countOwners(this.#deps.database, this.#organization())) > 0;
  }

  /** A secret for the first owner. @throws ProblemError `setup_complete` */
  async makeSetupLink(): Promise<string> {
    if (await this.hasOwner()) throw new ProblemError('setup_complete');
    return this.#make('setup');
  }

  /** A secret with which an owner is set anew, beside those there are. */
  makeResetOwnerLink(): Promise<string> {
    return this.#make('reset_owner');
  }

  /** A secret that signs somebody in. @returns undefined when nobody has this address */
  async makeSignInLink(email: string): Promise<string | undefined> {
    const { database, random } = this.#deps;
    return database.transaction(async (tx) => {
      const user = await userByEmail(tx, email);
      return user === undefined ? undefined : makeLink(tx, random, 'sign_in', user.id);
    });
  }

  /** @throws ProblemError `link_invalid`, `setup_complete` */
  async complete(request: CompleteSetupRequest, visit: Visit): Promise<Begun> {
    const { database, newcomers } = this.#deps;
    // Whoever has no link costs no hashing.
    await livingLink(database, await database.nowMs(), request.secret, ownerPurposes);
    const passwordHash = await newcomers.hash(request.password);
    return database.transaction((tx) => this.#complete(tx, request, passwordHash, visit));
  }

  /** @throws ProblemError `link_invalid` */
  async signIn(secret: string, visit: Visit): Promise<Begun> {
    const { database, newcomers, sessions } = this.#deps;
    return database.transaction(async (tx) => {
      const { user_id: userId } = await useLink(tx, secret, ['sign_in']);
      if (userId === null) throw new ProblemError('link_invalid');
      const token = await newcomers.openSession(tx, userId);
      return sessions.beginIn(tx, { token, userId, method: 'link', visit });
    });
  }

  async #complete(tx: Tx, request: CompleteSetupRequest, passwordHash: string, visit: Visit): Promise<Begun> {
    const { newcomers, sessions } = this.#deps;
    const organizationId = this.#organization();
    const { email, name, organization_name: organizationName, secret } = request;
    await lockOrganization(tx, organizationId);
    const { purpose } = await useLink(tx, secret, ownerPurposes);
    if (purpose === 'setup' && (await countOwners(tx, organizationId)) > 0)
      throw new ProblemError('setup_complete');
    const userId = await newcomers.createAnew(tx, { name, email, passwordHash, isProven: true });
    await putMember(tx, organizationId, userId, 'owner');
    if (organizationName !== undefined) {
      const renamed = { name: storableText(organizationName) };
      await tx.db.updateTable('organizations').set(renamed).where('id', '=', organizationId).execute();
    }
    await insertAudit(tx, [
      {
        ...{ organizationId, atMs: tx.nowMs, actor: actorOf(userId, visit) },
        action: purpose === 'setup' ? 'setup.complete' : 'owner.reset',
        ...{ object: { kind: 'user', id: userId }, outcome: 'success' },
      },
    ]);
    const token = await newcomers.openSession(tx, userId);
    return sessions.beginIn(tx, { token, userId, method: 'setup', visit, organizationId });
  }

  #make(purpose: 'setup' | 'reset_owner'): Promise<string> {
    return this.#deps.database.transaction((tx) => makeLink(tx, this.#deps.random, purpose));
  }

  #organization(): string {
    const id = this.#deps.firstOrganization();
    if (id === undefined) throw new ProblemError('not_ready');
    return id;
  }
}
