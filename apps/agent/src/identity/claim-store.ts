import { createHash } from 'node:crypto';
import { idempotencyKeySchema } from '@edgeflow/contract';
import { type Clock, Mutex, type Random, toRfc3339 } from '@edgeflow/platform';
import * as z from 'zod';
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

const parkedPrefix = 'claim-';

function parkedDocument(cloud: string): VaultDocument<PendingClaim> {
  const hash = createHash('sha256').update(cloud, 'utf8').digest('hex').slice(0, 16);
  return { ...claimDocument, name: `${parkedPrefix}${hash}` };
}

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
  /** Another cloud's, which has no final answer: it is parked, and this cloud gets its own. */
  | 'other_cloud'
  /** Made on another board, from which this disk was copied: make one's own. */
  | 'new_board'
  /** Another code, while this one may have been redeemed: get its final answer first. */
  | 'finish_first';

/** CONTRACT.md §5: a pending claim belongs to its cloud, its code and, where there is one, its board. */
export function judgeClaim(existing: PendingClaim | undefined, wanted: WantedClaim): ClaimVerdict {
  if (existing === undefined) return 'none';
  if (existing.cloud !== wanted.cloud) return 'other_cloud';
  if (compareBoards(existing.board, wanted.board) === 'different') return 'new_board';
  return existing.code === wanted.code ? 'resume' : 'finish_first';
}

export type ClaimOpening =
  /** `claim` is durable and may be sent. With `finish_first` it is the old one, and what was wanted has to wait. */
  | {
      readonly kind: 'ready';
      readonly claim: PendingClaim;
      readonly verdict: ClaimVerdict;
      readonly notices: readonly Notice[];
    }
  /** The claim of the former cloud would have to be given up to make room. Send nothing. */
  | { readonly kind: 'crowded'; readonly detail: string; readonly nextStep: string }
  /** Nobody can tell whether a claim is pending: a fresh secret could forfeit a redeemed code. Send nothing. */
  | { readonly kind: 'blocked'; readonly reading: VaultUnreadable };

/** 32 random bytes become 43 characters of base64url. */
const claimSecretBytes = 32;

/** Claims of other clouds that wait, each in a sealed file of its own, for the day their cloud is configured again. */
export const parkedClaimsMax = 8;

const nothingFound = { value: undefined, notices: [] } as const;

/**
 * The pending claims on disk: `claim.vault` is the one in use, `claim-<hash of the origin>.vault` are those of other
 * clouds, parked when `EDGEFLOW_SAAS_URL` changed before their final answer.
 *
 * Invariants: a claim is durable before anyone outside sees it, so no code is ever sent under a secret that a crash
 * could take away; it stays until its final answer has been dealt with, whatever cloud is configured meanwhile; and
 * it is handed out for its own cloud alone.
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

  /**
   * The claim that is pending at `cloud`, also where it was parked; otherwise the one in use, whoever it belongs to.
   * Never rejects for what the files hold.
   */
  load(cloud?: string): Promise<VaultReading<PendingClaim>> {
    return this.#mutex.run(() => this.#find(cloud));
  }

  /** {@link Vault.rebind} for every claim. Answers for the one in use, or for a parked one where that went wrong. */
  rebind(previousMachineId?: string): Promise<VaultReading<PendingClaim>> {
    return this.#mutex.run(async () => {
      const readings = [await this.#vault.rebind(claimDocument, previousMachineId)];
      for (const document of await this.#parked()) {
        readings.push(await this.#vault.rebind(document, previousMachineId));
      }
      const told = (['unreadable', 'opened'] as const).map((kind) => readings.find((r) => r.kind === kind));
      return told.find((reading) => reading !== undefined) ?? { kind: 'absent' };
    });
  }

  /** Another cloud at which a claim with this code is parked: it may have been redeemed there. */
  parkedElsewhere(code: string, cloud: string): Promise<string | undefined> {
    return this.#mutex.run(async () => {
      for (const document of await this.#parked()) {
        const reading = await this.#vault.read(document);
        if (reading.kind !== 'opened') continue;
        const { value } = reading;
        if (value.code === code && value.cloud !== cloud) return value.cloud;
      }
      return undefined;
    });
  }

  /**
   * The claim to send for what is wanted: the pending one, or a new one.
   *
   * @throws DiskProblemError when it cannot be made durable; nothing may be sent then.
   */
  open(wanted: WantedClaim): Promise<ClaimOpening> {
    return this.#mutex.run(async () => {
      const inUse = await this.#vault.read(claimDocument);
      const reading = await this.#find(wanted.cloud);
      if (reading.kind === 'unreadable' && mayOpenLater(reading)) return { kind: 'blocked', reading };
      const { value: found, notices } = reading.kind === 'opened' ? reading : nothingFound;
      const verdict = judgeClaim(found, wanted);
      const isResumed = found !== undefined && (verdict === 'resume' || verdict === 'finish_first');
      const isInPlace = inUse.kind === 'opened' && inUse.value.cloud === wanted.cloud;
      if (isResumed && isInPlace) {
        await this.#vault.settle(claimDocument);
        return { kind: 'ready', claim: found, verdict, notices };
      }
      if (inUse.kind === 'opened' && !isInPlace) {
        const crowd = await this.#park(inUse.value);
        if (crowd !== undefined) return crowd;
      }
      const claim = isResumed ? found : this.#make(wanted);
      const written = await this.#vault.write(claimDocument, claim);
      if (found !== undefined && !isInPlace) await this.#vault.remove(parkedDocument(wanted.cloud));
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
      // The copy that was parked first: the one in use hides it, and what is left hidden would come up again.
      for (const document of [parkedDocument(claim.cloud), claimDocument]) {
        const reading = await this.#vault.read(document);
        if (reading.kind !== 'opened' || reading.value.claim_secret !== claim.claim_secret) continue;
        await this.#vault.remove(document);
      }
    });
  }

  async #find(cloud: string | undefined): Promise<VaultReading<PendingClaim>> {
    const inUse = await this.#vault.read(claimDocument);
    if (cloud === undefined || (inUse.kind === 'opened' && inUse.value.cloud === cloud)) return inUse;
    if (inUse.kind === 'unreadable' && mayOpenLater(inUse)) return inUse;
    const parked = await this.#vault.read(parkedDocument(cloud));
    // One that is damaged stays where it is: no claim can be made of it, and none is lost by leaving it.
    const counts = parked.kind === 'opened' || (parked.kind === 'unreadable' && mayOpenLater(parked));
    return counts ? parked : inUse;
  }

  /** Makes a claim durable under its own cloud's name. @returns why there is no room for it. */
  async #park(claim: PendingClaim): Promise<Extract<ClaimOpening, { kind: 'crowded' }> | undefined> {
    const document = parkedDocument(claim.cloud);
    const others = (await this.#parked()).filter(({ name }) => name !== document.name);
    if (others.length >= parkedClaimsMax) {
      const detail = `${String(others.length)} registrations with other clouds wait for their final answer, and one with ${claim.cloud} as well.`;
      const nextStep = `Set EDGEFLOW_SAAS_URL to ${claim.cloud} again until it is done, or move claim-*.vault out of the state folder.`;
      return { kind: 'crowded', detail, nextStep };
    }
    await this.#vault.write(document, claim);
    return undefined;
  }

  async #parked(): Promise<readonly VaultDocument<PendingClaim>[]> {
    const origins = (await this.#vault.namesAfter(parkedPrefix)).filter((name) =>
      /^[0-9a-f]{16}$/.test(name),
    );
    return origins.map((hash) => ({ ...claimDocument, name: `${parkedPrefix}${hash}` as const }));
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
