import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { Rotation } from './service.ts';

export function rotationRoutes(app: FastifyInstance, rotation: Rotation): void {
  route(app, operations.rotateKey, async (call) => {
    const operator = operatorOf(call);
    const { id } = call.params;
    if (call.body.mode === 'replace') return answer(200, await rotation.replace(operator, id));
    return answer(202, await rotation.request(operator, id));
  });
  route(app, operations.extendKey, async (call) => {
    const expiresAt = await rotation.extend(operatorOf(call), call.params.id, call.body.days);
    return answer(200, { device_id: call.params.id, expires_at: expiresAt });
  });
}
