import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { type Access, apiKeyPrefix, type Role, roleSchema } from '@edgeflow/contract';
import { readCookie } from './cookies.ts';
import { ProblemError } from './problems.ts';
import { type RequestOrigin, requireOwnSite } from './request-origin.ts';

/** Each role may do what those before it may. */
export const roles = roleSchema.options;
export type { Role } from '@edgeflow/contract';

/** An operator whose credential was accepted. */
export interface Principal {
  readonly kind: 'operator';
  /** Public id of the token or the person: safe to log and audit. */
  readonly id: string;
  readonly organizationId: string;
  readonly role: Role;
  /** For people: the token's or the person's name. */
  readonly label: string;
  /** Of a person who is signed in; undefined for a token. */
  readonly session?: { readonly id: string; readonly expiresAtMs: number };
}

/** A device as it presents itself: its key is not checked yet. */
export interface DeviceCaller {
  readonly kind: 'device';
  readonly apiKey: string;
}

/** What an operation with this access gets as its caller. */
export type Caller<A extends Access> = A extends 'public'
  ? undefined
  : A extends `device_or_${Role}`
    ? DeviceCaller | Principal
    : Principal;

/** What an operator's request is recognised by. */
export interface OperatorRequest {
  /** From `X-API-Key` or `Authorization: Bearer`; never empty. */
  readonly credential: string;
  readonly address: string;
  readonly requestId: string;
}

/**
 * Recognises operators. Throws `token_rejected` alike for unknown and expired credentials, and `too_many_attempts` in
 * its place to an address that has presented too many.
 */
export interface Authenticator {
  authenticateOperator(request: OperatorRequest): Promise<Principal> | Principal;
  /** Recognises the token of a session cookie. Throws `session_missing` alike for unknown, ended and expired ones. */
  authenticateSession?(token: string): Promise<Principal>;
}

/** The credential a request presents: `X-API-Key`, else `Authorization: Bearer` (RFC 6750). */
export function presentedCredential(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  const apiKey = request.headers['x-api-key'];
  if (typeof apiKey === 'string' && apiKey !== '') return apiKey;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Throws `forbidden` when the principal's role is below `least`. */
export function requireRole(principal: Principal, least: Role): void {
  if (roles.indexOf(principal.role) >= roles.indexOf(least)) return;
  throw new ProblemError('forbidden', {
    detail: `This call needs the role ${least}; this credential has ${principal.role}`,
  });
}

/** Least role, and whether a device's key will do too. `public` needs nobody. */
const requirements: Readonly<
  Record<Exclude<Access, 'public'>, { readonly least: Role; readonly device: boolean }>
> = {
  person: { least: 'viewer', device: false },
  device_or_viewer: { least: 'viewer', device: true },
  device_or_operator: { least: 'operator', device: true },
  viewer: { least: 'viewer', device: false },
  operator: { least: 'operator', device: false },
  admin: { least: 'admin', device: false },
  owner: { least: 'owner', device: false },
};

/** What callers are recognised with. */
export interface Recognition {
  readonly authenticator: Authenticator;
  /** What the browser behind a request sees in its address bar. */
  readonly originOf: (request: IncomingMessage) => RequestOrigin;
}

/** Requests of browsers that change nothing, whoever has made them. */
const safeMethods: readonly string[] = ['GET', 'HEAD'];

/**
 * Finds out who calls, before the body is read. A header wins over a cookie: a program that sends both means the one
 * that it has set itself.
 *
 * @param onRecognised hears who it is before the role is looked at, so that a refusal can be told of somebody
 * @throws ProblemError `token_rejected` (`key_rejected` where devices are expected and nothing is presented),
 * `session_missing` for a cookie that is not good any more, `cross_site` for a change by cookie that another site
 * asked for, `session_required` for a token where a person is meant, or `forbidden` for a role that is too low.
 */
export async function identifyCaller(
  access: Exclude<Access, 'public'>,
  request: FastifyRequest,
  address: string,
  context: Recognition,
  onRecognised?: (caller: DeviceCaller | Principal) => void,
): Promise<DeviceCaller | Principal> {
  const { least, device } = requirements[access];
  const credential = presentedCredential(request);
  if (credential !== undefined && device && credential.startsWith(apiKeyPrefix)) {
    const caller = { kind: 'device', apiKey: credential } as const;
    onRecognised?.(caller);
    return caller;
  }
  const principal =
    credential === undefined
      ? await recogniseSession(request, device, context)
      : await context.authenticator.authenticateOperator({ credential, address, requestId: request.id });
  onRecognised?.(principal);
  if (access === 'person' && principal.session === undefined) throw new ProblemError('session_required');
  requireRole(principal, least);
  return principal;
}

async function recogniseSession(
  request: FastifyRequest,
  device: boolean,
  { authenticator, originOf }: Recognition,
): Promise<Principal> {
  const origin = originOf(request.raw);
  const token = readCookie('session', request.headers, origin);
  if (token === undefined || authenticator.authenticateSession === undefined) {
    throw new ProblemError(device ? 'key_rejected' : 'token_rejected');
  }
  if (!safeMethods.includes(request.method)) requireOwnSite(request.raw, origin);
  return authenticator.authenticateSession(token);
}
