import { printable } from '@edgeflow/platform';
import { displayWidth } from './display-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
}

/** What stands where there is nothing. */
const nothing = '-';
const gap = '  ';

/**
 * Rows under titles, in columns as wide as their widest cell. Every cell is made printable.
 *
 * @param widthMax columns of the terminal, which long lines are cut to; undefined: nothing is cut.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], widthMax?: number): string {
  const titles = columns.map(({ title }) => title.toUpperCase());
  const cells = rows.map((row) => columns.map(({ value }) => cell(value(row))));
  const lines = [titles, ...cells];
  const widths = titles.map((_, at) => Math.max(...lines.map((line) => displayWidth(line[at] ?? ''))));
  return lines.map((line) => `${cut(aligned(line, widths), widthMax)}\n`).join('');
}

/** Names and values, one pair a line. Lines are never cut: what a person asks for by id is shown whole. */
export function fields(
  pairs: readonly (readonly [name: string, value: string | number | null | undefined])[],
): string {
  const width = Math.max(...pairs.map(([name]) => displayWidth(name)));
  return pairs.map(([name, value]) => `${aligned([name, cell(value)], [width])}\n`).join('');
}

function cell(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? nothing : printable(String(value));
}

function aligned(line: readonly string[], widths: readonly number[]): string {
  const padded = line.map(
    (text, at) => text + ' '.repeat(Math.max(0, (widths[at] ?? 0) - displayWidth(text))),
  );
  return padded.join(gap).trimEnd();
}

function cut(line: string, widthMax: number | undefined): string {
  if (widthMax === undefined || displayWidth(line) <= widthMax) return line;
  let kept = '';
  let width = 0;
  for (const character of line) {
    width += displayWidth(character);
    if (width > widthMax - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
