import { operations } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { requestHashes } from '../../http/idempotency-key.ts';
import { route } from '../../http/route.ts';
import { fileAnswer, goneWith } from '../../http/streams.ts';
import { operatorOf } from '../identity/index.ts';
import type { BatchExports } from './exports.ts';
import type { Batches } from './service.ts';

export function batchRoutes(
  app: FastifyInstance,
  batches: Batches,
  exports: BatchExports,
  timers: Timers,
): void {
  route(app, operations.createBatch, async (call) => {
    const hashes = requestHashes(call.request, call.body);
    return answer(201, await batches.create(operatorOf(call), call.body, hashes, goneWith(call.request)));
  });
  route(app, operations.checkBatch, async (call) =>
    answer(200, await batches.check(call.body, goneWith(call.request))),
  );
  route(app, operations.listBatches, async (call) => {
    const page = await batches.list(operatorOf(call), call.query);
    return answer(200, {
      batches: [...page.rows],
      total: page.total,
      total_is_exact: page.isTotalExact,
      limit: call.query.limit,
      offset: call.query.offset ?? 0,
      next_cursor: page.nextCursor,
    });
  });
  route(app, operations.readBatch, async (call) =>
    answer(200, await batches.read(operatorOf(call), call.params.id)),
  );
  route(app, operations.listBatchRows, async (call) => {
    const { limit, offset = 0 } = call.query;
    return answer(200, {
      ...(await batches.rows(operatorOf(call), call.params.id, call.query)),
      limit,
      offset,
    });
  });
  route(app, operations.confirmBatchSaved, async (call) =>
    answer(200, await batches.saved(operatorOf(call), call.params.id)),
  );
  route(app, operations.replaceUnused, async (call) =>
    answer(202, await batches.replaceUnused(operatorOf(call), call.params.id, call.body.edition)),
  );
  route(app, operations.revokeBatch, async (call) =>
    answer(200, await batches.revoke(operatorOf(call), call.params.id)),
  );
  exportRoutes(app, exports, timers);
}

function exportRoutes(app: FastifyInstance, exports: BatchExports, timers: Timers): void {
  route(
    app,
    operations.exportBatchCsv,
    async (call) => fileAnswer(call, timers, await exports.csv(operatorOf(call), call.params.id)),
    { waits: true },
  );
  route(
    app,
    operations.exportBatchLabels,
    async (call) => {
      const file = await exports.labels(operatorOf(call), call.params.id, call.query.page);
      return fileAnswer(call, timers, file);
    },
    { waits: true },
  );
  route(
    app,
    operations.exportBatchEnvFiles,
    async (call) => fileAnswer(call, timers, await exports.envFiles(operatorOf(call), call.params.id)),
    { waits: true },
  );
}
