import { AsyncLocalStorage } from 'node:async_hooks';
import type { BetterAuthOptions, DBAdapter } from 'better-auth';
import { createAdapterFactory } from 'better-auth/adapters';
import { type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { sha256 } from './secrets.ts';

interface AnyRow {
  [column: string]: unknown;
}
interface AnyTables {
  [table: string]: AnyRow;
}
type AnyDatabase = Kysely<AnyTables>;

/** What better-auth asks for: one comparison. */
interface Comparison {
  readonly field: string;
  readonly value: unknown;
  readonly operator?: string | undefined;
  readonly connector?: string | undefined;
}

/** The first write of this kind within {@link AuthStore.recording} carries a note of ours. */
export type NotedWrite = 'users update' | 'accounts update' | 'two_factors update';

/** Writes down, in the same transaction, what was done to this row. */
export type Note = (tx: Tx, row: AnyRow) => Promise<void>;

/** Looks, in the same transaction, whether it may still be done. What it throws undoes all of that. */
export type Guard = (tx: Tx) => Promise<void>;

interface Scope {
  readonly tx: Tx | undefined;
  /** Taken out by the write that it belongs to. */
  readonly note: { write: NotedWrite; guard: Guard | undefined; record: Note; done: boolean } | undefined;
}

/**
 * better-auth's rows in our tables: our own connection, migrations and column types (times are integers, flags 0 or
 * 1). Session tokens are hashed on their way in, so that a copy of the database signs nobody in.
 */
export class AuthStore {
  readonly #database: Database;
  readonly #scope = new AsyncLocalStorage<Scope>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Everything that better-auth does within `work` is part of `tx`. It must hash no password there. */
  within<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
    return this.#scope.run({ tx, note: undefined }, work);
  }

  /**
   * The first write of this kind that better-auth does within `work` and `record` become durable together, if `guard` lets
   * them.
   */
  recording<T>(write: NotedWrite, record: Note, work: () => Promise<T>, guard?: Guard): Promise<T> {
    return this.#scope.run({ tx: undefined, note: { write, guard, record, done: false } }, work);
  }

  /** The adapter that better-auth is given. */
  readonly adapter = (options: BetterAuthOptions): DBAdapter => {
    const made: DBAdapter = createAdapterFactory({
      config: {
        adapterId: 'edgeflow',
        supportsNumericIds: false,
        transaction: (work) => this.#inTransaction(() => work(adapter)),
        customTransformInput: ({ data, field }) => toColumn(field, data),
        customTransformOutput: ({ data, fieldAttributes }) => fromColumn(fieldAttributes.type, data),
      },
      adapter: ({ getFieldName }) => this.#statements(getFieldName),
    })(options);
    const adapter: DBAdapter = {
      ...made,
      // Only the hash is stored; whoever has the token keeps it.
      create: async (input) => withToken(await made.create(input), input.model, input.data),
      findOne: async (input) => withToken(await made.findOne(input), input.model, tokenIn(input.where)),
      update: async (input) => withToken(await made.update(input), input.model, tokenIn(input.where)),
    };
    return adapter;
  };

  #db(): AnyDatabase {
    return (this.#scope.getStore()?.tx?.db ?? this.#database.db) as unknown as AnyDatabase;
  }

  #inTransaction<T>(work: () => Promise<T>): Promise<T> {
    const scope = this.#scope.getStore();
    if (scope?.tx !== undefined) return work();
    return this.#database.transaction((tx) => this.#scope.run({ tx, note: scope?.note }, work));
  }

  /** What changed nothing is not written down. */
  async #write(kind: string, statement: () => Promise<AnyRow[]>): Promise<AnyRow[]> {
    const note = this.#scope.getStore()?.note;
    if (note === undefined || note.done || note.write !== kind) return statement();
    return this.#inTransaction(async () => {
      const tx = this.#scope.getStore()?.tx;
      if (tx !== undefined) await note.guard?.(tx);
      const rows = await statement();
      const [row] = rows;
      if (tx === undefined || row === undefined) return rows;
      note.done = true;
      await note.record(tx, row);
      return rows;
    });
  }

  #statements(
    columnOf: (field: { model: string; field: string }) => string,
  ): ReturnType<Parameters<typeof createAdapterFactory>[0]['adapter']> {
    const update = async (model: string, where: readonly Comparison[], values: AnyRow): Promise<AnyRow[]> =>
      this.#write(`${model} update`, () =>
        this.#db()
          .updateTable(model)
          .set(values)
          .where((rows) => all(rows, where))
          .returningAll()
          .execute(),
      );
    const remove = async (model: string, where: readonly Comparison[]): Promise<AnyRow[]> =>
      this.#db()
        .deleteFrom(model)
        .where((rows) => all(rows, where))
        .returningAll()
        .execute();
    const find = (model: string, where: readonly Comparison[] = []) =>
      this.#db()
        .selectFrom(model)
        .where((rows) => all(rows, where));
    return {
      create: async ({ data, model }) =>
        (await this.#db()
          .insertInto(model)
          .values(data)
          .returningAll()
          .executeTakeFirstOrThrow()) as typeof data,
      findOne: async ({ model, where }) =>
        found(await find(model, where).selectAll().executeTakeFirst()) as never,
      findMany: async ({ limit, model, offset, sortBy, where }) => {
        let query = find(model, where).selectAll().limit(limit);
        if (sortBy !== undefined)
          query = query.orderBy(columnOf({ model, field: sortBy.field }), sortBy.direction);
        if (offset !== undefined) query = query.offset(offset);
        return (await query.execute()) as never;
      },
      count: async ({ model, where }) => {
        const counted = await find(model, where)
          .select((rows) => rows.fn.countAll<number>().as('total'))
          .executeTakeFirstOrThrow();
        return counted.total;
      },
      update: async ({ model, update: values, where }) =>
        found((await update(model, where, rowOf(values)))[0]) as never,
      updateMany: async ({ model, update: values, where }) => (await update(model, where, values)).length,
      delete: async ({ model, where }) => {
        await remove(model, where);
      },
      deleteMany: async ({ model, where }) => (await remove(model, where)).length,
      // Every row that is consumed is named by its id.
      consumeOne: async ({ model, where }) => found((await remove(model, where))[0]) as never,
      incrementOne: async ({ increment, model, set = {}, where }) => {
        const values: AnyRow = { ...set };
        for (const [field, by] of Object.entries(increment)) {
          values[field] = sql<number>`coalesce(${sql.ref(field)}, 0) + ${by}`;
        }
        return found((await update(model, where, values))[0]) as never;
      },
    };
  }
}

