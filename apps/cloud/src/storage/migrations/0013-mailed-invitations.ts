import { type Kysely, sql } from 'kysely';

/** The link that goes out by e-mail is another than the one that whoever invites is shown: it proves the mailbox. */
export const mailedInvitations = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `alter table invitations add column mailed_hash text`,
      `create unique index invitations_by_mailed on invitations (mailed_hash)`,
    ])
      await sql.raw(statement).execute(db);
  },
};
