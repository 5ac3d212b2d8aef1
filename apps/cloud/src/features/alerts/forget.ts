import { sql } from 'kysely';
import { type Forgetting, forgetInParts } from '../../storage/forgetting.ts';
import { dayMs } from '../credentials/index.ts';

const deliveriesKeptMs = 30 * dayMs;
const incidentsKeptMs = 90 * dayMs;
/** Rows that are removed at once, so that no other work waits long. */
const atOnce = 500;

/** Removes messages that were sent, and incidents that ended, long ago. */
export async function forgetOld(forgetting: Forgetting): Promise<void> {
  const nowMs = await forgetting.database.nowMs();
  const deliveries = sql`delete from alert_deliveries where id in (select id from alert_deliveries
    where state <> 'waiting' and finished_at_ms < ${nowMs - deliveriesKeptMs} limit ${atOnce})`;
  const incidents = sql`delete from alert_incidents where id in (select id from alert_incidents
    where state = 'resolved' and resolved_at_ms < ${nowMs - incidentsKeptMs} limit ${atOnce})`;
  await forgetInParts(forgetting, atOnce, deliveries);
  await forgetInParts(forgetting, atOnce, incidents);
}
