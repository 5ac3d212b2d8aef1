import { type Kysely, sql } from 'kysely';
import { insertRows } from '../rows.ts';
import type { CodeRow } from '../tables.ts';

/** Batches of codes; and what it takes to search codes and the audit log when they have millions of rows. */
export function batches(kind: 'sqlite' | 'postgres'): { up(db: Kysely<unknown>): Promise<void> } {
  return {
    async up(db) {
      for (const statement of [...batchTables, ...search(kind), ...audit])
        await sql.raw(statement).execute(db);
      await indexWords(db, kind);
    },
  };
}

const batchTables = [
  `create table batches (
    id text primary key,
    organization_id text not null references organizations (id),
    name text,
    created_at_ms bigint not null,
    created_by text not null,
    request_hash text,
    content_hash text not null,
    ttl_seconds bigint not null,
    group_count integer,
    device_group text,
    bind_board_model text,
    expires_at_ms bigint not null,
    rows_total integer not null,
    rows_done integer not null default 0,
    edition integer not null default 1,
    work text check (work in ('make', 'replace')),
    work_after integer not null default 0,
    texts_until_ms bigint,
    texts_wiped_at_ms bigint,
    texts_wiped_reason text check (texts_wiped_reason in ('saved', 'expired', 'revoked')),
    revoked_at_ms bigint
  )`,
  `create index batches_by_time on batches (organization_id, created_at_ms, id)`,
  `create unique index batches_by_request on batches (organization_id, request_hash) where request_hash is not null`,
  `create index batches_at_work on batches (id) where work is not null`,
  `create index batches_with_texts on batches (texts_until_ms) where texts_until_ms is not null`,
  `create table batch_rows (
    batch_id text not null references batches (id),
    number integer not null,
    device_name text,
    tags text not null,
    mac_address text,
    serial_number text,
    code_id text,
    sealed_text text,
    primary key (batch_id, number)
  )`,
];

/**
 * A word is found by its beginning, so it is compared by its bytes. The state of a code stands in two indexes, with
 * what it takes to count codes without reading them.
 */
function search(kind: 'sqlite' | 'postgres'): string[] {
  const [bytewise, byKey] = kind === 'sqlite' ? ['', ' without rowid'] : [' collate "C"', ''];
  return [
    `create table code_words (
      organization_id text not null,
      word text${bytewise} not null,
      code_id text not null,
      primary key (organization_id, word, code_id)
    )${byKey}`,
    `alter table provisioning_codes add column search_text text`,
    `drop index codes_by_batch`,
    `create index codes_by_batch on provisioning_codes (organization_id, batch_id, state) where batch_id is not null`,
    `create index codes_by_state on provisioning_codes (organization_id, state, created_at_ms, id, expires_at_ms)`,
    `create index codes_by_target on provisioning_codes (target_device_id) where target_device_id is not null`,
    `create index codes_by_maker on provisioning_codes (organization_id, created_by, created_at_ms, id)`,
  ];
}

const audit = [
  `drop index audit_by_organization`,
  `drop index audit_by_object`,
  `create index audit_by_time on audit_log (organization_id, at_ms, sequence)`,
  `create index audit_by_object on audit_log (organization_id, object_id, at_ms, sequence)`,
  // Without devices: each acts first by registering, and an entry at a random place would cost every registration a page.
  `create index audit_by_actor on audit_log (organization_id, actor_id, at_ms, sequence)
    where actor_kind <> 'device'`,
  `create index audit_by_action on audit_log (organization_id, action, at_ms, sequence)`,
  `create index audit_failures on audit_log (organization_id, at_ms, sequence) where outcome = 'failure'`,
];

/** Codes whose words are noted at once. */
const pageSize = 1_000;

/**
 * The words of the codes that are there already: as features/codes/words.ts made them when this was released, written
 * here once more, for a migration never changes.
 */
async function indexWords(db: Kysely<unknown>, kind: 'sqlite' | 'postgres'): Promise<void> {
  for (let after = ''; ;) {
    const page = await sql<Pick<CodeRow, 'id' | 'organization_id' | 'name' | 'device_name'>>`
      select id, organization_id, name, device_name from provisioning_codes
      where id > ${after} order by id limit ${pageSize}`.execute(db);
    for (const { device_name, id, name, organization_id } of page.rows) {
      const words = wordsOf(`${name ?? ''} ${device_name ?? ''}`);
      if (words.length === 0) continue;
      const text = words.map((word) => ` ${word}`).join('');
      await sql`update provisioning_codes set search_text = ${text} where id = ${id}`.execute(db);
      const rows = words.map((word) => ({ organization_id, word, code_id: id }));
      await insertRows(
        { kind, db },
        'code_words',
        { organization_id: 'text', word: 'text', code_id: 'text' },
        rows,
      );
    }
    const last = page.rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

function wordsOf(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((word) => word.slice(0, 64)))].slice(0, 32);
}
