import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from '../database.ts';

/**
 * What an operator was called when they acted stays in the log: people change their names, and tokens go. Until now
 * nothing was written down, so what is there already gets the names of this moment.
 */
export const actorNames = (kind: DatabaseKind) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      // A log of millions takes longer than any call may. Holds for the transaction of the migration alone.
      ...(kind === 'postgres' ? [`set local statement_timeout = 0`] : []),
      `alter table audit_log add column actor_name text`,
      `update audit_log set actor_name = case when actor_id = 'bootstrap' then 'bootstrap token' else coalesce(
          (select name from users where users.id = audit_log.actor_id),
          (select name from operator_tokens where operator_tokens.id = audit_log.actor_id)) end
        where actor_kind = 'operator'`,
    ])
      await sql.raw(statement).execute(db);
  },
});
