import { CommitUnknownError } from './database.ts';

/**
 * Whether an error concerns the rows of one statement (bad data, a constraint), so that the other work
 * of the same batch may succeed by itself. Everything else (connection, disk) concerns all of it.
 * Sources: PostgreSQL 18 appendix A (SQLSTATE classes 22 and 23), sqlite3 result code SQLITE_CONSTRAINT (19).
 */
export function concernsOneItem(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('errcode' in error && typeof error.errcode === 'number') return (error.errcode & 0xff) === 19;
  if ('code' in error && typeof error.code === 'string') return /^(22|23)[0-9A-Z]{3}$/.test(error.code);
  return false;
}

/** Whether the database asked for the whole transaction to be tried again: deadlock or serialization failure. */
export function asksForRetry(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40001' || error.code === '40P01');
}

/** Errors of the driver `pg` about a connection that is lost or not to be had. They carry no code. */
const connectionLost: readonly string[] = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
];

/** SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN. */
const sqliteUnavailable: readonly number[] = [5, 6, 8, 10, 13, 14];

/**
 * Whether the database cannot be used at this moment, or gave the work up in favour of other work: the caller may try
 * again later.
 * Sources: SQLSTATE classes 08 (connection), 53 (resources), 57 (operator intervention), 58 (system error); sqlite3
 * result codes; Node's socket errors.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof CommitUnknownError || error instanceof OverloadedError) return true;
  if (asksForRetry(error)) return true;
  if (!(error instanceof Error)) return false;
  if (connectionLost.includes(error.message)) return true;
  if ('errcode' in error && typeof error.errcode === 'number') {
    return sqliteUnavailable.includes(error.errcode & 0xff);
  }
  if (!('code' in error) || typeof error.code !== 'string') return false;
  return (
    /^(08|53|57|58)[0-9A-Z]{3}$/.test(error.code) || /^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH)/.test(error.code)
  );
}

/** Too much work waits for the database already. */
export class OverloadedError extends Error {
  constructor() {
    super('too much work is waiting for the database');
    this.name = 'OverloadedError';
  }
}

/** A row changed although it was held. Whoever runs transactions runs this one again, as after a serialization failure. */
export class LostRaceError extends Error {
  readonly code = '40001';
}
