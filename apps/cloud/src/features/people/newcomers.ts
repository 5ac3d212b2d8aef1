import type { Tx } from '../../storage/database.ts';
import { storableText } from '../../storage/text.ts';
import type { buildAuth } from './auth.ts';
import { endVerifications } from './session-store.ts';
import { userByEmail } from './store.ts';

/** Somebody who is to have an account. */
export interface Newcomer {
  readonly name: string;
  readonly email: string;
  /** As `Passwords.hash` makes it: hashing takes too long for a transaction. */
  readonly passwordHash: string;
  /** Whether they have shown that the address is theirs; see proofs.ts. */
  readonly isProven: boolean;
}

/** Makes accounts and sessions with better-auth, inside transactions of ours. */
export class Newcomers {
  readonly #built: ReturnType<typeof buildAuth>;

  constructor(built: ReturnType<typeof buildAuth>) {
    this.#built = built;
  }

  hash(password: string): Promise<string> {
    return this.#built.passwords.hash(password);
  }

  /** @returns the id */
  async create(tx: Tx, { email, isProven, name, passwordHash }: Newcomer): Promise<string> {
    const { internalAdapter } = await this.#built.auth.$context;
    return this.#built.store.within(tx, async () => {
      const user = await internalAdapter.createUser(
        { name: storableText(name), email, emailVerified: isProven },
        { method: 'email-password' },
      );
      await internalAdapter.linkAccount({
        ...{ userId: user.id, providerId: 'credential', accountId: user.id, password: passwordHash },
      });
      return user.id;
    });
  }

  /**
   * The same for an address that may have an account already: then it gets this name and password, no second factor,
   * and every session of it ends. Only for whoever comes by a link of the command line, which may do anything.
   */
  async createAnew(tx: Tx, newcomer: Newcomer): Promise<string> {
    const known = await userByEmail(tx, newcomer.email);
    if (known === undefined) return this.create(tx, newcomer);
    const { internalAdapter } = await this.#built.auth.$context;
    await this.#built.store.within(tx, async () => {
      await internalAdapter.deleteUserSessions(known.id);
      await internalAdapter.updatePassword(known.id, newcomer.passwordHash);
      await internalAdapter.updateUser(known.id, {
        name: storableText(newcomer.name),
        ...{ twoFactorEnabled: false, emailVerified: newcomer.isProven },
      });
    });
    await endVerifications(tx, known.id);
    await tx.db.deleteFrom('two_factors').where('user_id', '=', known.id).execute();
    return known.id;
  }

  /**
   * Takes the address, and whatever anybody could sign in with, from an account that belongs to nothing. Its id stays in
   * the records of where it once was, and is nobody else's.
   */
  async freeAddress(tx: Tx, email: string): Promise<void> {
    const former = await userByEmail(tx, email);
    if (former === undefined) return;
    const { id } = former;
    for (const table of ['sessions', 'two_factors', 'accounts', 'access_links'] as const) {
      await tx.db.deleteFrom(table).where('user_id', '=', id).execute();
    }
    await endVerifications(tx, id);
    const nobody = { email: `former:${id}`, email_verified: 0, two_factor_enabled: 0 };
    await tx.db.updateTable('users').set(nobody).where('id', '=', id).execute();
  }

  /** A session that has not begun. @returns its token */
  async openSession(tx: Tx, userId: string): Promise<string> {
    const { internalAdapter } = await this.#built.auth.$context;
    const session = await this.#built.store.within(tx, () => internalAdapter.createSession(userId));
    return session.token;
  }
}
