import { createHash } from 'node:crypto';
import type { Clock } from '@edgeflow/platform';

/**
 * Everything that happens in a world, line by line. The hash over all lines names the run: the same seed gives the
 * same hash, and where two runs part, their lines do.
 */
export class Trace {
  readonly #clock: Clock;
  readonly #hash = createHash('sha256');
  readonly #print: ((line: string) => void) | undefined;
  #lines = 0;

  constructor(clock: Clock, print: ((line: string) => void) | undefined) {
    this.#clock = clock;
    this.#print = print;
  }

  /** What happened to whom. Holds no secret. */
  note(who: string, what: string): void {
    this.#lines += 1;
    const line = `${this.#clock.monotonic().toFixed(3)} ${who} ${what}\n`;
    this.#hash.update(line);
    this.#print?.(line);
  }

  get lines(): number {
    return this.#lines;
  }

  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}
