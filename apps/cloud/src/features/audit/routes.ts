import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import type { Database } from '../../storage/database.ts';
import { listAudit } from './store.ts';

export function auditRoutes(app: FastifyInstance, database: Database): void {
  route(app, operations.listAudit, async ({ caller, query }) => {
    const page = await listAudit(database, caller.organizationId, query);
    return answer(200, {
      entries: [...page.rows],
      total: page.total,
      limit: query.limit,
      offset: query.offset ?? 0,
      next_cursor: page.nextCursor,
    });
  });
}
