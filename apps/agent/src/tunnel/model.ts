import type { ErrorCode } from '@edgeflow/contract';
import type { Delay } from '../delay.ts';

/** The words of the tunnel's machine: what it can be, what can happen to it, and what it can ask for. */

/** Both are opaque text. */
export interface TunnelCredential {
  readonly deviceId: string;
  readonly apiKey: string;
}

export interface TunnelProblem {
  readonly code: ErrorCode;
  /** Plain English, without secrets. */
  readonly message: string;
}

export interface Linked {
  readonly credential: TunnelCredential;
  /** Number of the newest link; later ones are larger. */
  readonly link: number;
  /** Attempts since a link last stayed up for `backoffResetSeconds`. */
  readonly failures: number;
}

export type TunnelState =
  | { readonly phase: 'idle'; readonly link: number }
  | (Linked & { readonly phase: 'connecting' })
  | (Linked & { readonly phase: 'authenticating'; readonly errorText?: string })
  | (Linked & { readonly phase: 'online'; readonly pingsUnanswered: number; readonly errorText?: string })
  | (Linked & { readonly phase: 'backing_off' })
  /** Refused by name: tried again slowly, because an operator may restore the device. */
  | (Linked & { readonly phase: 'rejected' })
  /** Our close frame is on its way; `next` is what to connect with afterwards. */
  | { readonly phase: 'closing'; readonly link: number; readonly next: TunnelCredential | undefined };

export type TunnelTimer = 'deadline' | 'retry' | 'heartbeat' | 'steady';

export type TunnelEvent =
  /** Connects with this credential now, closing a link that uses another. */
  | { readonly type: 'use'; readonly credential: TunnelCredential }
  /** Replaces the credential of a rejected tunnel without waking it up. */
  | { readonly type: 'use_later'; readonly credential: TunnelCredential }
  | { readonly type: 'stop' }
  | { readonly type: 'opened'; readonly link: number }
  | { readonly type: 'connected'; readonly link: number; readonly deviceId: string }
  | { readonly type: 'error_frame'; readonly link: number; readonly text: string }
  | { readonly type: 'pong'; readonly link: number }
  | {
      readonly type: 'closed';
      readonly link: number;
      readonly code: number;
      readonly reason: string;
      readonly failure?: TunnelProblem;
    }
  | { readonly type: 'timer'; readonly timer: TunnelTimer };

export type TunnelReport =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online'; readonly credential: TunnelCredential }
  | { readonly kind: 'offline'; readonly problem: TunnelProblem }
  | { readonly kind: 'rejected'; readonly credential: TunnelCredential; readonly problem: TunnelProblem }
  | { readonly kind: 'stopped' };

export type TunnelEffect =
  | { readonly type: 'open'; readonly link: number }
  | { readonly type: 'send_connect'; readonly link: number; readonly credential: TunnelCredential }
  | { readonly type: 'send_ping'; readonly link: number }
  | { readonly type: 'close'; readonly link: number; readonly code: number; readonly reason: string }
  | { readonly type: 'terminate'; readonly link: number }
  | { readonly type: 'set_timer'; readonly timer: TunnelTimer; readonly delay: Delay }
  | { readonly type: 'clear_timers' }
  | { readonly type: 'report'; readonly report: TunnelReport };

export interface TunnelStep {
  readonly state: TunnelState;
  readonly effects: readonly TunnelEffect[];
}
