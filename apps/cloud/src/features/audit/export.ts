import type { AuditEntry, ExportAuditQuery } from '@edgeflow/contract';
import type { Readable } from 'node:stream';
import { type CsvCell, csvStream } from '../../http/csv.ts';
import type { Database } from '../../storage/database.ts';
import { pagesOfAudit } from './list.ts';
import { type NameSources, viewEntries } from './view.ts';

/** Rows read at once: some milliseconds of the database. */
const pageSize = 500;

const columns = [
  'id',
  'at',
  'actor_kind',
  'actor_id',
  'actor_name',
  'action',
  'object_kind',
  'object_id',
  'object_name',
  'address',
  'outcome',
  'reason',
  'request_id',
  'detail',
];

/** The log as a CSV file that is written while it is read. */
export function auditCsv(
  database: Database,
  organizationId: string,
  query: ExportAuditQuery,
  sources: NameSources,
): Readable {
  async function* pages(): AsyncGenerator<CsvCell[][]> {
    for await (const rows of pagesOfAudit(database, organizationId, query, pageSize)) {
      const entries = await viewEntries(database, organizationId, rows, sources);
      yield entries.map(cellsOf);
    }
  }
  return csvStream(columns, pages());
}

function cellsOf(entry: AuditEntry): CsvCell[] {
  const { actor, object } = entry;
  return [
    ...[entry.id, entry.at, actor.kind, actor.id, actor.name, entry.action],
    ...[object?.kind ?? null, object?.id ?? null, object?.name ?? null],
    ...[entry.address, entry.outcome, entry.reason, entry.request_id, JSON.stringify(entry.detail)],
  ];
}
