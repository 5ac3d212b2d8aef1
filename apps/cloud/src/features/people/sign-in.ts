import type { SecondFactorRequest, SignInRequest } from '@edgeflow/contract';
import { ProblemError } from '../../http/problems.ts';
import type { Database } from '../../storage/database.ts';
import { insertAudit } from '../audit/index.ts';
import type { AuthCalls, Challenge } from './auth-calls.ts';
import { sha256 } from './secrets.ts';
import { spendCode } from './spent-codes.ts';
import type { Begun, Sessions, Visit } from './sessions.ts';
import type { Attempt, SignInBudget } from './sign-in-budget.ts';
import { holdPassword, membershipsOf, passwordHashOf, userByEmail } from './store.ts';

export interface SignInDeps {
  readonly database: Database;
  readonly calls: AuthCalls;
  readonly sessions: Sessions;
  readonly budget: SignInBudget;
  readonly firstOrganization: () => string | undefined;
}

/**
 * Lets people in. Every attempt is counted before it is looked at, and written down whichever way it ends; what is
 * refused again and again, once (see {@link SignInBudget.isNews}).
 */
export class SignIn {
  readonly #deps: SignInDeps;

  constructor(deps: SignInDeps) {
    this.#deps = deps;
  }

  /** @param browser name of a browser in which this person has signed in before */
  async withPassword(
    { email, password }: SignInRequest,
    browser: string | undefined,
    visit: Visit,
  ): Promise<Begun | Challenge> {
    const { budget, calls, database, sessions } = this.#deps;
    const attempt = { address: visit.address, account: email, browser };
    try {
      budget.attempt(attempt, password);
      const compared = await passwordHashOf(database, email);
      const answer = await budget.comparing(attempt, () => calls.signIn(email, password));
      if ('challenge' in answer) return answer;
      return await sessions.begin(answer.token, 'password', visit, (tx, userId) =>
        holdPassword(tx, userId, compared, 'sign_in_failed'),
      );
    } catch (error) {
      await this.#note(error, attempt, password, { email, visit });
      throw error;
    }
  }

  /** At most five attempts a challenge, and ten in a row an account. */
  async withSecondFactor(request: SecondFactorRequest, visit: Visit): Promise<Begun> {
    const { budget, calls, sessions } = this.#deps;
    const { challenge, code, recovery_code: recoveryCode } = request;
    const attempt = { address: visit.address, account: sha256(challenge) };
    const typed = code ?? recoveryCode ?? '';
    try {
      // What guesses here knows the password; the address bounds the work.
      budget.attempt(attempt, typed);
      if (code === undefined) {
        const token = await calls.secondFactor(challenge, { recoveryCode: recoveryCode?.trim() ?? '' });
        return await sessions.begin(token, 'password_and_recovery_code', visit);
      }
      const token = await calls.secondFactor(challenge, { code: code.replaceAll(/\s/g, '') });
      return await sessions.begin(token, 'password_and_code', visit, (tx, userId) =>
        spendCode(tx, userId, code),
      );
    } catch (error) {
      await this.#note(error, attempt, typed, { email: undefined, visit });
      throw error;
    }
  }

  /** What was typed is not written down: it may be a password in the wrong field. */
  async #note(
    error: unknown,
    attempt: Attempt,
    typed: string,
    { email, visit }: { readonly email: string | undefined; readonly visit: Visit },
  ): Promise<void> {
    if (!(error instanceof ProblemError) || error.status >= 500) return;
    const { budget, database, firstOrganization } = this.#deps;
    if (!budget.isNews(attempt, error.code === 'sign_in_throttled' ? undefined : typed)) return;
    await database.transaction(async (tx) => {
      const user = email === undefined ? undefined : await userByEmail(tx, email);
      const organizations = user === undefined ? [] : await membershipsOf(tx, user.id);
      const first = firstOrganization();
      const concerned =
        organizations.length > 0 ? organizations.map(({ id }) => id) : first === undefined ? [] : [first];
      await insertAudit(
        tx,
        concerned.map((organizationId) => ({
          ...{
            organizationId,
            atMs: tx.nowMs,
            action: 'session.refused',
            outcome: 'failure',
            reason: error.code,
          },
          actor: { kind: 'anonymous', id: 'anonymous', address: visit.address, requestId: visit.requestId },
          // Somebody of no organization is nobody whom the first one should know by name.
          object: user === undefined || organizations.length === 0 ? null : { kind: 'user', id: user.id },
        })),
      );
    });
  }
}
