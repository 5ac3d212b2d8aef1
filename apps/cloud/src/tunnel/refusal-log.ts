import type { ErrorCode } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import type { Logger } from '../logging.ts';

/** Lines about single refusals within {@link windowMs}; a flood is counted, and told of in one line more. */
export const refusalLinesMax = 20;
/** The same about what kept tunnels from being judged: no flood of refusals hides it. */
export const failureLinesMax = 5;
const windowMs = 10_000;

/**
 * Says why tunnels are refused, in no more lines than a person can read: the first few of a window one by one, with
 * the address of each, and of the rest how many there were of each code.
 */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #unnamed = new Map<ErrorCode, number>();
  #sinceMs: number;
  #refusals = 0;
  #failures = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.#sinceMs = clock.monotonic();
  }

  refused(code: ErrorCode, address: string): void {
    this.tick();
    this.#refusals += 1;
    if (this.#refusals <= refusalLinesMax) this.#logger.info({ code, address }, 'tunnel refused');
    else this.#unnamed.set(code, (this.#unnamed.get(code) ?? 0) + 1);
  }

  /** What keeps tunnels from being judged; each is refused as well, and so is counted. */
  failed(error: unknown): void {
    this.tick();
    this.#failures += 1;
    if (this.#failures <= failureLinesMax) this.#logger.error({ err: error }, 'a tunnel could not be judged');
  }

  /** Call it every second or so: a window that is over is told of, even if nobody comes any more. */
  tick(): void {
    if (this.#clock.monotonic() - this.#sinceMs >= windowMs) this.flush();
  }

  /** Tells of those that were not named, and begins a new window. */
  flush(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#unnamed.size > 0) {
      const seconds = Math.ceil((nowMs - this.#sinceMs) / 1000);
      this.#logger.info({ refused: Object.fromEntries(this.#unnamed), seconds }, 'more tunnels refused');
    }
    this.#unnamed.clear();
    this.#refusals = 0;
    this.#failures = 0;
    this.#sinceMs = nowMs;
  }
}
