import { operations } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { fileAnswer } from '../../http/streams.ts';
import type { Database } from '../../storage/database.ts';
import { auditCsv } from './export.ts';
import { listAudit } from './list.ts';
import { type NameSources, viewEntries } from './view.ts';

export function auditRoutes(
  app: FastifyInstance,
  database: Database,
  timers: Timers,
  sources: NameSources,
): void {
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
    (call) => {
      const body = auditCsv(database, call.caller.organizationId, call.query, sources);
      return fileAnswer(call, timers, { body, name: 'audit-log.csv' });
    },
    { waits: true },
  );
}
