import fastify, { type FastifyInstance } from 'fastify';
import { type ErrorCode, operatorBodyBytesMax } from '@edgeflow/contract';
import type { Clock, Random } from '@edgeflow/platform';
import type { Registry } from 'prom-client';
import type { Logger } from '../logging.ts';
import type { Authenticator, Principal } from './access.ts';
import type { NetworkSet } from './addresses.ts';
import type { ClientAddresses } from './client-address.ts';
import { provideContext } from './context.ts';
import { type DashboardFiles, serveDashboard } from './dashboard.ts';
import { serveDocs } from './docs.ts';
import { readJsonBodies } from './json-body.ts';
import { httpMetrics } from './metrics.ts';
import { makeOpenApiDocument } from './openapi.ts';
import { asProblem, sendProblem } from './problems.ts';
import { prepareCallers } from './recogniser.ts';
import { requestIds } from './request-id.ts';
import { requestOrigins } from './request-origin.ts';
import { logRequests, slowRequestMsDefault } from './request-log.ts';
import { operatorBehind } from './route.ts';
import { addServiceRoutes, type Health } from './service-routes.ts';
import { unmatchedProblem, watchPaths } from './unmatched.ts';

/** Longest id in a path; ids of this cloud have 20 characters. */
const pathParameterLengthMax = 256;

export interface HttpOptions {
  /** Shown in the OpenAPI document. */
  readonly version: string;
  readonly addresses: ClientAddresses;
  readonly authenticator: Authenticator;
  readonly trustedProxies: NetworkSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly health: () => Health | Promise<Health>;
  readonly readiness: () => Health | Promise<Health>;
  readonly caPem: () => string | undefined;
  readonly slowRequestMs?: number;
  /** Left out: only the API is served. */
  readonly dashboard?: DashboardFiles;
  /** Called when an operator who was recognised is refused something. */
  readonly onRefusal?: (refusal: OperatorRefusal) => void;
}

export interface OperatorRefusal {
  readonly operator: Principal;
  /** Method and pattern: `POST /api/v1/devices/:id/revoke`. */
  readonly call: string;
  /** What the address names. */
  readonly objectId: string | undefined;
  readonly code: ErrorCode;
  readonly address: string;
  readonly requestId: string;
}

/**
 * The HTTP application without any socket: `route()` adds operations, `startListeners()` serves it. Every error
 * leaves as a problem document (RFC 9457).
 */
export async function buildHttp(options: HttpOptions): Promise<FastifyInstance> {
  const app = fastify({
    // Requests are logged here, in one line and without their secrets; see logRequests.
    logger: false,
    bodyLimit: operatorBodyBytesMax,
    routerOptions: { maxParamLength: pathParameterLengthMax },
    genReqId: requestIds(options.random),
    // Draining is the listeners' work: what has been accepted is answered.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      // No hook runs for these.
      reply.header('x-request-id', request.id);
      sendProblem(asProblem(error), request, reply);
    },
  });
  const { addresses } = options;
  const paths = watchPaths(app);
  const { slowRequestMs = slowRequestMsDefault } = options;
  const metrics = httpMetrics(options.registry);
  const log = logRequests(app, { ...options, metrics, addresses, slowRequestMs });

  provideContext(app, {
    ...{ authenticator: options.authenticator, addresses, bodySizes: readJsonBodies(app) },
    originOf: requestOrigins(options.trustedProxies),
  });
  prepareCallers(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error);
    if (problem.status >= 500) log.failed(problem, request);
    const operator = operatorBehind(request);
    if (operator !== undefined && problem.status < 500) {
      const { id } = request.params as { readonly id?: string };
      const call = `${request.method} ${request.routeOptions.url ?? ''}`;
      const refusal = { operator, call, objectId: id, code: problem.code, requestId: request.id };
      options.onRefusal?.({ ...refusal, address: addresses.of(request.raw) });
    }
    sendProblem(problem, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    log.unmatched(request, reply);
    sendProblem(unmatchedProblem(paths, request.method, request.url), request, reply);
  });

  let document: ReturnType<typeof makeOpenApiDocument> | undefined;
  const openApi = (): ReturnType<typeof makeOpenApiDocument> =>
    (document ??= makeOpenApiDocument(options.version));
  addServiceRoutes(app, { ...options, openApi });
  await serveDocs(app, openApi);
  if (options.dashboard !== undefined) await serveDashboard(app, options.dashboard);
  return app;
}
