import { Readable } from 'node:stream';
import { printable } from '@edgeflow/platform';
import { stringify } from 'csv-stringify/sync';

export type CsvCell = string | number | null;

/**
 * Where a spreadsheet would begin a formula: at the beginning of a cell, and behind a semicolon, which half of the world's
 * spreadsheets take for the end of one. What they skip before it, and the wide forms that they read like the narrow
 * ones, make no difference.
 */
const formulaBegins = /(?<=^|;)(?=[\s\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/gu;

/**
 * A CSV file (RFC 4180, UTF-8 with the mark that spreadsheets know it by), written while its rows are read: a page is
 * asked for when the last one has gone, so memory holds two pages at most. A reader that goes away ends the reading.
 *
 * Cells may hold what devices and strangers have sent, and hold them harmless: every text is quoted, a row is one line
 * because control characters are shown as escapes, and what a spreadsheet would take for a formula is led by an
 * apostrophe.
 *
 * @param columns plain words
 * @param pages rows in the order of `columns`
 */
export function csvStream(
  columns: readonly string[],
  pages: AsyncIterable<readonly (readonly CsvCell[])[]>,
): Readable {
  return Readable.from(csvPages(columns, pages), { objectMode: true, highWaterMark: 1 });
}

async function* csvPages(
  columns: readonly string[],
  pages: AsyncIterable<readonly (readonly CsvCell[])[]>,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`\ufeff${columns.join(',')}\r\n`);
  for await (const rows of pages) yield Buffer.from(csvText(rows));
}

function csvText(rows: readonly (readonly CsvCell[])[]): string {
  // Numbers are no formulas: a negative one stays one.
  return stringify(
    rows.map((row) => row.map((cell) => (typeof cell === 'string' ? harmless(cell) : cell))),
    { record_delimiter: 'windows', quoted_string: true },
  );
}

function harmless(text: string): string {
  return printable(text).replaceAll(formulaBegins, "'");
}
