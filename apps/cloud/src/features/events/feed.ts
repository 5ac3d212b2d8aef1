import { eventStreamsMax, eventStreamsPerOrganizationMax } from '@edgeflow/contract';
import type { TimerHandle, Timers } from '@edgeflow/platform';
import type { Database } from '../../storage/database.ts';
import { eventsAfter, latestSequence, type StoredEvent } from './store.ts';

/** Events read at once for one reader. */
const pageSize = 200;
/** Other nodes' events are noticed this late at most. */
const pollMs = 1_000;

export interface EventReader {
  /** Called one event at a time, in order. A reader that returns false is busy: the rest waits for {@link Subscription.resume}. */
  readonly onEvent: (event: StoredEvent) => boolean;
  /** Called when the service stops: nothing comes any more. */
  readonly onEnd: () => void;
}

export interface Subscription {
  /** The number of the event before the first that will come. */
  readonly startsAfter: number;
  /** Starts, and goes on after the reader said it was busy. */
  resume(): void;
  close(): void;
}

interface Reader extends EventReader {
  readonly organizationId: string;
  sequence: number;
  pumping: boolean;
  again: boolean;
  busy: boolean;
  closed: boolean;
}

/**
 * Streams the stored events to readers. The database is the only source: a poke merely says "look now".
 *
 * Invariants: each reader sees every event of its organization after its start, once, in the order of commits;
 * a slow reader costs a number, not a queue.
 */
export class Events {
  readonly #database: Database;
  readonly #readers = new Set<Reader>();
  readonly #onFailure: (error: unknown) => void;

  readonly #timers: Timers;
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(database: Database, timers: Timers, onFailure: (error: unknown) => void) {
    this.#database = database;
    this.#timers = timers;
    this.#onFailure = onFailure;
  }

  start(): void {
    this.#timer = this.#timers.every(pollMs, () => {
      this.poke();
    });
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    for (const reader of this.#readers) {
      reader.closed = true;
      reader.onEnd();
    }
    this.#readers.clear();
  }

  /** Says that events may have been committed. */
  poke(): void {
    for (const reader of this.#readers) this.#wake(reader);
  }

  /**
   * Starts after `sequence`, or now when that is undefined or has not been reached: it came from another database.
   * @returns undefined when too many readers are open, or the service stops.
   */
  async subscribe(
    organizationId: string,
    sequence: number | undefined,
    { onEnd, onEvent }: EventReader,
  ): Promise<Subscription | undefined> {
    const latest = await latestSequence(this.#database);
    if (this.#stopped || this.#isFull(organizationId)) return undefined;
    const start = Math.min(sequence ?? latest, latest);
    // Busy until it is told to start: it may have to say something first.
    const state = { pumping: false, again: false, busy: true, closed: false };
    const reader: Reader = { organizationId, onEvent, onEnd, sequence: start, ...state };
    this.#readers.add(reader);
    return {
      startsAfter: start,
      resume: () => {
        reader.busy = false;
        this.#wake(reader);
      },
      close: () => {
        reader.closed = true;
        this.#readers.delete(reader);
      },
    };
  }

  /** One organization leaves room for the others. */
  #isFull(organizationId: string): boolean {
    if (this.#readers.size >= eventStreamsMax) return true;
    const own = [...this.#readers].filter((reader) => reader.organizationId === organizationId);
    return own.length >= eventStreamsPerOrganizationMax;
  }

  #wake(reader: Reader): void {
    if (reader.closed || reader.busy) return;
    if (reader.pumping) {
      reader.again = true;
      return;
    }
    reader.pumping = true;
    void this.#pump(reader);
  }

  async #pump(reader: Reader): Promise<void> {
    try {
      do {
        reader.again = false;
        const page = await eventsAfter(this.#database, reader.organizationId, reader.sequence, pageSize);
        if (page.length === pageSize) reader.again = true;
        deliver(reader, page);
      } while (wantsMore(reader));
    } catch (error) {
      // The next poke or poll tries again from the same place.
      this.#onFailure(error);
    } finally {
      reader.pumping = false;
    }
  }
}

function deliver(reader: Reader, page: readonly StoredEvent[]): void {
  for (const event of page) {
    if (reader.closed) return;
    reader.sequence = event.sequence;
    if (!reader.onEvent(event)) {
      reader.busy = true;
      return;
    }
  }
}

function wantsMore(reader: Reader): boolean {
  return reader.again && !reader.busy && !reader.closed;
}
