import type { Json, ResponseFrame } from '@edgeflow/contract';

/** A command on its way through a tunnel. */
export interface Call {
  readonly action: string;
  readonly payload: Json | undefined;
  readonly timeoutMs: number;
}

export type CallOutcome =
  | {
      readonly kind: 'answered';
      readonly id: string;
      readonly response: ResponseFrame;
      readonly durationMs: number;
    }
  | { readonly kind: 'offline' }
  | { readonly kind: 'timeout'; readonly id: string };
