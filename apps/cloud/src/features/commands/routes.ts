import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { Commands } from './service.ts';

export function commandRoutes(app: FastifyInstance, commands: Commands): void {
  route(
    app,
    operations.sendCommand,
    async (call) => answer(200, await commands.send(operatorOf(call), call.params.id, call.body)),
    { waits: true },
  );
}
