import type { Problem as CloudProblem } from '@edgeflow/contract';
import type { Delay } from '../delay.ts';
import type {
  BoardIdentity,
  ConfiguredCredentials,
  Identity,
  PendingClaim,
  VaultReading,
} from '../identity/index.ts';
import type { TunnelCredential, TunnelProblem } from '../tunnel/model.ts';

/** The words of the machine that leads the life of an identity: states, events, effects. */

/** Something that keeps the device from going on, for the log and for `last_error`. Free of secrets. */
export interface Problem {
  /** Of the error catalogue, or whatever code a newer cloud sent. */
  readonly code: string;
  readonly message: string;
  readonly nextStep: string;
}

/** What does not change while the machine runs. */
export interface LifeSettings {
  /** The origin that everything is sent to. */
  readonly cloud: string;
  readonly board: BoardIdentity | undefined;
  /** `EDGEFLOW_DEVICE_ID` and `EDGEFLOW_API_KEY`, which win over what is stored. */
  readonly explicit: ConfiguredCredentials | undefined;
}

export interface LifeState {
  readonly settings: LifeSettings;
  /** The configured code in its canonical spelling. */
  readonly code: string | undefined;
  /** The setting that holds it. */
  readonly codeSetting?: string | undefined;
  /** Why the configured code is none, where there is one that cannot be read. */
  readonly codeProblem: Problem | undefined;
  /** The configured code that the cloud has refused for good: not sent again until it changes. */
  readonly refusedCode: string | undefined;
  readonly vault: VaultState;
  /** What is durable, never what is being written. */
  readonly identity: Identity | undefined;
  /** Configured credentials are stored before anything else happens. */
  readonly seeding: 'none' | 'needed' | 'writing';
  readonly proof: Proof | undefined;
  /** Credentials that a person handed over are being stored. */
  readonly isTakingOver: boolean;
  readonly writeAttempts: number;
  readonly writeProblem: Problem | undefined;
  readonly claim: ClaimState;
  /** The code of a claim that is still on disk, although the identity it made is durable: it is forgotten last. */
  readonly leftover: string | undefined;
  readonly tunnel: TunnelView;
  readonly offer: OfferState | undefined;
  /** What stays true although all is well now, e.g. that a new identity was refused and the old one is used. */
  readonly notice: Problem | undefined;
}

/** What a `connected` has proven about `seen`, on its way to the disk. It stays true when the tunnel ends meanwhile. */
export interface Proof {
  readonly seen: Identity;
  readonly next: Identity;
  readonly isWriting: boolean;
}

export type VaultState =
  | { readonly kind: 'loading'; readonly attempt: number; readonly problem: Problem | undefined }
  | { readonly kind: 'open' }
  /**
   * There is an identity that cannot be opened. `isWaiting`: it still can be, by a later agent, and a configured
   * code is no word against it.
   */
  | { readonly kind: 'unreadable'; readonly problem: Problem; readonly isWaiting: boolean };

interface Claiming {
  /** Canonical spelling. */
  readonly code: string;
  /** The call of the local API that waits for the outcome. */
  readonly asked: number | undefined;
  /** Counts every failure, so it also tells an answer to this attempt from a late one. */
  readonly attempt: number;
}

export type ClaimState =
  | { readonly kind: 'none' }
  /** The claim is being made durable. Nothing has been sent. */
  | (Claiming & {
      readonly kind: 'opening';
      readonly replaces: boolean;
      readonly problem: Problem | undefined;
    })
  /** Waits to open the claim again; nothing has been sent. */
  | (Claiming & { readonly kind: 'blocked'; readonly replaces: boolean; readonly problem: Problem })
  | (Claiming & { readonly kind: 'sending'; readonly problem: Problem | undefined })
  /** Waits to send again, with the same `Idempotency-Key`. */
  | (Claiming & { readonly kind: 'waiting'; readonly problem: Problem })
  /** Redeemed; the credentials are being made durable, or (not `isWriting`) wait for their turn. */
  | (Claiming & {
      readonly kind: 'keeping';
      readonly grant: Grant;
      readonly isWriting: boolean;
      readonly problem: Problem | undefined;
    })
  /** Final. With `isKept` the claim stays on disk, because the cloud did not say that it is over. */
  | { readonly kind: 'refused'; readonly code: string; readonly problem: Problem; readonly isKept: boolean };

/** What the cloud answered to a claim. Secret as a whole. */
export interface Grant {
  readonly deviceId: string;
  readonly apiKey: string;
  readonly expiresAt: string | null;
}

/** What the machine knows of the tunnel. */
export interface TunnelView {
  /** False while disabled, or disconnected on an operator's word. */
  readonly isWanted: boolean;
  /** The credential the tunnel has now. */
  readonly using: TunnelCredential | undefined;
  readonly status: 'idle' | 'trying' | 'online' | 'refused';
  /** Candidates that were refused since the last `connected`, in the round that is under way. */
  readonly refused: readonly Refusal[];
  readonly problem: TunnelProblem | undefined;
}

