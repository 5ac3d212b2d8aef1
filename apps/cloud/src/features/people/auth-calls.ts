import type { ChangePasswordRequest } from '@edgeflow/contract';
import { ProblemError } from '../../http/problems.ts';
import type { Guard, NotedWrite, Note } from './auth-adapter.ts';
import { asPeopleProblem, type buildAuth, challengeSeconds } from './auth.ts';
import type { PasswordReset } from './password-resets.ts';

/** A first factor was right and a second is asked for. */
export interface Challenge {
  readonly challenge: string;
  readonly seconds: number;
}

/**
 * What is asked of better-auth, without its cookies and errors. It speaks in cookies; they go no further than here.
 */
export class AuthCalls {
  readonly #built: ReturnType<typeof buildAuth>;

  constructor(built: ReturnType<typeof buildAuth>) {
    this.#built = built;
  }

  /** @throws ProblemError `sign_in_failed` alike, and after the same work, for an unknown address and a wrong password */
  async signIn(email: string, password: string): Promise<{ readonly token: string } | Challenge> {
    const { headers } = await this.#ask(() =>
      this.#built.auth.api.signInEmail({
        body: { email, password },
        headers: new Headers(),
        returnHeaders: true,
      }),
    );
    const challenge = await this.#cookie(headers, 'two_factor');
    if (challenge !== undefined) return { challenge, seconds: challengeSeconds };
    return { token: await this.#token(headers) };
  }

  /** @throws ProblemError `second_factor_failed`, `challenge_expired`, `sign_in_throttled` */
  async secondFactor(
    challenge: string,
    proof: { readonly code: string } | { readonly recoveryCode: string },
  ): Promise<string> {
    // It goes into a header; what we have given out looks like this.
    if (!/^[\w.%~-]+$/.test(challenge)) throw new ProblemError('challenge_expired');
    const name = (await this.#built.auth.$context).createAuthCookie('two_factor').name;
    const headers = new Headers({ cookie: `${name}=${challenge}` });
    const { api } = this.#built.auth;
    const answer = await this.#ask(() =>
      'code' in proof
        ? api.verifyTOTP({ body: { code: proof.code }, headers, returnHeaders: true })
        : api.verifyBackupCode({ body: { code: proof.recoveryCode }, headers, returnHeaders: true }),
    );
    return this.#token(answer.headers);
  }

  /** Every session of the person ends. @returns the token of a new one */
  /** @param guard looks whether the password that was compared is still the one that there is */
  async changePassword(
    token: string,
    { current_password: current, new_password: next }: ChangePasswordRequest,
    note: Note,
    guard: Guard,
  ): Promise<string> {
    const body = { currentPassword: current, newPassword: next, revokeOtherSessions: true };
    const change = () =>
      this.#built.auth.api.changePassword({ body, headers: bearerOf(token), returnHeaders: true });
    const answer = await this.#noting('accounts update', note, change, guard);
    return this.#token(answer.headers);
  }

  async changeName(token: string, name: string, note: Note): Promise<void> {
    await this.#noting('users update', note, () =>
      this.#built.auth.api.updateUser({ body: { name }, headers: bearerOf(token) }),
    );
  }

  /** @returns the link's secret; undefined when nobody has this address */
  requestReset(email: string): Promise<PasswordReset | undefined> {
    return this.#built.resets.during(() =>
      this.#ask(() => this.#built.auth.api.requestPasswordReset({ body: { email } })),
    );
  }

  /** Every session of the person ends. @throws ProblemError `link_invalid` */
  async resetPassword(secret: string, password: string, note: Note): Promise<void> {
    await this.#noting('accounts update', note, () =>
      this.#built.auth.api.resetPassword({ body: { token: secret, newPassword: password } }),
    );
  }

  async enrol(token: string, password: string): Promise<{ uri: string; recoveryCodes: string[] }> {
    const made = await this.#ask(() =>
      this.#built.auth.api.enableTwoFactor({ body: { password, method: 'totp' }, headers: bearerOf(token) }),
    );
    if (made.method !== 'totp') throw new Error('better-auth made no authenticator');
    return { uri: made.totpURI, recoveryCodes: made.backupCodes };
  }

  /** @returns the token of the session that takes this one's place */
  async confirm(token: string, code: string, note: Note): Promise<string> {
    const answer = await this.#noting('users update', note, () =>
      this.#built.auth.api.verifyTOTP({ body: { code }, headers: bearerOf(token), returnHeaders: true }),
    );
    return (await this.#cookieToken(answer.headers)) ?? token;
  }

  /** @returns the token of the session that takes this one's place */
  async disable(token: string, password: string, note: Note): Promise<string> {
    const answer = await this.#noting('users update', note, () =>
      this.#built.auth.api.disableTwoFactor({
        body: { password },
        headers: bearerOf(token),
        returnHeaders: true,
      }),
    );
    return this.#token(answer.headers);
  }

  async newRecoveryCodes(token: string, password: string, note: Note): Promise<string[]> {
    const made = await this.#noting('two_factors update', note, () =>
      this.#built.auth.api.generateBackupCodes({ body: { password }, headers: bearerOf(token) }),
    );
    return made.backupCodes;
  }

  #noting<T>(write: NotedWrite, note: Note, work: () => Promise<T>, guard?: Guard): Promise<T> {
    return this.#built.store.recording(write, note, () => this.#ask(work), guard);
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asPeopleProblem(error);
    }
  }

  async #token(headers: Headers): Promise<string> {
    const token = await this.#cookieToken(headers);
    if (token === undefined) throw new Error('better-auth answered without a session');
    return token;
  }

  /** Its cookie is the token and a signature over it. */
  async #cookieToken(headers: Headers): Promise<string | undefined> {
    const value = await this.#cookie(headers, 'session_token');
    return value === undefined ? undefined : decodeURIComponent(value).split('.')[0];
  }

  async #cookie(headers: Headers, name: string): Promise<string | undefined> {
    const start = `${(await this.#built.auth.$context).createAuthCookie(name).name}=`;
    const set = headers.getSetCookie().findLast((cookie) => cookie.startsWith(start));
    const value = set?.slice(start.length).split(';')[0];
    return value === '' ? undefined : value;
  }
}

function bearerOf(token: string): Headers {
  return new Headers({ authorization: `Bearer ${token}` });
}
