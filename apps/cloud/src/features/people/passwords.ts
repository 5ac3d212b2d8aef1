import { hash, verify } from '@node-rs/argon2';
import { ProblemError } from '../../http/problems.ts';

/**
 * Argon2id with OWASP's parameters (Password Storage Cheat Sheet, 2025): 19 MiB, two passes, one lane. Some 30 ms of
 * one core.
 */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/**
 * Passwords hashed at one moment: 38 MiB, and two of the four threads that the process has for such work, so that the
 * others go on serving its disk and names however many people sign in.
 */
const hashingMax = 2;
/** Those that wait for their turn: some two seconds' worth. One more is sent away. */
const waitingMax = 64;

/** Hashes and compares passwords, a few at a time. */
export class Passwords {
  #hashing = 0;
  readonly #waiting: (() => void)[] = [];

  /** A PHC string: parameters, salt and hash. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(normal(password), parameters));
  }

  /** Takes as long as {@link hash}, whether or not they match. */
  verify(hashed: string, password: string): Promise<boolean> {
    return this.#inTurn(() => verify(hashed, normal(password)));
  }

  /** @throws ProblemError `unavailable` when too many wait */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hashing >= hashingMax) {
      if (this.#waiting.length >= waitingMax) throw new ProblemError('unavailable');
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else this.#hashing += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#hashing -= 1;
      else next();
    }
  }
}

/** One spelling for what looks alike, as different keyboards type it (NIST SP 800-63B, section 3.1.1.2). */
function normal(password: string): string {
  return password.normalize('NFKC');
}
