import { type ErrorCode, expiredKeyGraceDays } from '@edgeflow/contract';
import type { CredentialRow, DeviceRow } from '../../storage/tables.ts';
import { dayMs } from './key-life.ts';

/** A credential that a presented key matched, with the device it belongs to. */
export interface KeyMatch {
  readonly credential: CredentialRow;
  readonly device: DeviceRow;
}

export type KeyVerdict =
  | {
      readonly kind: 'accepted';
      readonly match: KeyMatch;
      /** The key has expired: the device may only rotate it. */
      readonly restricted: boolean;
      /** The key has never authenticated: that must be committed before it is answered. */
      readonly first: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      /** With `too_many_attempts`: how long to stay away. */
      readonly waitSeconds?: number;
    };

/** What a key may do by its age: everything, be rotated, or nothing. */
export function keyAge(expiresAtMs: number, nowMs: number): 'valid' | 'expired' | 'dead' {
  if (nowMs < expiresAtMs) return 'valid';
  return nowMs < expiresAtMs + expiredKeyGraceDays * dayMs ? 'expired' : 'dead';
}

/** Whether this is the key that a code has given out since the device was put into quarantine: the way out of it. */
export function isReadmitted(
  device: Pick<DeviceRow, 'readmit_credential_id'>,
  credential: Pick<CredentialRow, 'id'>,
): boolean {
  return device.readmit_credential_id === credential.id;
}

/**
 * Judges a key by what it matched. Everything that is not a known, living key is `key_rejected`, so that a stranger
 * learns nothing; what became of a device is told only to whoever holds its key.
 *
 * @param presentedId the device id that came with the key; undefined where none is claimed
 */
export function judgeKey(
  match: KeyMatch | undefined,
  presentedId: string | undefined,
  nowMs: number,
): KeyVerdict {
  if (match === undefined || match.credential.state === 'ended') return refused('key_rejected');
  const { credential, device } = match;
  if (presentedId !== undefined && presentedId !== device.id) return refused('key_rejected');
  if (device.lifecycle === 'deleted') return refused('device_deleted');
  if (device.lifecycle === 'revoked') return refused('device_revoked');
  if (device.lifecycle === 'quarantined' && !isReadmitted(device, credential))
    return refused('device_quarantined');
  const age = keyAge(credential.expires_at_ms, nowMs);
  if (age === 'dead') return refused('key_rejected');
  return {
    kind: 'accepted',
    match,
    restricted: age === 'expired',
    first: credential.state === 'issued',
  };
}

function refused(code: ErrorCode): KeyVerdict {
  return { kind: 'refused', code };
}
