import { sql } from 'kysely';
import type { Database } from '../database.ts';

/**
 * The schema of a database as statements that make it again, in an order that depends on nothing but names; without
 * the tables in which migrations are noted.
 */
export function dumpSchema(database: Database): Promise<string> {
  return database.kind === 'sqlite' ? dumpSqlite(database) : dumpPostgres(database);
}

async function dumpSqlite(database: Database): Promise<string> {
  const made = await sql<{ sql: string }>`select sql from sqlite_schema
    where sql is not null and name not like 'sqlite_%' and tbl_name not like 'kysely_%'
    order by case type when 'table' then 0 else 1 end, name`.execute(database.db);
  return statements(made.rows.map((row) => row.sql.replaceAll(/\s+/g, ' ')));
}

async function dumpPostgres(database: Database): Promise<string> {
  const { db } = database;
  const sequences = await sql<{ name: string }>`select sequencename as name from pg_sequences
    where schemaname = 'public' order by sequencename`.execute(db);
  const columns = await sql<{ table_name: string; line: string }>`
    select table_name, column_name || ' ' || data_type
      || case when is_nullable = 'NO' then ' not null' else '' end
      || coalesce(' default ' || column_default, '') as line
    from information_schema.columns where table_schema = 'public' and table_name not like 'kysely_%'
    order by table_name, ordinal_position`.execute(db);
  const constraints = await sql<{ line: string }>`
    select 'alter table ' || conrelid::regclass || ' add constraint ' || conname || ' ' || pg_get_constraintdef(oid) as line
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
      and conrelid::regclass::text not like 'kysely_%'
    order by contype = 'f', conrelid::regclass::text, conname`.execute(db);
  const indexes = await sql<{ line: string }>`
    select indexdef as line from pg_indexes
    where schemaname = 'public' and tablename not like 'kysely_%'
      and indexname not in (select conname from pg_constraint) order by indexname`.execute(db);
  const tables = Map.groupBy(columns.rows, (row) => row.table_name);
  return statements([
    ...sequences.rows.map(({ name }) => `create sequence ${name}`),
    ...[...tables].map(
      ([name, rows]) => `create table ${name} (\n  ${rows.map(({ line }) => line).join(',\n  ')}\n)`,
    ),
    ...constraints.rows.map(({ line }) => line),
    ...indexes.rows.map(({ line }) => line),
  ]);
}

function statements(texts: readonly string[]): string {
  return texts.map((text) => `${text};\n`).join('');
}
