import { type Kysely, sql } from 'kysely';

/** What it takes to notice two devices with one identity, and to decide about them. */
export const clones = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `alter table organizations add column clone_policy text not null default 'keep_newest'
    check (clone_policy in ('keep_newest', 'quarantine'))`,
  `alter table devices add column tunnel_history text`,
  `alter table devices add column replaced_at_ms bigint`,
  `alter table devices add column clone_suspected_at_ms bigint`,
  `alter table devices add column clone_evidence text`,
  `alter table devices add column readmit_credential_id text`,
  `create index devices_by_replacement on devices (replaced_at_ms) where replaced_at_ms is not null`,
  `create index devices_by_suspicion on devices (organization_id, clone_suspected_at_ms)
    where clone_suspected_at_ms is not null`,
];
