import {
  confirmNew,
  type Credentials,
  type DeviceKey,
  dropNext,
  type Identity,
  promoteNext,
  rollBackToOld,
  withNextKey,
} from '../identity/index.ts';
import type { TunnelCredential } from '../tunnel/model.ts';

/**
 * Which credentials a device may present, in what order, and what `connected` proves.
 *
 * The rule behind all of it: credentials are given up only when others of this device have received `connected`.
 */
export interface Candidate {
  readonly credential: TunnelCredential;
  readonly of: 'present' | 'previous';
  readonly key: 'current' | 'next';
  /** RFC 3339, or null where it is not known. */
  readonly expiresAt: string | null;
}

/**
 * Best first: the newest identity before the one it replaces, and an offered key before the one it replaces, since
 * a lost answer may have killed the older. Only what `cloud` itself issued: no other origin ever sees a key.
 */
export function candidatesOf(identity: Identity | undefined, cloud: string): readonly Candidate[] {
  if (identity === undefined) return [];
  return [...keysOf(identity, 'present', cloud), ...keysOf(identity.previous, 'previous', cloud)];
}

function keysOf(credentials: Credentials | undefined, of: Candidate['of'], cloud: string): Candidate[] {
  if (credentials?.cloud !== cloud) return [];
  const deviceId = credentials.device_id;
  const candidate = (held: DeviceKey, key: Candidate['key']): Candidate => ({
    credential: { deviceId, apiKey: held.api_key },
    of,
    key,
    expiresAt: held.expires_at,
  });
  const current = candidate(credentials, 'current');
  return credentials.next === undefined ? [current] : [candidate(credentials.next, 'next'), current];
}

/**
 * The identity after `winner` has received `connected` and everything better was refused: the winner's key is the
 * current one, and what it has outlived is gone.
 */
export function proven(identity: Identity, winner: Candidate, cloud: string): Identity {
  const settle = winner.key === 'next' ? promoteNext : dropNext;
  if (winner.of === 'present') return confirmNew(settle(identity));
  // Credentials of another cloud were not refused, they were not asked: they stay where they are.
  if (identity.cloud !== cloud) return changePrevious(identity, settle);
  return confirmNew(settle(rollBackToOld(identity)));
}

/** Keeps an offered key beside the one that is in use; see `withNextKey`. */
export function withOfferedKey(identity: Identity, inUse: Candidate, offered: DeviceKey): Identity {
  const add = (credentials: Identity): Identity => withNextKey(credentials, offered);
  return inUse.of === 'present' ? add(identity) : changePrevious(identity, add);
}

function changePrevious(identity: Identity, change: (credentials: Identity) => Identity): Identity {
  if (identity.previous === undefined) return identity;
  const changed = change(identity.previous);
  return changed === identity.previous ? identity : { ...identity, previous: changed };
}

export function isSameCredential(a: TunnelCredential | undefined, b: TunnelCredential | undefined): boolean {
  return a?.deviceId === b?.deviceId && a?.apiKey === b?.apiKey;
}