/** Rows are as the schema of better-auth has them; its own transformations see to the types. */
function found(row: AnyRow | undefined): AnyRow | null {
  return row ?? null;
}

function rowOf(values: unknown): AnyRow {
  return values as AnyRow;
}

function all(rows: ExpressionBuilder<AnyTables, string>, where: readonly Comparison[]) {
  return rows.and(where.map(compare));
}

const operators: { readonly [name: string]: string } = {
  ...{ eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=', in: 'in', not_in: 'not in' },
};

function compare({ connector = 'AND', field, operator = 'eq', value }: Comparison) {
  const written = operators[operator];
  if (written === undefined || connector !== 'AND')
    throw new Error(`no comparison by ${connector} ${operator} is known`);
  const column = sql.ref(field);
  if (Array.isArray(value)) {
    return value.length === 0
      ? sql<SqlBool>`${sql.lit(operator === 'not_in')}`
      : sql<SqlBool>`${column} ${sql.raw(written)} (${sql.join(value)})`;
  }
  if (value === null) return sql<SqlBool>`${column} is ${sql.raw(operator === 'eq' ? '' : 'not')} null`;
  return sql<SqlBool>`${column} ${sql.raw(written)} ${value}`;
}

function toColumn(field: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => toColumn(field, one));
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'boolean') return value ? 1 : 0;
  return field === 'token_hash' && typeof value === 'string' ? sha256(value) : value;
}

function fromColumn(type: unknown, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (type === 'date') return new Date(value);
  return type === 'boolean' ? value !== 0 : value;
}

/** The row of a session with the token that it was made or found by. */
function withToken<T>(row: T, model: string, known: { readonly token?: unknown }): T {
  if (model !== 'session' || row === null || typeof known.token !== 'string') return row;
  return { ...row, token: known.token };
}

function tokenIn(where: readonly { readonly field: string; readonly value: unknown }[]): { token?: unknown } {
  return { token: where.find(({ field }) => field === 'token')?.value };
}
