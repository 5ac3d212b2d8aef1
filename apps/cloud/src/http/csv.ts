import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';

export type CsvCell = string | number | null;

/**
 * A CSV file (RFC 4180, UTF-8 with the mark that spreadsheets know it by), written while its rows are read: a page is
 * asked for when the last one has gone, so memory holds two pages at most. A reader that goes away ends the reading.
 *
 * Cells that a spreadsheet would take for a formula begin with an apostrophe, for they may hold what devices and
 * strangers have sent.
 *
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
  yield Buffer.from(`\ufeff${csvText([columns])}`);
  for await (const rows of pages) yield Buffer.from(csvText(rows));
}

function csvText(rows: readonly (readonly CsvCell[])[]): string {
  // Numbers are no formulas, and the library would look at their text.
  return stringify(
    rows.map((row) => [...row]),
    { record_delimiter: 'windows', escape_formulas: true },
  );
}
