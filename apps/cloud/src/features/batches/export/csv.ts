import type { Readable } from 'node:stream';
import { toRfc3339 } from '@edgeflow/platform';
import { type CsvCell, csvStream } from '../../../http/csv.ts';
import type { BatchRow } from '../../../storage/batch-tables.ts';
import { type OpenRow, openRows, type TextSource } from './texts.ts';

const columns = ['row', 'name', 'serial', 'mac', 'tags', 'code', 'link', 'expires_at', 'status'];

/** Every row with its code and its link; what has become of it stands beside. */
export function batchCsv(source: TextSource, batch: BatchRow): Readable {
  async function* pages(): AsyncGenerator<CsvCell[][]> {
    for await (const rows of openRows(source, batch)) yield rows.map(cellsOf);
  }
  return csvStream(columns, pages());
}

function cellsOf(row: OpenRow): CsvCell[] {
  return [
    ...[row.number, row.name, row.serialNumber, row.macAddress, row.tags.join(';')],
    ...[row.code, row.link, toRfc3339(row.expiresAtMs), row.status],
  ];
}
