import { type Kysely, sql } from 'kysely';

/** A change to many devices is recognised when it is asked for again. */
export const repeatedBulks = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `alter table bulk_changes add column request_hash text`,
      `alter table bulk_changes add column content_hash text`,
      `create unique index bulk_changes_by_request on bulk_changes (organization_id, request_hash)
        where request_hash is not null`,
    ])
      await sql.raw(statement).execute(db);
  },
};
