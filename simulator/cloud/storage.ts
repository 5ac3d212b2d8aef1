import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DatabaseSync as Sqlite } from 'node:sqlite';
import type { Clock } from '@edgeflow/platform';
import type { KyselyPlugin } from 'kysely';
import { Database } from '../../apps/cloud/src/storage/database.ts';
import { migrate } from '../../apps/cloud/src/storage/migrate.ts';
import { openSqlite } from '../../apps/cloud/src/storage/sqlite.ts';
import type { Draw } from '../world/draw.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

/** How the database of one process may go wrong, and who looks at what it has committed. */
export interface StorageDeps {
  readonly world: World;
  readonly draw: Draw;
  readonly process: SimulatedProcess;
  readonly clock: Clock;
  /** What is in the database now is durable; called with the connection, outside any transaction. */
  readonly committed: (raw: DatabaseSync) => void;
  /** Called once, before the first statement of the cloud. */
  readonly opened: (raw: DatabaseSync) => void;
}

const slowTypicalMs = 60;

/**
 * The disk under the cloud: one SQLite database in memory, which outlives every process of the cloud. What a process
 * has committed is in it, what it has not is gone with it, as on a disk with fsync.
 */
export class Storage {
  readonly #name: string;
  /** Keeps the database while no process has it open. */
  readonly #keeper: DatabaseSync;
  static #count = 0;

  constructor() {
    Storage.#count += 1;
    this.#name = `file:world-${String(Storage.#count)}?mode=memory&cache=shared`;
    this.#keeper = new Sqlite(this.#name);
  }

  /** Opens the database as a process of the cloud does, with its own code; faults come in between. */
  async open(deps: StorageDeps): Promise<Database> {
    const { process, clock } = deps;
    const { kysely, raw } = openSqlite(this.#name);
    const guard = new Guard(raw, deps);
    await migrate(new Database('sqlite', kysely, clock));
    // Who looks prepares statements, too, and theirs are not guarded.
    guard.without(() => {
      deps.opened(raw);
      deps.committed(raw);
    });
    guard.arm();
    process.atDeath(() => {
      if (raw.isTransaction) raw.exec('rollback');
      raw.close();
      // What is closed must not hold on to the world.
      raw.prepare = gone;
    });
    const isSlow = deps.world.weather.storage_slow > 0;
    return new Database('sqlite', isSlow ? kysely.withPlugin(slowness(deps)) : kysely, clock);
  }

  discard(): void {
    this.#keeper.close();
  }
}

/** A process that is dead, or whose database does not answer. Its text is SQLite's own. */
class StorageError extends Error {
  readonly code = 'ERR_SQLITE_ERROR';
  readonly errcode: number;

  constructor(errcode: number, message: string) {
    super(message);
    this.errcode = errcode;
  }
}

const ioError = 10;
const diskFull = 13;

/**
 * Stands between the cloud's code and its statements. It is there from the first on, because statements are kept once
 * they are prepared; but faults happen only when it is armed, so that the migration passes.
 */
class Guard {
  readonly #raw: DatabaseSync;
  readonly #prepare: (sql: string) => StatementSync;
  readonly #guarded: (sql: string) => StatementSync;
  #isArmed = false;

  constructor(raw: DatabaseSync, deps: StorageDeps) {
    this.#raw = raw;
    this.#prepare = raw.prepare.bind(raw);
    this.#guarded = (sql) => {
      if (!deps.process.isAlive) throw dead();
      const statement = this.#prepare(sql);
      const around = <T>(work: () => T): T => (this.#isArmed ? perform(raw, deps, sql, work) : work());
      return {
        columns: () => statement.columns(),
        all: (...values: never[]) => around(() => statement.all(...values)),
        run: (...values: never[]) => around(() => statement.run(...values)),
        iterate: (...values: never[]) => around(() => statement.iterate(...values)),
      } as unknown as StatementSync;
    };
    raw.prepare = this.#guarded;
  }

  without(work: () => void): void {
    this.#raw.prepare = this.#prepare;
    work();
    this.#raw.prepare = this.#guarded;
  }

  arm(): void {
    this.#isArmed = true;
  }
}

function perform<T>(raw: DatabaseSync, deps: StorageDeps, sql: string, work: () => T): T {
  const { world, process, draw, committed } = deps;
  const strikes = (kind: Parameters<World['strikes']>[0]): boolean => world.strikes(kind, process.name, draw);
  if (!process.isAlive) throw dead();
  if (sql === 'commit') return commit(raw, deps, work);
  if (strikes('cloud_killed_at_statement')) {
    process.kill();
    throw dead();
  }
  const isWrite = !/^(select|begin|rollback)/i.test(sql.trimStart());
  if (isWrite && strikes('storage_full')) throw new StorageError(diskFull, 'database or disk is full');
  const result = work();
  // Outside a transaction every statement is one.
  if (isWrite && !raw.isTransaction) committed(raw);
  return result;
}

function commit<T>(raw: DatabaseSync, deps: StorageDeps, work: () => T): T {
  const { world, process, draw, committed } = deps;
  const strikes = (kind: Parameters<World['strikes']>[0]): boolean => world.strikes(kind, process.name, draw);
  if (strikes('cloud_killed_before_commit')) {
    process.kill();
    throw dead();
  }
  if (strikes('commit_lost')) {
    raw.exec('rollback');
    throw new StorageError(ioError, 'disk I/O error');
  }
  const result = work();
  world.trace.note(process.name, 'commit');
  committed(raw);
  if (strikes('cloud_killed_after_commit')) {
    process.kill();
    throw dead();
  }
  if (strikes('commit_unknown')) throw new StorageError(ioError, 'disk I/O error');
  return result;
}

function gone(): StatementSync {
  throw dead();
}

function dead(): Error {
  return new StorageError(ioError, 'the process is dead');
}

/** Lets time pass after statements, so that others come in between, and a process can die there. */
function slowness({ world, process, draw }: StorageDeps): KyselyPlugin {
  return {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (!world.isHealing && world.strikes('storage_slow', process.name, draw)) {
        await process.sleep(draw.delayMs(slowTypicalMs));
      }
      return result;
    },
  };
}
