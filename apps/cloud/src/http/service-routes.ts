import type { FastifyInstance } from 'fastify';
import { type healthSchema, operations } from '@edgeflow/contract';
import { type Clock, toRfc3339 } from '@edgeflow/platform';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { oas31 } from 'zod-openapi';
import { identifyCaller } from './access.ts';
import { answer } from './answer.ts';
import { contextOf } from './context.ts';
import { ProblemError } from './problems.ts';
import { route } from './route.ts';
import { serviceOperations } from './service-operations.ts';

export type Health = z.infer<typeof healthSchema>;

/** Seconds after which a probe that heard "not now" may ask again. */
const probeRetrySeconds = 2;

export interface ServiceRoutesOptions {
  readonly clock: Clock;
  readonly registry: Registry;
  /** Whether the process works at all. Anything but `failing` answers 200. */
  readonly health: () => Health | Promise<Health>;
  /** Whether it takes requests. Only `ok` answers 200. */
  readonly readiness: () => Health | Promise<Health>;
  /** The development CA, where there is one. */
  readonly caPem: () => string | undefined;
  readonly openApi: () => oas31.OpenAPIObject;
}

/** What the service says about itself. */
export function addServiceRoutes(app: FastifyInstance, options: ServiceRoutesOptions): void {
  const context = contextOf(app);

  route(app, operations.readTime, () => answer(200, { time: toRfc3339(options.clock.now()) }));

  route(app, serviceOperations.readHealth, async () => {
    const health = await options.health();
    return health.status === 'failing' ? notNow(health) : answer(200, health);
  });

  route(app, serviceOperations.readReadiness, async () => {
    const health = await options.readiness();
    return health.status === 'ok' ? answer(200, health) : notNow(health);
  });

  route(app, serviceOperations.readMetrics, async ({ request, address }) => {
    if (!context.addresses.isLocal(request.raw)) await identifyCaller('viewer', request, address, context);
    return answer(200, await options.registry.metrics());
  });

  route(app, serviceOperations.readDevelopmentCa, () => {
    const pem = options.caPem();
    if (pem !== undefined) return answer(200, pem);
    throw new ProblemError('route_unknown', {
      detail: 'This cloud has a certificate of its own, and made no CA',
    });
  });

  route(app, serviceOperations.readOpenApi, () => answer(200, { ...options.openApi() }));
}

function notNow(health: Health) {
  return answer(503, health, { 'retry-after': String(probeRetrySeconds) });
}
