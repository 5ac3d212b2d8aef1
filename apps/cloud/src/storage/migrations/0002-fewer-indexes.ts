import { type Kysely, sql } from 'kysely';

/**
 * Drops an index that no query needs: whoever looks for credentials by their device wants the living ones, and finds
 * them by `credentials_live` (in SQLite only with its condition, `state <> 'ended'`, in the statement). Each index with
 * keys in random order costs a registration a page of the write-ahead log.
 */
export const fewerIndexes = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`drop index credentials_by_device`.execute(db);
  },
};
