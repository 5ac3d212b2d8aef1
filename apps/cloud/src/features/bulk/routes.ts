import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { requestHashes } from '../../http/idempotency-key.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { BulkChanges } from './service.ts';

export function bulkRoutes(app: FastifyInstance, bulk: BulkChanges): void {
  route(app, operations.changeDevices, async (call) =>
    answer(202, await bulk.begin(operatorOf(call), call.body, requestHashes(call.request, call.body))),
  );
  route(app, operations.readBulk, async ({ caller, params }) =>
    answer(200, await bulk.read(caller.organizationId, params.id)),
  );
}
