import type { ErrorCode, HardwareInfo, NetworkInfo, ProvisionResponse } from '@edgeflow/contract';

/** One registration, parsed and ready for its batch. */
export interface Claim {
  /** Hash of the code under every server key that may have made it. */
  readonly codeHashes: readonly string[];
  /** The Idempotency-Key itself: a secret, held in memory only while the answer is made. */
  readonly idempotencyKey: string | undefined;
  readonly hardware: HardwareInfo;
  readonly network: NetworkInfo;
  readonly address: string;
  readonly requestId: string;
  /** Made beforehand so that a batch that is run again gives the same ids. */
  readonly newDeviceId: string;
  readonly newCredentialId: string;
  /** 32 random bytes: the key of a claim that sent no Idempotency-Key. */
  readonly randomKey: Uint8Array;
}

export type ClaimOutcome =
  | { readonly kind: 'answer'; readonly answer: ProvisionResponse; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string };
