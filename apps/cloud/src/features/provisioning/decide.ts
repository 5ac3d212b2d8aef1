import type { ErrorCode } from '@edgeflow/contract';
import type { CodeRow, CredentialRow, DeviceRow } from '../../storage/tables.ts';
import { isReadmitted } from '../credentials/index.ts';
import { bindingMismatch, type HardwareIdentity } from './hardware.ts';

/** All that a registration is judged by. Read in one transaction, with the code's row held. */
export interface ClaimFacts {
  /** undefined: no such code, or text that is no code. */
  readonly code: CodeRow | undefined;
  /** The request's claimant hash under the code's server key; undefined when it sent no Idempotency-Key. */
  readonly claimantHash: string | undefined;
  readonly hardware: HardwareIdentity;
  readonly nowMs: number;
  /** What an earlier redemption of this code made; undefined for a code that is not used. */
  readonly made: { readonly device: Lifecycle; readonly credential: MadeCredential } | undefined;
  /** The device that the code re-provisions; undefined where it names none, or one that does not exist. */
  readonly target: Lifecycle | undefined;
  /** Whether the organization may have one device more. */
  readonly hasRoom: boolean;
}

type Lifecycle = Pick<DeviceRow, 'lifecycle' | 'readmit_credential_id'>;
/** As much of a credential as a repeat is answered from. */
export type MadeCredential = Pick<
  CredentialRow,
  'id' | 'device_id' | 'key_hash' | 'state' | 'expires_at_ms' | 'authenticated_at_ms'
>;

export type ClaimDecision =
  /** Make the device (or give the target a new key) and use up the code. */
  | { readonly kind: 'redeem'; readonly code: CodeRow }
  /** Give the first answer again. */
  | { readonly kind: 'replay'; readonly code: CodeRow; readonly credential: MadeCredential }
  | { readonly kind: 'refuse'; readonly code: ErrorCode; readonly detail?: string };

/** The order of the wire contract, section 2. A refusal consumes nothing. */
export function decideClaim(facts: ClaimFacts): ClaimDecision {
  const { code } = facts;
  if (code === undefined) return refuse('code_unknown');
  if (code.state === 'used') return decideUsed(code, facts);
  if (code.state === 'revoked') return refuse('code_revoked');
  if (code.expires_at_ms <= facts.nowMs) return refuse('code_expired');
  const mismatch = bindingMismatch(code, facts.hardware);
  if (mismatch !== undefined) return refuse('binding_mismatch', `The code is bound to another ${mismatch}.`);
  if (code.target_device_id !== null) {
    return mayBeReprovisioned(facts.target) ? { kind: 'redeem', code } : refuse('target_unavailable');
  }
  return facts.hasRoom ? { kind: 'redeem', code } : refuse('device_limit_reached');
}

/** A fresh key is a way out of quarantine: it tells the device from its clones. */
export function mayBeReprovisioned(target: Pick<DeviceRow, 'lifecycle'> | undefined): boolean {
  return target?.lifecycle === 'active' || target?.lifecycle === 'quarantined';
}

function decideUsed(code: CodeRow, facts: ClaimFacts): ClaimDecision {
  const sameClaimant = facts.claimantHash !== undefined && facts.claimantHash === code.claimant_hash;
  if (!sameClaimant) return refuse('code_already_used');
  if (facts.made === undefined) return refuse('claim_void');
  const { device, credential } = facts.made;
  if (credential.authenticated_at_ms !== null) return refuse('claim_completed');
  if (device.lifecycle === 'revoked') return refuse('device_revoked');
  // A key that was given out since the quarantine is the way out of it, and its answer may be lost like any other.
  if (device.lifecycle === 'quarantined' && !isReadmitted(device, credential))
    return refuse('device_revoked');
  if (device.lifecycle === 'deleted' || credential.state === 'ended') return refuse('claim_void');
  return { kind: 'replay', code, credential };
}

function refuse(code: ErrorCode, detail?: string): ClaimDecision {
  return { kind: 'refuse', code, ...(detail === undefined ? {} : { detail }) };
}
