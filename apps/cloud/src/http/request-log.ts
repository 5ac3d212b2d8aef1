import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@edgeflow/platform';
import type { Logger } from '../logging.ts';
import type { ClientAddresses } from './client-address.ts';
import type { HttpMetrics } from './metrics.ts';
import type { ProblemError } from './problems.ts';

/** A request that took longer is logged as slow. */
export const slowRequestMsDefault = 2000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route waits by its nature. */
    readonly edgeflowWaits?: boolean;
  }
}

export interface RequestLog {
  /** Logs an answer of 500 or above, with its cause. */
  failed(problem: ProblemError, request: FastifyRequest): void;
  /** Counts a request that no route took. */
  unmatched(request: FastifyRequest, reply: FastifyReply): void;
}

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly metrics: HttpMetrics;
  readonly clock: Clock;
  readonly addresses: ClientAddresses;
  readonly slowRequestMs: number;
}

/**
 * Measures every request; logs failures and slow ones always, and the rest at level debug. Prepared per route, and
 * without a logger per request: this runs thousands of times a second.
 */
export function logRequests(app: FastifyInstance, options: RequestLogOptions): RequestLog {
  const { logger, metrics, clock, addresses, slowRequestMs } = options;

  function line(request: FastifyRequest, route: string, more: object): object {
    const { id, method } = request;
    return { req: { id, method, route, address: addresses.of(request.raw) }, ...more };
  }

  app.addHook('onRoute', (route) => {
    const observe = metrics.observer([route.method].flat().join(','), route.url);
    const waits = route.config?.edgeflowWaits === true;
    const measure = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
      const status = reply.statusCode;
      const ms = reply.elapsedTime;
      observe(status, ms);
      if (ms > slowRequestMs && !waits)
        logger.warn(line(request, route.url, { status, ms: Math.round(ms) }), 'slow');
      else if (logger.isLevelEnabled('debug')) {
        logger.debug(line(request, route.url, { status, ms: Math.round(ms) }), 'answered');
      }
      done();
    };
    route.onResponse = [...[route.onResponse ?? []].flat(), measure];
  });

  const observeUnmatched = metrics.observer('any', 'unmatched');
  return {
    failed(problem, request) {
      const { code, status } = problem;
      const about = line(request, request.routeOptions.url ?? 'unmatched', { status, code });
      if (code === 'internal') logger.error({ ...about, err: problem.cause ?? problem }, 'request failed');
      else if (problem.cause !== undefined) logger.warn({ ...about, err: problem.cause }, 'request refused');
      else logger.warn(about, 'request refused');
    },
    unmatched(request, reply) {
      const startedMs = clock.monotonic();
      reply.raw.once('close', () => {
        observeUnmatched(reply.statusCode, clock.monotonic() - startedMs);
        if (logger.isLevelEnabled('debug')) {
          logger.debug(line(request, 'unmatched', { status: reply.statusCode }), 'answered');
        }
      });
    },
  };
}
