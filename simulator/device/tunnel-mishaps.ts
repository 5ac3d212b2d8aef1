import type { Timers } from '@edgeflow/platform';
import type { Link } from '../network/link.ts';

/** What a story lets happen to the tunnel of one board, at a moment of its choice and whatever the weather. */
export class TunnelMishaps {
  readonly #timers: Pick<Timers, 'after'>;
  readonly #cutPower: () => void;
  #link: Link | undefined;
  #heldMs: number | undefined;

  constructor(timers: Pick<Timers, 'after'>, cutPower: () => void) {
    this.#timers = timers;
    this.#cutPower = cutPower;
  }

  /** Nothing passes any more, and nobody says so. */
  silence(): void {
    this.#link?.cut(true);
  }

  /** It breaks; while the board opens another its power is cut, and what it has said then is under way for so long. */
  dieWhileConnecting(heldMs: number): void {
    this.#heldMs = heldMs;
    this.#link?.cut(false);
  }

  /** That has not happened yet. */
  get isToDie(): boolean {
    return this.#heldMs !== undefined;
  }

  /** The board is about to send `connect` on this link. */
  presents(link: Link): void {
    this.#link = link;
    if (this.#heldMs === undefined) return;
    link.hold(this.#heldMs);
    this.#heldMs = undefined;
    // As the next event: the frame is on its way then.
    this.#timers.after(0, this.#cutPower);
  }
}
