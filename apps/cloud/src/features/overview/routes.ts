import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import type { Overviews } from './service.ts';

export function overviewRoutes(app: FastifyInstance, overviews: Overviews): void {
  route(app, operations.readOverview, async ({ caller, query }) =>
    answer(200, await overviews.read(caller.organizationId, query.window)),
  );
}
