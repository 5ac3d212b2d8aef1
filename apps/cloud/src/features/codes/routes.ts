import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { Codes } from './service.ts';

export function codeRoutes(app: FastifyInstance, codes: Codes): void {
  route(app, operations.createCodes, async (call) =>
    answer(201, { codes: await codes.create(operatorOf(call), call.body) }),
  );
  route(app, operations.listCodes, async (call) =>
    answer(200, await codes.list(operatorOf(call), call.query)),
  );
  route(app, operations.readCode, async (call) =>
    answer(200, await codes.read(operatorOf(call), call.params.id)),
  );
  route(app, operations.updateCode, async (call) => {
    const operator = operatorOf(call);
    await codes.rebind(operator, call.params.id, call.body);
    return answer(200, await codes.read(operator, call.params.id));
  });
  route(app, operations.revokeCode, async (call) =>
    answer(200, await codes.revoke(operatorOf(call), call.params.id)),
  );
}
