import type { DiskProblem } from './disk-problem.ts';
import type { Notice } from './notice.ts';

/** What became of reading a sealed document. Nothing that a file may contain makes a reading throw. */
export type VaultReading<T> = { readonly kind: 'absent' } | VaultOpened<T> | VaultUnreadable;

export interface VaultOpened<T> {
  readonly kind: 'opened';
  readonly value: T;
  readonly notices: readonly Notice[];
}

export interface VaultUnreadable {
  readonly kind: 'unreadable';
  readonly reason: UnreadableReason;
  /** What is wrong with which file; no secrets. */
  readonly detail: string;
  readonly nextStep: string;
}

export type UnreadableReason =
  /** It ends early, or in zeros: written while the power went, or copied in part. */
  | 'truncated'
  /** Some of its bytes changed since it was sealed, or it is another document under this one's name. */
  | 'altered'
  /** Something else stands under this name. */
  | 'not_a_vault'
  /** Sealed by a later agent. */
  | 'newer_version'
  /** Whole, but sealed with a key that is not here: copied from another device, or the key was replaced. */
  | 'other_key'
  /** Whole and the key fits, but it was sealed on another machine, or on this one before its machine id changed. */
  | 'machine_changed'
  /** This user may not read it. */
  | 'permission'
  /** The disk failed. */
  | 'io';

/** `claim-…` is a claim of another cloud than the one in use; see `ClaimStore`. */
export type DocumentName = 'identity' | 'claim' | `claim-${string}`;

/** The person's way out when a file's content is gone for good. */
export function nextStepWithoutBackup(document: DocumentName, path: string): string {
  const backup = `Restore ${path} from a backup of this device if there is one.`;
  return document === 'identity'
    ? `${backup} Otherwise give the device a new provisioning code; the file is kept.`
    : `${backup} Otherwise the agent starts the registration afresh; if the cloud then says that the code was used, give it a new one.`;
}

export function unreadableDisk(problem: DiskProblem): VaultUnreadable {
  const reason = problem.code === 'permission' ? 'permission' : 'io';
  return { kind: 'unreadable', reason, detail: problem.detail, nextStep: problem.nextStep };
}
