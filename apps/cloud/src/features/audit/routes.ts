import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { asFile } from '../../http/csv.ts';
import { endWithConnection } from '../../http/streams.ts';
import { route } from '../../http/route.ts';
import type { Database } from '../../storage/database.ts';
import { auditCsv } from './export.ts';
import { listAudit } from './list.ts';
import { type NameSources, viewEntries } from './view.ts';

export function auditRoutes(app: FastifyInstance, database: Database, sources: NameSources): void {
  route(app, operations.listAudit, async ({ caller, query }) => {
    const { organizationId } = caller;
    const page = await listAudit(database, organizationId, query);
    return answer(200, {
      entries: await viewEntries(database, organizationId, page.rows, sources),
      total: page.total,
      total_is_exact: page.isTotalExact,
      limit: query.limit,
      offset: query.offset ?? 0,
      next_cursor: page.nextCursor,
    });
  });
  route(
    app,
    operations.exportAudit,
    ({ caller, query, request }) => {
      const body = endWithConnection(auditCsv(database, caller.organizationId, query, sources), request);
      return answer(200, body, asFile('audit-log.csv'));
    },
    { waits: true },
  );
}