export interface Refusal {
  readonly credential: TunnelCredential;
  readonly problem: TunnelProblem;
}

/** A `rotate_key` in progress. */
export interface OfferState {
  readonly id: number;
  /** `waiting`: for what the present key has proven to be durable. */
  readonly stage: 'waiting' | 'saving' | 'answering';
  readonly apiKey: string;
  readonly expiresAt: string;
}

export type ClaimOutcome =
  | { readonly kind: 'redeemed'; readonly grant: Grant }
  /** The cloud's own final word. `isOver`: this claim's secret can be worth nothing any more. */
  | { readonly kind: 'refused'; readonly problem: CloudProblem; readonly isOver: boolean }
  /** No answer, or one that says nothing about the claim: the same request is safe to send again. */
  | { readonly kind: 'later'; readonly problem: Problem; readonly retryAfterSeconds: number | undefined };

export type ProvisionReply =
  /** Credentials that were handed over are durable. */
  | { readonly kind: 'stored' }
  | { readonly kind: 'redeemed'; readonly grant: Grant }
  | { readonly kind: 'refused'; readonly problem: CloudProblem }
  /** Refused by the device itself. */
  | { readonly kind: 'declined'; readonly code: 'already_provisioned' | 'provisioning_in_progress' }
  /** Not done; `goesOn`: the device keeps trying by itself. */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly goesOn: boolean };

export type LifeTimer = 'load' | 'claim' | 'write' | 'offer';

export type LifeEvent =
  | { readonly type: 'start' }
  | {
      readonly type: 'loaded';
      readonly identity: VaultReading<Identity>;
      readonly claim: VaultReading<PendingClaim>;
    }
  | {
      readonly type: 'code_configured';
      readonly setting?: string | undefined;
      readonly code: string | undefined;
      readonly problem: Problem | undefined;
    }
  | { readonly type: 'asked'; readonly id: number; readonly code: string; readonly force: boolean }
  /** A person hands over credentials that were made beforehand. */
  | { readonly type: 'given'; readonly id: number; readonly deviceId: string; readonly apiKey: string }
  /** The claim is durable; `code` is the one it is for. */
  | { readonly type: 'claim_opened'; readonly code: string }
  | { readonly type: 'claim_not_opened'; readonly problem: Problem }
  | { readonly type: 'claim_answered'; readonly attempt: number; readonly outcome: ClaimOutcome }
  /** `identity` is what is durable now, whoever changed it. */
  | {
      readonly type: 'stored';
      readonly write: IdentityWrite;
      readonly identity: Identity | undefined;
    }
  | { readonly type: 'not_stored'; readonly write: IdentityWrite; readonly problem: Problem }
  | { readonly type: 'tunnel_wanted'; readonly isWanted: boolean }
  | { readonly type: 'tunnel_online'; readonly credential: TunnelCredential }
  | { readonly type: 'tunnel_offline'; readonly problem: TunnelProblem }
  | {
      readonly type: 'tunnel_refused';
      readonly credential: TunnelCredential;
      readonly problem: TunnelProblem;
    }
  | { readonly type: 'key_offered'; readonly id: number; readonly apiKey: string; readonly expiresAt: string }
  /** The answer to an offer has been handed to the socket, or could not be. */
  | { readonly type: 'offer_answered'; readonly id: number }
  | { readonly type: 'timer'; readonly timer: LifeTimer };

export type IdentityWrite =
  | { readonly kind: 'grant'; readonly grant: Grant; readonly code: string }
  | { readonly kind: 'settings'; readonly credentials: ConfiguredCredentials }
  | { readonly kind: 'given'; readonly asked: number; readonly deviceId: string; readonly apiKey: string }
  /** Writes `next` only if what is stored is still `seen`: what was decided about one identity fits no other. */
  | { readonly kind: 'offer' | 'proof'; readonly seen: Identity; readonly next: Identity };

export type LifeEffect =
  | { readonly type: 'load' }
  /** Answered by `claim_opened` or `claim_not_opened`. `replaces`: a claim pending at this cloud is given up for it. */
  | { readonly type: 'open_claim'; readonly code: string; readonly replaces: boolean }
  | { readonly type: 'send_claim'; readonly attempt: number }
  | { readonly type: 'finish_claim' }
  | { readonly type: 'write_identity'; readonly write: IdentityWrite }
  | { readonly type: 'use'; readonly credential: TunnelCredential; readonly when: 'now' | 'slowly' }
  | { readonly type: 'stop_tunnel' }
  | { readonly type: 'reply'; readonly id: number; readonly reply: ProvisionReply }
  | { readonly type: 'answer_offer'; readonly id: number; readonly problem: Problem | undefined }
  | { readonly type: 'set_timer'; readonly timer: LifeTimer; readonly delay: Delay }
  | { readonly type: 'clear_timer'; readonly timer: LifeTimer };

export interface LifeStep {
  readonly state: LifeState;
  readonly effects: readonly LifeEffect[];
}
