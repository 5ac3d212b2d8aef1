import { type ErrorCode, isId } from '@edgeflow/contract';
import type { Clock, TimerHandle, Timers } from '@edgeflow/platform';
import type { Database } from '../../storage/database.ts';
import type { Events } from '../events/index.ts';
import type { RefusedKey } from './refused-key.ts';
import { recordRefusals } from './store.ts';

/** What is refused waits this long to be written down with the others. */
const writeEveryMs = 500;
/** The same refusal of the same device is written down once in this time. */
const againMs = 3_600_000;
/** Refusals that wait; more are left out, and noticed when they come again. */
const waitingMax = 500;
/** Refusals that are remembered as written; the oldest are forgotten first. */
const rememberedMax = 10_000;

/** Refusals that say something about the device; the others concern the address, or pass by themselves. */
const noted: readonly ErrorCode[] = [
  'key_rejected',
  'key_expired',
  'device_revoked',
  'device_quarantined',
  'device_deleted',
  'clone_suspected',
];

export interface KeyRefusalsOptions {
  readonly clock: Clock;
  readonly database: Database;
  readonly timers: Timers;
  readonly events: Events;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Writes down whose keys are refused, and why: a device that is turned away for ever is a failure that somebody has to
 * mend. Written behind, once an hour for each device and cause, so that devices that knock every minute, and strangers
 * who knock in the name of others, cost next to nothing. What names no device of this cloud leaves no trace.
 */
export class KeyRefusals {
  readonly #options: KeyRefusalsOptions;
  readonly #waiting = new Map<string, RefusedKey>();
  /** When each was written, by the monotonic clock, the oldest first. */
  readonly #written = new Map<string, number>();
  #timer: TimerHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KeyRefusalsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.timers.every(writeEveryMs, () => {
      this.#queue();
    });
  }

  note(refused: RefusedKey): void {
    if (!noted.includes(refused.code) || !isId('device', refused.deviceId)) return;
    const key = `${refused.deviceId} ${refused.code}`;
    const writtenMs = this.#written.get(key);
    if (writtenMs !== undefined && this.#options.clock.monotonic() - writtenMs < againMs) return;
    if (this.#waiting.size < waitingMax) this.#waiting.set(key, refused);
  }

  /** Writes what is left and stops. */
  async stop(): Promise<void> {
    if (this.#timer !== undefined) this.#options.timers.clear(this.#timer);
    this.#queue();
    await this.#writing;
  }

  #queue(): void {
    if (this.#waiting.size === 0) return;
    this.#writing = this.#writing.then(() => this.#write()).catch(this.#options.onFailure);
  }

  async #write(): Promise<void> {
    const { clock, database, events } = this.#options;
    const refused = [...this.#waiting.values()];
    this.#waiting.clear();
    if (refused.length === 0) return;
    const known = await database.transaction((tx) => recordRefusals(tx, refused));
    if (known.length === 0) return;
    for (const { code, deviceId } of known) {
      const key = `${deviceId} ${code}`;
      this.#written.delete(key);
      this.#written.set(key, clock.monotonic());
    }
    const surplus = this.#written.size - rememberedMax;
    for (const key of [...this.#written.keys()].slice(0, Math.max(0, surplus))) this.#written.delete(key);
    events.poke();
  }
}
