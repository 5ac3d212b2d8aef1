import { sql } from 'kysely';
import pg from 'pg';
import { inject } from 'vitest';
import type { Tx } from '../database.ts';

/** Cuts the connection of an open PostgreSQL transaction from the server's side, as a restart of the server does. */
export async function cutConnection(tx: Tx): Promise<void> {
  const answer = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db);
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    // Waits until the server process is gone, at most five seconds.
    await client.query('select pg_terminate_backend($1, 5000)', [answer.rows[0]?.pid]);
  } finally {
    await client.end();
  }
}
