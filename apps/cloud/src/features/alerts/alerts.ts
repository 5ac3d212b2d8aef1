import type { OrderedIds } from '@edgeflow/contract';
import type { TimerHandle, Timers } from '@edgeflow/platform';
import { forgetOld } from './forget.ts';
import type { Tx } from '../../storage/database.ts';
import { claimDue, isAnythingDue } from './outbox.ts';
import { attempt, type SenderOptions } from './sender.ts';
import { sweep, sweepEveryMs } from './sweep.ts';
import type { AlertDeliveryRow } from '../../storage/alert-tables.ts';

/** Messages are looked for this often; one that was written here is sent at once. */
const sendEveryMs = 1_000;
const forgetEveryMs = 3_600_000;
/** Messages that are being sent at one moment, and those of one endpoint, so that a silent one holds up no other. */
const sendingMax = 10;
const sendingToOneMax = 2;

export interface AlertsOptions extends SenderOptions {
  readonly timers: Timers;
  readonly nextId: OrderedIds;
  /** Where people reach the cloud. */
  readonly publicUrl: () => string;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Looks at the rules, and sends what they have to tell. Everything it knows is in the database, so it may stop at any
 * moment and any number of nodes may do the same.
 */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #timers: TimerHandle[] = [];
  /** Endpoints of the messages that are being sent. */
  readonly #sending = new Map<string, string>();
  #sweeping: Promise<void> | undefined;
  #claiming: Promise<void> | undefined;
  #forgetting: Promise<void> | undefined;
  /** Something was written while it was looked for. */
  #isPokedAgain = false;
  #isStopped = false;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  start(): void {
    const { timers } = this.#options;
    this.#timers.push(
      timers.every(sweepEveryMs, () => {
        this.#sweep();
      }),
      timers.every(sendEveryMs, () => {
        this.poke();
      }),
      timers.every(forgetEveryMs, () => {
        this.#forget();
      }),
    );
  }

  /** Says that there may be something to send. */
  poke(): void {
    if (this.#isStopped) return;
    if (this.#claiming !== undefined) {
      this.#isPokedAgain = true;
      return;
    }
    this.#claiming = this.#claim()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#claiming = undefined;
        if (!this.#isPokedAgain) return;
        this.#isPokedAgain = false;
        this.poke();
      });
  }

  /** Begins nothing more. What is being sent is not waited for: another node, or the next start, sends it again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.splice(0)) this.#options.timers.clear(timer);
    await this.#sweeping;
    await this.#claiming;
    await this.#forgetting;
  }

  #sweep(): void {
    const { events, onFailure } = this.#options;
    this.#sweeping ??= sweep(this.#options)
      .then((hasNews) => {
        if (!hasNews) return;
        events.poke();
        this.poke();
      })
      .catch(onFailure)
      .finally(() => {
        this.#sweeping = undefined;
      });
  }

  #forget(): void {
    const { database, onFailure, timers } = this.#options;
    this.#forgetting ??= forgetOld({ database, timers, isStopped: () => this.#isStopped })
      .catch(onFailure)
      .finally(() => {
        this.#forgetting = undefined;
      });
  }

  async #claim(): Promise<void> {
    const { database } = this.#options;
    const room = sendingMax - this.#sending.size;
    if (room <= 0 || !(await isAnythingDue(database, await database.nowMs()))) return;
    const claimed = await database.transaction((tx) => this.#take(tx, room));
    for (const delivery of claimed) this.#send(delivery);
  }

  /** Whoever has any on the way gets no more until they are there, or have failed. */
  async #take(tx: Tx, room: number): Promise<AlertDeliveryRow[]> {
    const busy = new Set(this.#sending.values());
    const taken: AlertDeliveryRow[] = [];
    while (taken.length < room) {
      const some = await claimDue(tx, Math.min(sendingToOneMax, room - taken.length), [...busy]);
      if (some.length === 0) break;
      taken.push(...some);
      for (const { endpoint_id: id } of some) busy.add(id);
    }
    return taken;
  }

  #send(delivery: AlertDeliveryRow): void {
    this.#sending.set(delivery.id, delivery.endpoint_id);
    attempt(this.#options, delivery)
      .catch((error: unknown) => {
        // Once the cloud has stopped, so has the database: the next start sends it again.
        if (!this.#isStopped) this.#options.onFailure(error);
      })
      .finally(() => {
        this.#sending.delete(delivery.id);
      });
  }
}
