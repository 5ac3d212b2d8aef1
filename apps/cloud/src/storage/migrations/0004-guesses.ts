import { type Kysely, sql } from 'kysely';

/** Distinct unknown codes of the last day, so that their budgets outlive the process. */
export function guesses(kind: 'sqlite' | 'postgres'): { up(db: Kysely<unknown>): Promise<void> } {
  const sequence = kind === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  return {
    async up(db) {
      await sql
        .raw(
          `create table guesses (
            sequence ${sequence},
            address_key text not null,
            tag bigint not null,
            at_ms bigint not null
          )`,
        )
        .execute(db);
    },
  };
}
