import { pipeline } from 'node:stream/promises';
import { type BatchRowProblem, batchRowsMax } from '@edgeflow/contract';
import { CsvError, parse } from 'csv-parse';
import { takeTurns, type Turns } from './turns.ts';

/** A row before it is read with its schema. */
export interface CsvRow {
  readonly line: number;
  readonly value: unknown;
}

export type CsvReading =
  | { readonly ok: true; readonly rows: readonly CsvRow[] }
  | { readonly ok: false; readonly problem: BatchRowProblem };

/** Longest line, in characters: five fields and 32 tags fit many times over. */
const lineLengthMax = 16_384;
/** Read between two breaths: the shortest of lines, a thousand or two, take the thread for some milliseconds. */
const pieceBytes = 4_096;
/** Longest heading that is repeated in a message. */
const shownLengthMax = 40;

type Field = 'name' | 'serial_number' | 'mac_address' | 'tags';

/** Headings as people write them, without case, spaces and underscores. */
const headings: Readonly<Record<string, Field>> = {
  name: 'name',
  devicename: 'name',
  device: 'name',
  serial: 'serial_number',
  serialnumber: 'serial_number',
  serialno: 'serial_number',
  sn: 'serial_number',
  mac: 'mac_address',
  macaddress: 'mac_address',
  tags: 'tags',
  tag: 'tags',
};

/**
 * A table with a line of headings, as spreadsheets save it: with commas, semicolons or tabs between cells, with or
 * without a byte order mark, in any order of columns. Empty lines count for nothing.
 */
export async function readCsv(text: string, turns: Turns): Promise<CsvReading> {
  let records: readonly Parsed[];
  try {
    records = await parsed(text, turns);
  } catch (error) {
    if (error instanceof CsvError) return bad(lineOf(error), explain(error));
    throw error;
  }
  const [first, ...rest] = records;
  if (first === undefined) return bad(1, 'the table is empty');
  const fields = first.record.map((heading) => headings[heading.toLowerCase().replaceAll(/[\s_.-]/g, '')]);
  const unknown = fields.indexOf(undefined);
  if (unknown >= 0) {
    const heading = (first.record[unknown] ?? '').slice(0, shownLengthMax);
    return bad(1, `"${heading}" is no heading: the first line names the columns name, serial, mac, tags`);
  }
  const known = fields.filter((field) => field !== undefined);
  if (new Set(known).size < known.length) return bad(1, 'two columns have the same heading');
  return { ok: true, rows: rest.map((one) => rowOf(one, known)) };
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function parsed(text: string, turns: Turns): Promise<Parsed[]> {
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(text),
    info: true,
    max_record_size: lineLengthMax,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });
  const records: Parsed[] = [];
  // The headings, and one more than there may be.
  const isEnough = (): boolean => records.length === batchRowsMax + 2;
  try {
    await pipeline(piecesOf(text, turns, isEnough), parser, async (lines: AsyncIterable<Parsed>) => {
      for await (const line of lines) if (!isEnough()) records.push(line);
    });
  } catch (error) {
    // Behind what is enough the text was cut off, in the middle of a line perhaps.
    if (!isEnough()) throw error;
  }
  return records;
}

async function* piecesOf(text: string, turns: Turns, isEnough: () => boolean): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length && !isEnough(); from += pieceBytes) {
    if (from > 0) await takeTurns(turns);
    yield bytes.subarray(from, from + pieceBytes);
  }
}

/** The sign that stands most often in the line of headings. */
function delimiterOf(text: string): string {
  const [first = ''] = text.split(/\r?\n/, 1);
  const [best = ','] = [',', ';', '\t'].sort(
    (one, other) => first.split(other).length - first.split(one).length,
  );
  return best;
}

/** Cells that are empty count as left out. One cell too many is no cell of this table, and is said so by the schema. */
function rowOf({ info, record }: Parsed, fields: readonly Field[]): CsvRow {
  const value: Record<string, unknown> = {};
  record.forEach((cell, index) => {
    const field = fields[index];
    if (cell === '') return;
    if (field === undefined) value[`column ${String(index + 1)}`] = cell;
    else value[field] = field === 'tags' ? tagsOf(cell) : cell;
  });
  return { line: info.lines, value };
}

function tagsOf(cell: string): string[] {
  return cell
    .split(/[;|,]/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

function bad(line: number, message: string): CsvReading {
  return { ok: false, problem: { line, field: '', message } };
}

function lineOf(error: CsvError): number {
  const { lines } = error as CsvError & { readonly lines?: unknown };
  return typeof lines === 'number' ? lines : 1;
}

const explanations: Readonly<Record<string, string>> = {
  CSV_MAX_RECORD_SIZE: 'the line is too long, or a quotation mark is not closed',
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark is not closed',
  CSV_INVALID_CLOSING_QUOTE:
    'a quotation mark stands inside a cell; write it twice, and the cell in quotation marks',
  INVALID_OPENING_QUOTE:
    'a quotation mark stands inside a cell; write it twice, and the cell in quotation marks',
};

/** Never the parser's own message: it quotes the cell. */
function explain({ code }: CsvError): string {
  return explanations[code] ?? 'the table cannot be read from here on';
}
