import { reconnectingSeconds } from '@edgeflow/contract';
import type { TimerHandle, Timers } from '@edgeflow/platform';
import type { Database, Tx } from '../../storage/database.ts';
import { holdDevices } from '../../storage/device-locks.ts';
import { concernsOneItem } from '../../storage/failures.ts';
import { type Events, insertEvents } from '../events/index.ts';
import { type ArrivalFact, recordArrivals, recordDepartures } from './history.ts';
import {
  expectBack,
  giveUpWaiting,
  markOffline,
  markSeen,
  type OfflineFact,
  type SeenFact,
} from './store.ts';

/** Arrivals and departures are gathered this long, then written together. */
const changesEveryMs = 250;
/** Heartbeats reach the database this often; until then they are in memory. */
const heartbeatsEveryMs = 60_000;
/** Whom nobody has heard again is given up this often, by every node: the one that doubted may be gone. */
const giveUpEveryMs = 30_000;
/**
 * A doubt this old is for every node to end. Longer than a node waits for its own: whoever holds the device may have
 * stopped just before it wrote its heartbeats, so that the device has been gone for less time than it has been doubted.
 */
const doubtMaxMs = reconnectingSeconds * 1000 + heartbeatsEveryMs;
const rowsPerWrite = 500;

export interface PresenceOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly events: Events;
  /** Devices heard since they were last asked for. */
  readonly heard: () => readonly SeenFact[];
  readonly onFailure: (error: unknown) => void;
}

/**
 * Writes presence behind: never a database write per heartbeat, never one per departure.
 *
 * Invariants: an arrival or departure stays here until it is committed, or until the database has refused it alone, so
 * that it is in the way of no other; one about an older connection changes nothing, because the write is fenced by the
 * connection's epoch.
 */
