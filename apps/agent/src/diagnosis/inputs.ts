import type { LastError, SaasStatus } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import type { SettingProblem } from '../config.ts';
import type { Notice, StateFolderResult } from '../identity/index.ts';
import type { ProbingTransport } from '../net/index.ts';

/**
 * What a diagnosis looks at. By these types no code and no key can reach it: it sends neither, and what it finds may be
 * shown and copied into a ticket.
 */
export interface DiagnosisInputs {
  readonly clock: Clock;
  /** The least that the present time can be, epoch ms: what a clock is held against that no cloud can be asked about. */
  readonly floorMs: number;
  /** Why what was remembered of the time is not believed. */
  readonly floorNotice: Notice | undefined;
  readonly settings: {
    readonly problems: readonly SettingProblem[];
    readonly warnings: readonly SettingProblem[];
  };
  /** Proves now that the state folder can be written; `prepareStateFolder` fits. */
  readonly stateFolder: () => Promise<StateFolderResult>;
  readonly identity: () => IdentityFacts;
  /** undefined: neither the settings nor a stored identity name one. */
  readonly cloud: CloudUnderTest | undefined;
  /** What the running agent knows of its tunnel; undefined when none runs (`agent doctor`). */
  readonly status: (() => SaasStatus) | undefined;
}

export interface CloudUnderTest {
  readonly transport: Pick<ProbingTransport, 'origin' | 'probe' | 'request'>;
  readonly isTls: boolean;
  readonly isPinned: boolean;
  readonly isProxied: boolean;
}

/** Who the device is, or by what it could become somebody. */
export type IdentityFacts =
  | {
      readonly kind: 'identity';
      readonly deviceId: string;
      readonly cloud: string;
      /** RFC 3339; null when it is not known. */
      readonly keyExpiresAt: string | null;
      readonly notices: readonly Notice[];
    }
  /**
   * What the cloud last said when a code was redeemed. It is known only from that attempt: a diagnosis that asked about
   * a code would be a way to guess codes.
   */
  | { readonly kind: 'refused_code'; readonly answer: LastError }
  /** A code that has not been redeemed yet; `setting` is where it was found. */
  | { readonly kind: 'code'; readonly setting: string }
  | { readonly kind: 'unusable_code'; readonly problem: SettingProblem }
  | { readonly kind: 'unreadable'; readonly detail: string; readonly nextStep: string }
  | { readonly kind: 'none' };
