import type { AuditAction, ChangePasswordRequest, TwoFactorEnrolment } from '@edgeflow/contract';
import { ProblemError } from '../../http/problems.ts';
import type { Logger } from '../../logging.ts';
import type { Mailer } from '../../mail/mailer.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { storableText } from '../../storage/text.ts';
import type { Note } from './auth-adapter.ts';
import type { AuthCalls } from './auth-calls.ts';
import type { PasswordReset } from './password-resets.ts';
import { takeOver } from './proofs.ts';
import { resetMessage } from './messages.ts';
import { endVerifications, holdSession } from './session-store.ts';
import type { Begun, Person, Sessions, Visit } from './sessions.ts';
import { spendCode } from './spent-codes.ts';
import type { SignInBudget } from './sign-in-budget.ts';
import { auditPerson, holdPassword, passwordHashOf, userById } from './store.ts';

export interface AccountDeps {
  readonly database: Database;
  readonly calls: AuthCalls;
  readonly sessions: Sessions;
  readonly budget: SignInBudget;
  readonly mailer: Mailer | undefined;
  readonly publicUrl: () => string;
  readonly logger: Logger;
}

/** What people do with their own account. */
export class Account {
  readonly #deps: AccountDeps;

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  changeName(person: Person, token: string, name: string): Promise<void> {
    const note: Note = async (tx) => {
      const detail = { name_before: person.label };
      await auditPerson(tx, person.id, { ...success(person, 'account.rename'), detail });
    };
    return this.#deps.calls.changeName(token, storableText(name), note);
  }

  /** Every other session ends, and every link for a new password. @returns the session that takes the place of this one */
  async changePassword(
    person: Person,
    token: string,
    request: ChangePasswordRequest,
    visit: Visit,
  ): Promise<Begun> {
    this.#attempt(person, visit, request.current_password);
    const { calls, database, sessions } = this.#deps;
    const compared = await passwordHashOf(database, (await userById(database, person.id)).email);
    const guard = (tx: Tx): Promise<void> => holdPassword(tx, person.id, compared, 'password_wrong');
    const note: Note = async (tx) => {
      await endVerifications(tx, person.id);
      await auditPerson(tx, person.id, success(person, 'password.change'));
    };
    const fresh = await calls.changePassword(token, request, note, guard);
    return sessions.replace(person, fresh, visit);
  }

  /** Begins with an authenticator; nothing is asked for until {@link confirm}. */
  async enrol(person: Person, token: string, password: string, visit: Visit): Promise<TwoFactorEnrolment> {
    this.#attempt(person, visit, password);
    const { recoveryCodes, uri } = await this.#deps.calls.enrol(token, password);
    return { uri, secret: new URL(uri).searchParams.get('secret') ?? '', recovery_codes: recoveryCodes };
  }

  async confirm(person: Person, token: string, code: string, visit: Visit): Promise<Begun> {
    this.#attempt(person, visit, code);
    const { calls, database, sessions } = this.#deps;
    if ((await userById(database, person.id)).two_factor_enabled !== 0)
      throw new ProblemError('two_factor_conflict');
    const typed = code.replaceAll(/\s/g, '');
    const note = noteOf(person, 'two_factor.enable', (tx) => spendCode(tx, person.id, typed));
    return sessions.replace(person, await calls.confirm(token, typed, note), visit);
  }

  async disable(person: Person, token: string, password: string, visit: Visit): Promise<Begun> {
    this.#attempt(person, visit, password);
    const { calls, database, sessions } = this.#deps;
    if ((await userById(database, person.id)).two_factor_enabled === 0)
      throw new ProblemError('two_factor_conflict');
    const fresh = await calls.disable(token, password, noteOf(person, 'two_factor.disable'));
    return sessions.replace(person, fresh, visit);
  }

  newRecoveryCodes(person: Person, token: string, password: string, visit: Visit): Promise<string[]> {
    this.#attempt(person, visit, password);
    return this.#deps.calls.newRecoveryCodes(token, password, noteOf(person, 'two_factor.recovery_codes'));
  }

  /**
   * Sends a link for a new password, behind the answer, which is the same whoever asks and for whichever address.
   *
   * @returns whether this cloud sends e-mail at all
   * @throws ProblemError `sign_in_throttled` for an address that asks too often
   */
  requestReset(email: string, visit: Visit): boolean {
    const { budget, logger, mailer } = this.#deps;
    const mayBeSent = budget.reset({ address: visit.address, account: email });
    if (mailer === undefined) return false;
    if (mayBeSent) {
      this.#sendReset(mailer, email, visit).catch((error: unknown) => {
        logger.error({ err: error }, 'no link for a new password could be sent');
      });
    }
    return true;
  }

  /** Makes a link without sending it. @returns undefined when nobody has this address */
  makeReset(email: string): Promise<PasswordReset | undefined> {
    return this.#deps.calls.requestReset(email);
  }

  /**
   * By a link that was mailed to the address, or that whoever runs the cloud has handed over.
   *
   * @returns the address of whoever it is
   * @throws ProblemError `link_invalid`
   */
  async completeReset(secret: string, password: string, visit: Visit): Promise<string> {
    let email = '';
    const note: Note = async (tx, row) => {
      const userId = String(row['user_id']);
      ({ email } = await userById(tx, userId));
      await endVerifications(tx, userId);
      const detail = { second_factor_removed: await takeOver(tx, userId) };
      await auditPerson(tx, userId, {
        ...{ action: 'password.reset', outcome: 'success', detail },
        actor: { kind: 'anonymous', id: 'anonymous', address: visit.address, requestId: visit.requestId },
      });
    };
    await this.#deps.calls.resetPassword(secret, password, note);
    return email;
  }

  async #sendReset(mailer: Mailer, email: string, visit: Visit): Promise<void> {
    const reset = await this.makeReset(email);
    if (reset === undefined) return;
    const { database, publicUrl } = this.#deps;
    await mailer.send(resetMessage(reset, publicUrl()));
    await database.transaction((tx) =>
      auditPerson(tx, reset.userId, {
        ...{ action: 'password.reset_request', outcome: 'success' },
        actor: { kind: 'anonymous', id: 'anonymous', address: visit.address, requestId: visit.requestId },
      }),
    );
  }

  /** Whoever has found an open browser guesses no password in it. */
  #attempt(person: Person, visit: Visit, secret: string): void {
    this.#deps.budget.attempt({ address: visit.address, account: person.id }, secret);
  }
}

/**
 * What somebody does with their account, noted with it. It is undone where their session has ended meanwhile: a link for
 * a new password ends every session, and nothing that was asked for with the old one may come after it.
 */
function noteOf(person: Person, action: AuditAction, also?: (tx: Tx) => Promise<void>): Note {
  return async (tx) => {
    await holdSession(tx, person.session.id);
    await also?.(tx);
    await auditPerson(tx, person.id, success(person, action));
  };
}

function success({ actor }: Person, action: AuditAction) {
  return { action, actor, outcome: 'success' } as const;
}
