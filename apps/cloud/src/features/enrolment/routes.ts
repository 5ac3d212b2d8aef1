import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { Enrolments } from './service.ts';

export function enrolmentRoutes(app: FastifyInstance, enrolments: Enrolments): void {
  route(app, operations.readEnrolment, () => answer(200, enrolments.settings()));
  route(app, operations.readOnboarding, async (call) =>
    answer(200, await enrolments.onboarding(operatorOf(call), call.params.id)),
  );
}