export class PresenceWriter {
  readonly #options: PresenceOptions;
  readonly #departures = new Map<string, OfflineFact>();
  readonly #arrivals = new Set<ArrivalFact>();
  readonly #timers: TimerHandle[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Call once the cloud may accept devices. Returns how many are expected back. */
  async start(): Promise<number> {
    const { database, timers } = this.#options;
    const expected = await this.#expectBack();
    const startedAtMs = await database.nowMs();
    this.#timers.push(
      timers.every(changesEveryMs, () => {
        this.#queue(() => this.#writeChanges());
      }),
      timers.every(heartbeatsEveryMs, () => {
        this.#queue(() => this.#writeHeartbeats());
      }),
      timers.after(reconnectingSeconds * 1000, () => {
        this.#keepGivingUp(startedAtMs);
      }),
    );
    return expected;
  }

  /** A connection that has been accepted, for the history of its device. */
  arrived(fact: ArrivalFact): void {
    this.#arrivals.add(fact);
  }

  departed(fact: OfflineFact): void {
    const known = this.#departures.get(fact.deviceId);
    if (known === undefined || known.epoch < fact.epoch) this.#departures.set(fact.deviceId, fact);
  }

  /** Epoch of the device's tunnel on this node that has ended, while that is not written yet. */
  departing(deviceId: string): number | undefined {
    return this.#departures.get(deviceId)?.epoch;
  }

  /** Writes when devices were last heard. Call it before their tunnels are closed for a stop. */
  async writeHeard(): Promise<void> {
    this.#queue(() => this.#writeHeartbeats());
    await this.#writing;
  }

  /** Writes what is left and stops. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) this.#options.timers.clear(timer);
    this.#queue(() => this.#writeChanges());
    await this.#writing;
  }

  async #expectBack(): Promise<number> {
    let expected = 0;
    let afterId: string | undefined = '';
    while (afterId !== undefined) {
      const from: string = afterId;
      const step = await this.#options.database.transaction((tx) => expectBack(tx, from, rowsPerWrite));
      expected += step.doubted;
      afterId = step.lastId;
    }
    return expected;
  }

  #queue(task: () => Promise<void>): void {
    this.#writing = this.#writing.then(task).catch(this.#options.onFailure);
  }

  /** Arrivals go first: a connection that lasted a moment is written down before its end. */
  async #writeChanges(): Promise<void> {
    while (this.#arrivals.size + this.#departures.size > 0) {
      // Also one of which the arrival is among those that are left over.
      const departuresMax = this.#arrivals.size > rowsPerWrite ? 0 : rowsPerWrite;
      const changes: Change[] = [
        ...this.#arrivals
          .values()
          .take(rowsPerWrite)
          .map((fact) => ({ kind: 'arrival', fact }) as const),
        ...this.#departures
          .values()
          .take(departuresMax)
          .map((fact) => ({ kind: 'departure', fact }) as const),
      ];
      await this.#write(changes, writeChanges, (done) => {
        for (const change of done) this.#forget(change);
      });
      this.#options.events.poke();
    }
  }

  #forget({ fact, kind }: Change): void {
    if (kind === 'arrival') this.#arrivals.delete(fact);
    else if (this.#departures.get(fact.deviceId) === fact) this.#departures.delete(fact.deviceId);
  }

  async #writeHeartbeats(): Promise<void> {
    const heard = this.#options.heard().map((fact) => ({ fact }));
    for (let from = 0; from < heard.length; from += rowsPerWrite) {
      const some = heard.slice(from, from + rowsPerWrite);
      await this.#write(some, (tx, items) =>
        markSeen(
          tx,
          items.map(({ fact }) => fact),
        ),
      );
    }
  }

  /**
   * Writes all in one transaction. What the database refuses is found by halves, reported, and left out.
   *
   * @param done called with what is no longer to be written
   */
  async #write<Item extends About>(
    items: readonly Item[],
    write: (tx: Tx, items: readonly Item[]) => Promise<void>,
    done: (items: readonly Item[]) => void = () => undefined,
  ): Promise<void> {
    try {
      await this.#options.database.transaction((tx) => write(tx, items));
    } catch (error) {
      const [first] = items;
      if (first === undefined || !concernsOneItem(error)) throw error;
      if (items.length > 1) {
        const middle = Math.ceil(items.length / 2);
        await this.#write(items.slice(0, middle), write, done);
        await this.#write(items.slice(middle), write, done);
        return;
      }
      const { deviceId, epoch } = first.fact;
      const which = `connection ${String(epoch)} of ${deviceId}`;
      this.#options.onFailure(new Error(`the database refuses what became of ${which}`, { cause: error }));
    }
    done(items);
  }

  /**
   * Not before devices have had their time to come to this node: all others may be down.
   *
   * @param startedAtMs all that has been doubted by then, by the database's clock, has been for long enough
   */
  #keepGivingUp(startedAtMs: number): void {
    const giveUp = (): void => {
      this.#queue(() => this.#giveUp(startedAtMs));
    };
    giveUp();
    this.#timers.push(this.#options.timers.every(giveUpEveryMs, giveUp));
  }

  async #giveUp(startedAtMs: number): Promise<void> {
    const { database, events } = this.#options;
    for (;;) {
      const given = await database.transaction(async (tx) => {
        const some = await giveUpWaiting(tx, rowsPerWrite, Math.max(startedAtMs, tx.nowMs - doubtMaxMs));
        await insertEvents(tx, some.events);
        return some;
      });
      if (given.events.length > 0) events.poke();
      if (given.isDone) return;
    }
  }
}

interface About {
  readonly fact: { readonly deviceId: string; readonly epoch: number };
}

type Change =
  | { readonly kind: 'arrival'; readonly fact: ArrivalFact }
  | { readonly kind: 'departure'; readonly fact: OfflineFact };

async function writeChanges(tx: Tx, changes: readonly Change[]): Promise<void> {
  const arrivals = changes.flatMap((change) => (change.kind === 'arrival' ? change.fact : []));
  const departures = changes.flatMap((change) => (change.kind === 'departure' ? change.fact : []));
  await holdDevices(
    tx,
    changes.map(({ fact }) => fact.deviceId),
  );
  await recordArrivals(tx, arrivals);
  await recordDepartures(tx, departures);
  await insertEvents(tx, await markOffline(tx, departures));
}
