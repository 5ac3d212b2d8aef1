import { createHash } from 'node:crypto';
import type { Clock, Random } from '@edgeflow/platform';

const instanceBytes = 16;
/** Times that another connection takes this one's place before this process calls itself something else. */
const replacedMax = 2;

/**
 * The name by which the cloud tells this process from others with the same identity.
 *
 * A machine that was copied while it ran has this process twice, under one name. As a process never replaces itself
 * (one connection at a time), being replaced again and again shows that somebody else is there: both draw a new name,
 * and the cloud can tell them apart. For a process that is alone this does no harm.
 */
export class Instance {
  readonly #random: Random;
  readonly #clock: Clock;
  #name: string;
  #replaced = 0;

  constructor(random: Random, clock: Clock) {
    this.#random = random;
    this.#clock = clock;
    this.#name = this.#draw();
  }

  get name(): string {
    return this.#name;
  }

  onReplaced(): void {
    this.#replaced += 1;
    if (this.#replaced % replacedMax === 0) this.#name = this.#draw();
  }

  /** With the time in it: in a copied process the random numbers to come are copied as well. */
  #draw(): string {
    const moment = `${String(this.#clock.now())} ${String(this.#clock.monotonic())}`;
    const hash = createHash('sha256').update(this.#random.bytes(instanceBytes)).update(moment);
    return hash.digest('hex').slice(0, 2 * instanceBytes);
  }
}
