export type SqliteValue = null | number | bigint | string | Uint8Array;

/** The values of many rows in place of the parameters of one statement: the SQLite driver runs it once a row. */
export class RowParameters {
  readonly rows: readonly (readonly SqliteValue[])[];

  constructor(rows: readonly (readonly SqliteValue[])[]) {
    this.rows = rows;
  }
}
