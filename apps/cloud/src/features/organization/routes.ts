import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { Organizations } from './service.ts';

export function organizationRoutes(app: FastifyInstance, organizations: Organizations): void {
  route(app, operations.readOrganization, async (call) =>
    answer(200, await organizations.read(operatorOf(call))),
  );
  route(app, operations.updateOrganization, async (call) =>
    answer(200, await organizations.update(operatorOf(call), call.body)),
  );
}
