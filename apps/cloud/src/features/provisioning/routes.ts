import { idempotencyKeySchema, operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../../http/problems.ts';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import type { Provisioning } from './service.ts';

export function provisioningRoutes(app: FastifyInstance, provisioning: Provisioning): void {
  route(app, operations.provisionDevice, async ({ address, body, headers, requestId }) => {
    const idempotencyKey = readIdempotencyKey(headers['idempotency-key']);
    const outcome = await provisioning.redeem({ body, idempotencyKey, address, requestId });
    return answer(201, outcome.answer, outcome.replayed ? { 'Idempotent-Replayed': 'true' } : undefined);
  });
}

/** A key that cannot be used is refused before anything is consumed: without one a lost answer would burn the code. */
function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const parsed = idempotencyKeySchema.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new ProblemError('request_malformed', {
    detail: 'The Idempotency-Key header must be 32 to 128 visible ASCII characters.',
    errors: [{ field: 'Idempotency-Key', message: 'must be 32 to 128 visible ASCII characters' }],
  });
}
