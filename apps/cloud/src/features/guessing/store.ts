import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { insertRows } from '../../storage/rows.ts';
import { insertAudit } from '../audit/index.ts';
import { insertEvents } from '../events/index.ts';
import type { Guess } from './budget.ts';
import { type Alarm, groupsLeast } from './decide.ts';

/** Any constant: names the lock under which nodes write guesses down and judge the alarm. */
const guessesLock = 0x67_75_65_73;
/** Names the fact that holds the alarm. */
const alarmFact = 'guessing_alarm';
/** Organizations that are told of one alarm. */
const organizationsToldMax = 1_000;

export interface WrittenGuess extends Guess {
  readonly sequence: number;
  readonly atMs: number;
}

/** With PostgreSQL the lock makes sequences appear in the order of commits, and one node raise the alarm. */
export async function lockGuesses(tx: Tx): Promise<void> {
  if (tx.kind === 'postgres') await sql`select pg_advisory_xact_lock(${guessesLock})`.execute(tx.db);
}

const columns = { address_key: 'text', tag: 'bigint', at_ms: 'bigint' } as const;

export async function insertGuesses(tx: Tx, guesses: readonly Guess[]): Promise<void> {
  const rows = guesses.map((guess) => ({ address_key: guess.addressKey, tag: guess.tag, at_ms: tx.nowMs }));
  await insertRows(tx, 'guesses', columns, rows);
}

/** The next guesses after `sequence`, in their order. */
export async function guessesAfter(
  source: Database | Tx,
  sequence: number,
  limit: number,
): Promise<WrittenGuess[]> {
  const rows = await source.db
    .selectFrom('guesses')
    .selectAll()
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map(({ address_key: addressKey, at_ms: atMs, sequence: number, tag }) => ({
    ...{ addressKey, atMs, tag },
    sequence: number,
  }));
}

/** Forgets guesses older than `beforeMs`, at most `limit` at once. Numbers grow with time, so the oldest come first. */
export async function forgetGuesses(database: Database, beforeMs: number, limit: number): Promise<void> {
  for (;;) {
    const result = await sql`delete from guesses where at_ms < ${beforeMs} and sequence in
      (select sequence from guesses order by sequence limit ${limit})`.execute(database.db);
    if (Number(result.numAffectedRows ?? 0n) < limit) return;
  }
}

export async function readAlarm(source: Database | Tx): Promise<Alarm | undefined> {
  const row = await source.db
    .selectFrom('server_facts')
    .select('value')
    .where('name', '=', alarmFact)
    .executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.value) as Alarm);
}

export async function writeAlarm(tx: Tx, alarm: Alarm | undefined): Promise<void> {
  if (alarm === undefined) {
    await tx.db.deleteFrom('server_facts').where('name', '=', alarmFact).execute();
    return;
  }
  const value = JSON.stringify(alarm);
  await tx.db
    .insertInto('server_facts')
    .values({ name: alarmFact, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Fewest groups that new codes get now, where nobody asks for more. */
export async function codeGroupsLeast(tx: Tx): Promise<number> {
  return groupsLeast(await readAlarm(tx), tx.nowMs);
}

export interface AlarmNews {
  readonly type: 'guessing.alarm' | 'guessing.calm';
  readonly guessesADay: number;
  readonly groupsLeast: number;
}

/**
 * Tells every organization whose codes can be guessed now; when there is none, the first one, so that somebody hears.
 */
export async function announce(tx: Tx, news: AlarmNews, first: string | undefined): Promise<void> {
  const rows = await tx.db
    .selectFrom('provisioning_codes')
    .select('organization_id')
    .distinct()
    .where('state', '=', 'active')
    .where('expires_at_ms', '>', tx.nowMs)
    .orderBy('organization_id')
    .limit(organizationsToldMax)
    .execute();
  const concerned =
    rows.length > 0 ? rows.map((row) => row.organization_id) : first === undefined ? [] : [first];
  const data = {
    distinct_unknown_codes: news.guessesADay,
    window_seconds: 86_400,
    groups_least: news.groupsLeast,
  };
  const common = { atMs: tx.nowMs };
  await insertAudit(
    tx,
    concerned.map((organizationId) => ({
      ...common,
      organizationId,
      actor: { kind: 'system', id: 'guessing', address: null, requestId: null },
      action: news.type,
      object: null,
      outcome: 'success',
      detail: data,
    })),
  );
  await insertEvents(
    tx,
    concerned.map((organizationId) => ({
      ...common,
      organizationId,
      type: news.type,
      objectId: organizationId,
      data,
    })),
  );
}
