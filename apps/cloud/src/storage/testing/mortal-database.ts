import type { Clock } from '@edgeflow/platform';
import { CommitUnknownError, Database, type Tx } from '../database.ts';

/** Whether the commit that was under way at the death has been applied. Nobody is told. */
export type LastCommit = 'lost' | 'applied';

/** The database of a process that can die at any of its transactions: from then on it reaches the database no more. */
export class MortalDatabase extends Database {
  /** Transactions until death, counted down; Infinity: it lives. */
  left = Infinity;
  lastCommit: LastCommit = 'lost';
  onDeath: () => void = () => undefined;
  #isDead = false;
  #life = 0;

  constructor(real: Database, clock: Clock) {
    super(real.kind, real.db, clock);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** The next process has begun. */
  revive(): void {
    this.#life += 1;
    this.#isDead = false;
    this.left = Infinity;
  }

  override async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#isDead) throw new CommitUnknownError(new Error('this process is dead'));
    if (this.left > 0) {
      this.left -= 1;
      return super.transaction(work);
    }
    const life = this.#life;
    if (this.lastCommit === 'applied') await super.transaction(work);
    else await super.transaction((tx) => work(tx).then(giveUp)).catch(() => undefined);
    // Another one of the same life may have been under way as well, and end when the next life has begun.
    if (life === this.#life) {
      this.#isDead = true;
      this.onDeath();
    }
    throw new CommitUnknownError(new Error('this process died at its commit'));
  }
}

function giveUp(): never {
  throw new Error('rolled back by the death of its process');
}
