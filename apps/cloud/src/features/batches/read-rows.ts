import {
  type BatchRowProblem,
  batchRowSchema,
  batchRowsMax,
  type CreateBatchRequest,
} from '@edgeflow/contract';
import { type CsvRow, readCsv } from './read-csv.ts';
import { takeTurns, type Turns } from './turns.ts';

/** A device of a batch that is to be made. */
export interface NewRow {
  /** Line of the CSV, or number of the row, from 1. */
  readonly line: number;
  readonly name: string | null;
  readonly serialNumber: string | null;
  readonly macAddress: string | null;
  readonly tags: readonly string[];
}

export interface RowsReading {
  readonly good: readonly NewRow[];
  /** Rows that were left out. */
  readonly wrong: number;
  readonly problems: readonly BatchRowProblem[];
}

const tagsMax = 32;
/** Judged between two breaths: they take the thread for some milliseconds. */
const rowsAtOnce = 200;

/**
 * What devices a batch is asked for, row by row; what is wrong with a row is said of it alone. A large table is read in
 * parts, between which everything else has its turn.
 *
 * @throws ProblemError `request_malformed` where nobody waits for it any more
 */
export async function readRows(request: CreateBatchRequest, turns: Turns): Promise<RowsReading> {
  if (request.count !== undefined) return { good: numbered(request, request.count), wrong: 0, problems: [] };
  const table = request.csv === undefined ? rowsOf(request.rows ?? []) : await readCsv(request.csv, turns);
  if (!table.ok) return { good: [], wrong: 0, problems: [table.problem] };
  const reader = new RowReader(request.tags);
  return reader.read(table.rows, turns);
}

function rowsOf(rows: readonly unknown[]): { readonly ok: true; readonly rows: readonly CsvRow[] } {
  return { ok: true, rows: rows.map((value, index) => ({ line: index + 1, value })) };
}

function numbered({ name_prefix: prefix, tags }: CreateBatchRequest, count: number): NewRow[] {
  const digits = Math.max(String(count).length, 2);
  const stem = prefix === undefined ? undefined : /[\p{L}\p{N}]$/u.test(prefix) ? `${prefix}-` : prefix;
  return Array.from({ length: count }, (_, index) => ({
    line: index + 1,
    name: stem === undefined ? null : `${stem}${String(index + 1).padStart(digits, '0')}`,
    serialNumber: null,
    macAddress: null,
    tags,
  }));
}

/** What must be different in every row: two devices of one batch are not to be taken for each other. */
type Distinct = 'name' | 'serial_number' | 'mac_address';

class RowReader {
  readonly #tags: readonly string[];
  readonly #lines: Readonly<Record<Distinct, Map<string, number>>> = {
    name: new Map(),
    serial_number: new Map(),
    mac_address: new Map(),
  };

  /** @param tags of every row */
  constructor(tags: readonly string[]) {
    this.#tags = tags;
  }

  async read(rows: readonly CsvRow[], turns: Turns): Promise<RowsReading> {
    const good: NewRow[] = [];
    const problems: BatchRowProblem[] = [];
    for (const [index, row] of rows.entries()) {
      if (index % rowsAtOnce === rowsAtOnce - 1) await takeTurns(turns);
      const found = this.#readOne(row);
      if (Array.isArray(found)) problems.push(...found);
      else good.push(found);
    }
    const wrong = rows.length - good.length;
    if (good.length <= batchRowsMax) return { good, wrong, problems };
    const message = `there are ${String(good.length)} rows; a batch has at most ${String(batchRowsMax)}`;
    return { good: [], wrong: rows.length, problems: [{ line: batchRowsMax + 1, field: '', message }] };
  }

  /** The row, or what is wrong with it. */
  #readOne({ line, value }: CsvRow): NewRow | BatchRowProblem[] {
    const reading = batchRowSchema.safeParse(value);
    if (!reading.success) {
      return reading.error.issues.map(({ message, path }) => ({ line, field: fieldOf(path), message }));
    }
    const { data } = reading;
    const tags = [...new Set([...this.#tags, ...data.tags])];
    const problems = this.#repeated(line, data);
    if (tags.length > tagsMax) {
      problems.push({ line, field: 'tags', message: `a device has at most ${String(tagsMax)} tags` });
    }
    if (data.name === undefined && data.serial_number === undefined && data.mac_address === undefined) {
      problems.push({ line, field: '', message: 'has no name, no serial and no mac' });
    }
    if (problems.length > 0) return problems;
    return {
      line,
      name: data.name ?? null,
      serialNumber: data.serial_number ?? null,
      macAddress: data.mac_address ?? null,
      tags,
    };
  }

  #repeated(line: number, data: Readonly<Partial<Record<Distinct, string | undefined>>>): BatchRowProblem[] {
    const problems: BatchRowProblem[] = [];
    for (const field of ['name', 'serial_number', 'mac_address'] as const) {
      const value = data[field];
      if (value === undefined) continue;
      const lines = this.#lines[field];
      const before = lines.get(value);
      if (before === undefined) lines.set(value, line);
      else problems.push({ line, field, message: `stands in line ${String(before)} too` });
    }
    return problems;
  }
}

function fieldOf(path: readonly PropertyKey[]): string {
  const [field] = path;
  return typeof field === 'string' ? field : '';
}
