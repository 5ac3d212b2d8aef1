import { idempotencyKeySchema } from '@edgeflow/contract';
import { type Clock, Mutex, type Random, toRfc3339 } from '@edgeflow/platform';
import { z } from 'zod';
import { type BoardIdentity, boardIdentitySchema, compareBoards } from './device-facts.ts';
import type { Notice } from './notice.ts';
import type { Vault } from './vault.ts';
import type { VaultDocument } from './vault-opening.ts';
import type { VaultReading, VaultUnreadable } from './vault-reading.ts';

const claimSchema = z.object({
  /** The origin the code is for. */
  cloud: z.string().min(1).max(4096),
  /** The provisioning code in its canonical spelling. */
  code: z.string().min(1).max(256),
  /** The `Idempotency-Key`: what makes every repeat of this registration the same one. */
  claim_secret: idempotencyKeySchema,
  board: boardIdentitySchema.optional(),
  /** RFC 3339, by this device's clock: for people to read, not to decide by. */
  created_at: z.string(),
});

/** A registration that may have been sent and has no final answer yet. Secret as a whole. */
export type PendingClaim = z.infer<typeof claimSchema>;

export const claimDocument: VaultDocument<PendingClaim> = {
  name: 'claim',
  schema: claimSchema,
  boardOf: (claim) => claim.board,
};

export interface WantedClaim {
  readonly cloud: string;
  /** Canonical spelling. */
  readonly code: string;
  readonly board?: BoardIdentity | undefined;
}

export type ClaimVerdict =
  /** Nothing is pending: make a claim. */
  | 'none'
  /** The same registration: go on with its secret. */
  | 'resume'
  /** Made on another board, from which this disk was copied: make one's own. */
  | 'new_board'
  /** Another code or cloud, while this one may have been redeemed: get its final answer first. */
  | 'finish_first';

/** CONTRACT.md §5: a pending claim belongs to its cloud, its code and, where there is one, its board. */
export function judgeClaim(existing: PendingClaim | undefined, wanted: WantedClaim): ClaimVerdict {
  if (existing === undefined) return 'none';
  if (compareBoards(existing.board, wanted.board) === 'different') return 'new_board';
  return existing.cloud === wanted.cloud && existing.code === wanted.code ? 'resume' : 'finish_first';
}

export type ClaimOpening =
  /** `claim` is durable and may be sent. With `finish_first` it is the old one, and what was wanted has to wait. */
  | {
      readonly kind: 'ready';
      readonly claim: PendingClaim;
      readonly verdict: ClaimVerdict;
      readonly notices: readonly Notice[];
    }
  /** Nobody can tell whether a claim is pending: a fresh secret could forfeit a redeemed code. Send nothing. */
  | { readonly kind: 'blocked'; readonly reading: VaultUnreadable };

/** 32 random bytes become 43 characters of base64url. */
const claimSecretBytes = 32;

/**
 * The pending claim on disk.
 *
 * Invariant: a claim is durable before anyone outside sees it, so no code is ever sent under a secret that a crash
 * could take away; and it stays until its final answer has been dealt with.
 */
export class ClaimStore {
  readonly #vault: Vault;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #mutex = new Mutex();

  constructor(vault: Vault, random: Random, clock: Clock) {
    this.#vault = vault;
    this.#random = random;
    this.#clock = clock;
  }

  /** The pending claim, if there is one. Never rejects for what the file holds. */
  load(): Promise<VaultReading<PendingClaim>> {
    return this.#vault.read(claimDocument);
  }

  /** {@link Vault.rebind} for the claim. */
  rebind(previousMachineId?: string): Promise<VaultReading<PendingClaim>> {
    return this.#vault.rebind(claimDocument, previousMachineId);
  }

  /**
   * The claim to send for what is wanted: the pending one, or a new one.
   *
   * @throws DiskProblemError when it cannot be made durable; nothing may be sent then.
   */
  open(wanted: WantedClaim): Promise<ClaimOpening> {
    return this.#mutex.run(async () => {
      const reading = await this.load();
      if (reading.kind === 'unreadable' && mayOpenLater(reading)) return { kind: 'blocked', reading };
      const existing = reading.kind === 'opened' ? reading.value : undefined;
      const verdict = judgeClaim(existing, wanted);
      const notices = reading.kind === 'opened' ? reading.notices : [];
      if (existing !== undefined && (verdict === 'resume' || verdict === 'finish_first')) {
        await this.#vault.settle(claimDocument);
        return { kind: 'ready', claim: existing, verdict, notices };
      }
      const claim = this.#make(wanted);
      const written = await this.#vault.write(claimDocument, claim);
      return { kind: 'ready', claim, verdict, notices: [...notices, ...written] };
    });
  }

  /**
   * The final answer has been dealt with: an identity is durable, or the cloud refused for good. Forgets this claim;
   * a later one that has taken its place stays.
   *
   * @throws DiskProblemError.
   */
  finish(claim: PendingClaim): Promise<void> {
    return this.#mutex.run(async () => {
      const reading = await this.load();
      if (reading.kind !== 'opened' || reading.value.claim_secret !== claim.claim_secret) return;
      await this.#vault.remove(claimDocument);
    });
  }

  #make({ cloud, code, board }: WantedClaim): PendingClaim {
    const secret = Buffer.from(this.#random.bytes(claimSecretBytes)).toString('base64url');
    return { cloud, code, claim_secret: secret, board, created_at: toRfc3339(this.#clock.now()) };
  }
}

/**
 * A file that this user may not read, that the disk refused for now or that a later agent wrote can still open; one
 * that is damaged or another device's never will, and waiting for it would only keep the device out.
 */
function mayOpenLater({ reason }: VaultUnreadable): boolean {
  return reason === 'permission' || reason === 'io' || reason === 'newer_version';
}
