import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import type { Database } from '../../storage/database.ts';
import { operatorOf } from '../identity/index.ts';
import type { AlertEndpoints } from './endpoints.ts';
import { listDeliveries, listIncidents, retryDelivery } from './records.ts';
import type { AlertRules } from './rules.ts';

export interface AlertParts {
  readonly database: Database;
  readonly rules: AlertRules;
  readonly endpoints: AlertEndpoints;
  /** Called after the commit of what is to be sent. */
  readonly written: () => void;
}

export function alertRoutes(app: FastifyInstance, { database, endpoints, rules, written }: AlertParts): void {
  route(app, operations.listAlertRules, async (call) =>
    answer(200, { rules: await rules.list(operatorOf(call)) }),
  );
  route(app, operations.createAlertRule, async (call) =>
    answer(201, await rules.create(operatorOf(call), call.body)),
  );
  route(app, operations.updateAlertRule, async (call) =>
    answer(200, await rules.update(operatorOf(call), call.params.id, call.body)),
  );
  route(app, operations.deleteAlertRule, async (call) => {
    await rules.delete(operatorOf(call), call.params.id);
    return { status: 204 as const };
  });
  route(app, operations.listAlertEndpoints, async (call) =>
    answer(200, await endpoints.list(operatorOf(call))),
  );
  route(app, operations.createAlertEndpoint, async (call) =>
    answer(201, await endpoints.create(operatorOf(call), call.body)),
  );
  route(app, operations.updateAlertEndpoint, async (call) =>
    answer(200, await endpoints.update(operatorOf(call), call.params.id, call.body)),
  );
  route(app, operations.deleteAlertEndpoint, async (call) => {
    await endpoints.delete(operatorOf(call), call.params.id);
    return { status: 204 as const };
  });
  route(app, operations.rotateAlertSecret, async (call) =>
    answer(200, await endpoints.rotateSecret(operatorOf(call), call.params.id)),
  );
  route(app, operations.testAlertEndpoint, async (call) =>
    answer(202, await endpoints.test(operatorOf(call), call.params.id)),
  );
  route(app, operations.listAlertIncidents, async (call) =>
    answer(200, await listIncidents(database, operatorOf(call), call.query)),
  );
  route(app, operations.listAlertDeliveries, async (call) =>
    answer(200, await listDeliveries(database, operatorOf(call), call.query)),
  );
  route(app, operations.retryAlertDelivery, async (call) => {
    const delivery = await retryDelivery(database, operatorOf(call), call.params.id);
    written();
    return answer(202, delivery);
  });
}
