import { type Kysely, sql } from 'kysely';

/** What the last device that a code refused said of itself: one row a code, however often it is tried. */
export const attempts = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `create table code_attempts (
          code_id text primary key references provisioning_codes (id),
          organization_id text not null references organizations (id),
          at_ms bigint not null,
          reason text not null,
          address text not null,
          mac_address text,
          serial_number text,
          board_model text
        )`,
      )
      .execute(db);
  },
};
