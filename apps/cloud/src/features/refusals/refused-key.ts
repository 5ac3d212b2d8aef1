import type { ErrorCode } from '@edgeflow/contract';

/** A key that was refused, and in whose name it was presented. */
export interface RefusedKey {
  readonly deviceId: string;
  readonly code: ErrorCode;
  readonly address: string;
}
