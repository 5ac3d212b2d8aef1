import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { dayMs } from '../credentials/index.ts';

const deliveriesKeptMs = 30 * dayMs;
const incidentsKeptMs = 90 * dayMs;
/** Rows that are removed at once, so that no other work waits long. */
const atOnce = 500;

/** Removes messages that were sent, and incidents that ended, long ago. */
export async function forgetOld(database: Database): Promise<void> {
  const nowMs = await database.nowMs();
  const steps = [
    sql`delete from alert_deliveries where id in (select id from alert_deliveries
      where state <> 'waiting' and finished_at_ms < ${nowMs - deliveriesKeptMs} limit ${atOnce})`,
    sql`delete from alert_incidents where id in (select id from alert_incidents
      where state = 'resolved' and resolved_at_ms < ${nowMs - incidentsKeptMs} limit ${atOnce})`,
  ];
  for (const step of steps) {
    let removed = atOnce;
    while (removed === atOnce) {
      removed = Number((await step.execute(database.db)).numAffectedRows ?? 0n);
    }
  }
}
