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
