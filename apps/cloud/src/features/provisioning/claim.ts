import type { ErrorCode, HardwareInfo, NetworkInfo, ProvisionResponse } from '@edgeflow/contract';
import type { CodeRow } from '../../storage/tables.ts';
import type { Storable } from './hardware.ts';

/** One registration, parsed and ready for its batch. */
export type Claim = ClaimFacts & ClaimSecret;

/** Secrets are held in memory only while the answer is made. */
type ClaimSecret =
  | { readonly idempotencyKey: string; readonly randomKey?: undefined }
  /** 32 random bytes: the key of a claim that sent no Idempotency-Key. */
  | { readonly idempotencyKey: undefined; readonly randomKey: Uint8Array };

interface ClaimFacts {
  /** Hash of the code under every server key that may have made it. */
  readonly codeHashes: readonly string[];
  readonly hardware: Storable<HardwareInfo>;
  readonly network: Storable<NetworkInfo>;
  readonly address: string;
  /** Not the form of a code with three groups or more. */
  readonly short: boolean;
  readonly requestId: string;
  /** Made beforehand so that a batch that is run again gives the same ids. */
  readonly newDeviceId: string;
  readonly newCredentialId: string;
  /** Its address has spent its budget: only the claimant's own earlier answer may still be given. */
  readonly replayOnly: boolean;
}

export type ClaimOutcome =
  | { readonly kind: 'answer'; readonly answer: ProvisionResponse; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string };

/** What a successful claim writes. */
export interface Redemption {
  readonly code: CodeRow;
  readonly deviceId: string;
  readonly credentialId: string;
  readonly keyHash: string;
  readonly keyExpiresAtMs: number;
  readonly rotateAfterMs: number;
  readonly claimantHash: string | null;
  readonly address: string;
  readonly hardwareInfo: string;
  readonly networkInfo: string;
  readonly agentVersion: string | null;
  readonly boardModel: string | null;
  readonly searchText: string;
}

/** One claim of a batch and what became of it. */
export interface JudgedClaim {
  readonly claim: Claim;
  /** undefined: no such code. */
  readonly code: CodeRow | undefined;
  readonly redemption: Redemption | undefined;
  readonly outcome: ClaimOutcome;
}
