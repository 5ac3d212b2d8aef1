import type { Clock, Timers } from '@edgeflow/platform';
import type { BulkChanges } from './features/bulk/index.ts';
import { forgetEvents } from './features/events/index.ts';
import type { People } from './features/people/index.ts';
import { forgetConnections } from './features/presence/index.ts';
import type { Rotation } from './features/rotation/index.ts';
import type { Database } from './storage/database.ts';

const rotationSweepMs = 60_000;
/** What a node that ended has left is gone on with this soon. */
const bulkResumeMs = 15_000;
const housekeepingMs = 3_600_000;
/** Events stay readable, for readers that resume, this long. */
const eventsKeptMs = 7 * 24 * 3600 * 1000;
/** When devices were connected. */
const connectionsKeptMs = 90 * 24 * 3600 * 1000;
/** How changes to many devices went. */
const bulksKeptMs = 30 * 24 * 3600 * 1000;
const forgottenAtOnce = 1_000;

export interface PeriodicWork {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly database: Database;
  readonly bulk: BulkChanges;
  readonly people: People;
  readonly rotation: Rotation;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Starts what is done again and again, each time anew whatever became of the last.
 *
 * @returns what ends it, and resolves once what was under way has ended
 */
export function startPeriodicWork(work: PeriodicWork): () => Promise<void> {
  const { bulk, clock, database, onFailure, people, rotation, timers } = work;
  const underWay = new Set<Promise<unknown>>();
  let isStopped = false;
  const forgetting = { database, timers, isStopped: () => isStopped };
  const every = (periodMs: number, task: () => Promise<unknown>) =>
    timers.every(periodMs, () => {
      const once = task()
        .catch(onFailure)
        .finally(() => underWay.delete(once));
      underWay.add(once);
    });
  const handles = [
    every(rotationSweepMs, () => rotation.sweep()),
    every(bulkResumeMs, () => bulk.resume()),
    every(housekeepingMs, () => forgetEvents(forgetting, clock.now() - eventsKeptMs, forgottenAtOnce)),
    every(housekeepingMs, () =>
      forgetConnections(forgetting, clock.now() - connectionsKeptMs, forgottenAtOnce),
    ),
    every(housekeepingMs, () => bulk.forget(clock.now() - bulksKeptMs)),
    every(housekeepingMs, () => people.tidy()),
  ];
  return async () => {
    isStopped = true;
    for (const handle of handles) timers.clear(handle);
    await Promise.all(underWay);
  };
}
