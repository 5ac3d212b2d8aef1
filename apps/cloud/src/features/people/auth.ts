import { createHash } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { isAPIError } from 'better-auth/api';
import { bearer, twoFactor } from 'better-auth/plugins';
import {
  type ErrorCode,
  type IdKind,
  makeId,
  passwordLengthMax,
  passwordLengthMin,
} from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { KeyRing } from '../../keyring/index.ts';
import type { Logger } from '../../logging.ts';
import type { Database } from '../../storage/database.ts';
import { AuthStore } from './auth-adapter.ts';
import { authTables } from './auth-tables.ts';
import { Passwords } from './passwords.ts';
import { PasswordResets } from './password-resets.ts';

/** A session that is not used for this long ends. */
export const sessionSeconds = 7 * 24 * 3600;
/** A second factor is waited for this long. */
export const challengeSeconds = 600;
/** A link for a new password works this long. */
export const resetSeconds = 3600;

export interface AuthDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly random: Random;
  readonly logger: Logger;
}

const ids: Readonly<Record<string, IdKind>> = {
  ...{ user: 'user', session: 'session', account: 'account', verification: 'verification' },
  twoFactor: 'twoFactor',
};

/**
 * better-auth: accounts, passwords, sessions and second factors. Its HTTP handler is not mounted; the operations of
 * the contract call it, so that errors, audit rows and limits are those of every other call.
 */
export function buildAuth({ database, keyRing, logger, random }: AuthDeps) {
  const store = new AuthStore(database);
  const passwords = new Passwords();
  const resets = new PasswordResets();
  const auth = betterAuth({
    ...authTables,
    appName: 'EdgeFlow',
    // Nothing is served there; it wants one to make addresses that nobody sees.
    baseURL: 'http://localhost',
    secrets: keyRing.ids.map((id) => ({ version: versionOf(id), value: secretOf(keyRing, id) })),
    database: store.adapter,
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: {
      level: 'error',
      // Its arguments may hold rows and tokens.
      log: (_level, message) => {
        logger.error({ source: 'better-auth' }, message);
      },
    },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLengthMin,
      maxPasswordLength: passwordLengthMax,
      resetPasswordTokenExpiresIn: resetSeconds,
      revokeSessionsOnPasswordReset: true,
      password: {
        hash: (password) => passwords.hash(password),
        verify: ({ hash, password }) => passwords.verify(hash, password),
      },
      sendResetPassword: async ({ token, user }) => {
        resets.made({ secret: token, userId: user.id, email: user.email, name: user.name });
      },
    },
    session: { ...authTables.session, expiresIn: sessionSeconds, disableSessionRefresh: true },
    verification: { ...authTables.verification, storeIdentifier: 'hashed' },
    advanced: {
      database: { generateId: ({ model }) => makeId(ids[model] ?? 'verification', random.bytes) },
    },
    plugins: [
      bearer(),
      twoFactor({
        issuer: 'EdgeFlow',
        schema: authTables.twoFactorSchema,
        twoFactorCookieMaxAge: challengeSeconds,
      }),
    ],
  });
  return { auth, store, passwords, resets };
}

/** better-auth numbers its secrets; a number from the id stays the same however the ring is ordered. */
function versionOf(keyId: string): number {
  return createHash('sha256').update(keyId).digest().readUIntBE(0, 6);
}

function secretOf(keyRing: KeyRing, keyId: string): string {
  return Buffer.from(keyRing.purposeKey(keyId, 'people')).toString('base64url');
}

/** What better-auth's own codes mean here. */
const meanings: Readonly<Record<string, ErrorCode>> = {
  INVALID_EMAIL_OR_PASSWORD: 'sign_in_failed',
  INVALID_EMAIL: 'sign_in_failed',
  PASSWORD_TOO_LONG: 'sign_in_failed',
  INVALID_PASSWORD: 'password_wrong',
  CREDENTIAL_ACCOUNT_NOT_FOUND: 'password_wrong',
  INVALID_CODE: 'second_factor_failed',
  INVALID_BACKUP_CODE: 'second_factor_failed',
  INVALID_TWO_FACTOR_COOKIE: 'challenge_expired',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'challenge_expired',
  ACCOUNT_TEMPORARILY_LOCKED: 'sign_in_throttled',
  TOTP_NOT_ENABLED: 'two_factor_conflict',
  TOTP_ALREADY_ENABLED: 'two_factor_conflict',
  TWO_FACTOR_NOT_ENABLED: 'two_factor_conflict',
  BACKUP_CODES_NOT_ENABLED: 'two_factor_conflict',
  INVALID_TOKEN: 'link_invalid',
  USER_NOT_FOUND: 'link_invalid',
  UNAUTHORIZED: 'session_missing',
};

/** Seconds after which a second factor that was refused too often is looked at again. */
const lockedSeconds = 900;

/** What better-auth threw, as one of our problems; anything that it should not throw stays as it is. */
export function asPeopleProblem(error: unknown): unknown {
  if (!isAPIError(error)) return error;
  const code = error.body?.code ?? '';
  const meaning = meanings[code];
  if (meaning === 'sign_in_throttled') {
    return new ProblemError(meaning, { headers: { 'Retry-After': String(lockedSeconds) } });
  }
  if (meaning !== undefined) return new ProblemError(meaning);
  // Two requests spent one recovery code at the same moment: one of them was first.
  if (error.statusCode === 409) return new ProblemError('second_factor_failed');
  return new Error(`better-auth refused with ${code}`, { cause: error });
}
