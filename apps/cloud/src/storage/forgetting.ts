import { giveWay, type Timers } from '@edgeflow/platform';
import type { RawBuilder } from 'kysely';
import type { Database } from './database.ts';

export interface Forgetting {
  readonly database: Database;
  readonly timers: Pick<Timers, 'soon'>;
  /** Whether the cloud stops: the next run goes on. */
  readonly isStopped: () => boolean;
}

/**
 * Runs a statement that removes at most `limit` rows, again and again until it removes fewer. Between two runs everything
 * else has its turn: with SQLite they take the thread that serves heartbeats and registrations.
 */
export async function forgetInParts(
  { database, isStopped, timers }: Forgetting,
  limit: number,
  statement: RawBuilder<unknown>,
): Promise<void> {
  while (!isStopped()) {
    const { numAffectedRows = 0n } = await statement.execute(database.db);
    if (Number(numAffectedRows) < limit) return;
    await giveWay(timers);
  }
}
