import { type Clock, Mutex, toRfc3339 } from '@edgeflow/platform';
import {
  identityDocument,
  type Identity,
  type NewCredentials,
  replaceKeepingOld,
} from './identity-document.ts';
import type { Notice } from './notice.ts';
import type { Vault } from './vault.ts';
import type { VaultReading } from './vault-reading.ts';

/**
 * The device's identity, in memory and on disk.
 *
 * Invariants: `current` is what is durable, never what is being written; changes run one at a time, each on the
 * outcome of the one before; a change that fails leaves memory as it was, and may be tried again.
 */
export class IdentityStore {
  readonly #vault: Vault;
  readonly #clock: Clock;
  readonly #mutex = new Mutex();
  #current: Identity | undefined;
  #isLoaded = false;

  constructor(vault: Vault, clock: Clock) {
    this.#vault = vault;
    this.#clock = clock;
  }

  /** The identity as last read or written; undefined before {@link load}, and where there is none. */
  get current(): Identity | undefined {
    return this.#current;
  }

  /** Reads the identity from disk. Never rejects for what the file holds. */
  load(): Promise<VaultReading<Identity>> {
    return this.#mutex.run(() => this.#read());
  }

  /** {@link Vault.rebind} for the identity. */
  rebind(previousMachineId?: string): Promise<VaultReading<Identity>> {
    return this.#mutex.run(() => this.#read({ previousMachineId }));
  }

  /**
   * Makes new credentials the identity, keeping the present ones until confirmed. Resolved means durable: the tunnel
   * may open.
   *
   * @returns notices, e.g. about an unreadable file that was kept aside.
   * @throws DiskProblemError.
   */
  adopt(credentials: NewCredentials): Promise<readonly Notice[]> {
    return this.#mutex.run(async () => {
      if (!this.#isLoaded) await this.#read();
      return this.#save(replaceKeepingOld(this.#current, credentials, this.#now()));
    });
  }

  /**
   * Applies one of the pure changes of `identity-document.ts` durably; see {@link current} for the outcome. A change
   * that returns what it was given writes nothing, and so does a store without an identity.
   *
   * @returns notices, as {@link adopt} does.
   * @throws DiskProblemError.
   */
  update(change: (identity: Identity) => Identity): Promise<readonly Notice[]> {
    return this.#mutex.run(async () => {
      const before = this.#current;
      if (before === undefined) return [];
      const after = change(before);
      return after === before ? [] : this.#save({ ...after, saved_at: this.#now() });
    });
  }

  async #save(identity: Identity): Promise<readonly Notice[]> {
    const notices = await this.#vault.write(identityDocument, identity);
    this.#current = identity;
    return notices;
  }

  async #read(rebinding?: {
    readonly previousMachineId: string | undefined;
  }): Promise<VaultReading<Identity>> {
    const reading =
      rebinding === undefined
        ? await this.#vault.read(identityDocument)
        : await this.#vault.rebind(identityDocument, rebinding.previousMachineId);
    this.#current = reading.kind === 'opened' ? reading.value : undefined;
    this.#isLoaded = true;
    return reading;
  }

  #now(): string {
    return toRfc3339(this.#clock.now());
  }
}
