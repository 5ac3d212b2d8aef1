import {
  type Diagnosis,
  isMasked,
  localProvisionRequestSchema,
  saasConfigUpdateSchema,
} from '@edgeflow/contract';
import { type Random, SingleFlight } from '@edgeflow/platform';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { AgentControl, ControlOutcome } from '../agent-control.ts';
import type { Log } from '../log-port.ts';
import { isFromLoopback, isOwnHost, isOwnOrigin, type OwnHosts } from './own-hosts.ts';
import { type ProblemAnswer, problemAnswers, problemResponse } from './problems.ts';
import { isJsonOrEmpty, readBody } from './read-body.ts';
import { pagePolicy, statusPage } from './status-page.ts';

/** Recognises the token of this device; `LocalToken` fits. */
export interface TokenCheck {
  matches(presented: string | undefined): boolean;
}

export interface LocalAppDeps {
  readonly control: AgentControl;
  readonly token: TokenCheck;
  /** Asked at each request: the port is known only once the server listens. */
  readonly own: () => OwnHosts;
  readonly random: Random;
  readonly log: Log;
}

interface Env {
  Bindings: HttpBindings;
}

/**
 * The device's own API. Source: the wire contract, section 4.
 *
 * Guards, from the outside in: the `Host` and `Origin` are the device's own; off loopback every request has the token;
 * bodies are bounded and are JSON; every change has the token, unless the device is known to have no identity.
 */
export function buildLocalApp(deps: LocalAppDeps): Hono<Env> {
  const problem = problemAnswers(deps.random);
  const app = new Hono<Env>();
  app.use(harden);
  app.use(ownHostsOnly(deps, problem));
  addReads(app, deps);
  addChanges(app, deps, problem);
  addFallbacks(app, deps, problem);
  return app;
}

const harden: MiddlewareHandler<Env> = async (context, next) => {
  await next();
  context.header('Cache-Control', 'no-store');
  context.header('X-Content-Type-Options', 'nosniff');
  context.header('Cross-Origin-Resource-Policy', 'same-origin');
  context.header('Referrer-Policy', 'no-referrer');
};

function ownHostsOnly(deps: LocalAppDeps, problem: ProblemAnswer): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { headers, socket } = context.env.incoming;
    const own = deps.own();
    const isOwn =
      isOwnHost(own, headers.host, socket.localAddress) &&
      (headers.origin === undefined || isOwnOrigin(own, headers.origin, socket.localAddress));
    if (!isOwn) return problem('host_rejected');
    if (!isFromLoopback(socket.remoteAddress) && !hasToken(deps, context))
      return problem('local_token_required');
    return next();
  };
}

function hasToken({ token }: LocalAppDeps, context: Context<Env>): boolean {
  return token.matches(context.req.header('x-edgeflow-token'));
}

function addReads(app: Hono<Env>, { control }: LocalAppDeps): void {
  // Whoever asks while a diagnosis runs shares it: it opens connections.
  const diagnosis = new SingleFlight<Diagnosis>();
  app.get('/', (context) => {
    context.header('Content-Security-Policy', pagePolicy);
    return context.html(statusPage(control.status()));
  });
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/api/v1/saas/status', (context) => context.json(control.status()));
  app.get('/api/v1/saas/config', (context) => context.json(control.config()));
  app.get('/api/v1/saas/diagnosis', async (context) =>
    context.json(await diagnosis.run(() => control.diagnose())),
  );
}

function addChanges(app: Hono<Env>, deps: LocalAppDeps, problem: ProblemAnswer): void {
  const { control } = deps;
  const lacksToken = (context: Context<Env>): boolean => control.isProvisioned && !hasToken(deps, context);

  app.post('/api/v1/saas/provision', async (context) => {
    const body = await readBody(context.env.incoming, localProvisionRequestSchema, problem);
    if (!body.ok) return body.answer;
    const { provisioning_code: code, force } = body.value;
    if (control.isProvisioned && !force) return problem('already_provisioned');
    if (lacksToken(context)) return problem('local_token_required');
    return answerWith(context, await control.provision(code, force));
  });

  app.put('/api/v1/saas/config', async (context) => {
    if (lacksToken(context)) return problem('local_token_required');
    const body = await readBody(context.env.incoming, saasConfigUpdateSchema, problem);
    if (!body.ok) return body.answer;
    const { api_key: apiKey, ...update } = body.value;
    // A client that writes back what it has read sends the masked key.
    const isNewKey = apiKey !== undefined && !isMasked(apiKey);
    return answerWith(context, await control.configure(isNewKey ? { ...update, api_key: apiKey } : update));
  });

  for (const action of ['connect', 'disconnect'] as const) {
    app.post(`/api/v1/saas/${action}`, async (context) => {
      if (!isJsonOrEmpty(context.env.incoming)) return problem('media_type_unsupported');
      if (lacksToken(context)) return problem('local_token_required');
      return answerWith(context, await control[action]());
    });
  }
}

function answerWith<T extends object>(context: Context<Env>, outcome: ControlOutcome<T>): Response {
  return outcome.ok ? context.json(outcome.value as object) : problemResponse(outcome.problem);
}

function addFallbacks(app: Hono<Env>, { log }: LocalAppDeps, problem: ProblemAnswer): void {
  const allowed = Map.groupBy(
    app.routes.filter(({ method }) => method !== 'ALL'),
    ({ path }) => path,
  );
  for (const [path, routes] of allowed) {
    const allow = routes.map(({ method }) => method).join(', ');
    app.all(path, () =>
      problem('method_not_allowed', { detail: `This address takes ${allow}.`, headers: { Allow: allow } }),
    );
  }
  app.notFound(() => problem('route_unknown'));
  app.onError((error) => {
    log.error({ error: error.message }, 'a request to the local API failed');
    return problem('internal');
  });
}
