import type { ErrorCode } from '@edgeflow/contract';

/** What one request brought, checked against the contract. */
export interface TinyRequest {
  readonly id: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer, or an error of the catalogue. */
export type TinyReply = { readonly status: number; readonly body: unknown } | ErrorCode;
