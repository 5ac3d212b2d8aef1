import type { IncomingMessage, RequestListener } from 'node:http';
import type { Diagnosis } from '@edgeflow/contract';
import { SingleFlight } from '@edgeflow/platform';
import { jsonAnswer, type LocalAnswer, send } from './answer.ts';
import { type Handler, hasToken, type LocalAppDeps } from './handler.ts';
import { isFromLoopback, isOwnHost, isOwnOrigin, type OwnHosts } from './own-hosts.ts';
import { type ProblemAnswer, problemAnswers } from './problems.ts';
import { type RequestTarget, targetOf } from './request-target.ts';

/**
 * How long a finished diagnosis answers for a new one, milliseconds. It opens connections and tries the disk: somebody
 * who asks without end wears out neither, and a person who has mended something waits no longer than that.
 */
const diagnosisKeptMs = 3000;

/** By path, then by method. */
type Routes = ReadonlyMap<string, ReadonlyMap<string, Handler>>;

/**
 * The device's own API. Source: the wire contract, section 4.
 *
 * Guards, from the outside in: the `Host` and `Origin` are the device's own, and no other page asks (a person who
 * follows a link of one may look at the status); off loopback every request has the token;
 * bodies are bounded and are JSON; every change has the token, unless the device is known to have no identity.
 */
export function buildLocalApp(deps: LocalAppDeps): RequestListener {
  const problem = problemAnswers(deps.random);
  const routes: Routes = new Map([...reads(deps), ...changes(deps, problem)]);
  return (request, response) => {
    answerTo(request, deps, problem, routes)
      .catch((error: unknown) => {
        if (request.destroyed && !request.complete) {
          deps.log.debug({}, 'a request to the local API was broken off');
          return problem('request_malformed');
        }
        const text = error instanceof Error ? error.message : 'unknown error';
        deps.log.error({ error: text }, 'a request to the local API failed');
        return problem('internal');
      })
      .then((answer) => {
        send(response, answer);
      })
      .catch(() => response.destroy());
  };
}

async function answerTo(
  request: IncomingMessage,
  deps: LocalAppDeps,
  problem: ProblemAnswer,
  routes: Routes,
): Promise<LocalAnswer> {
  const target = targetOf(request);
  if (target === undefined) {
    return problem('request_malformed', { detail: 'The Host header or the path is not valid.' });
  }
  if (!isOwn(request, deps.own(), target)) return problem('host_rejected');
  if (!isFromLoopback(request.socket.remoteAddress) && !hasToken(deps, request)) {
    return problem('local_token_required');
  }
  const methods = routes.get(target.path);
  if (methods === undefined) return problem('route_unknown');
  // HEAD is GET without the body (RFC 9110, section 9.3.2), which Node leaves out.
  const handler = methods.get(request.method === 'HEAD' ? 'GET' : (request.method ?? ''));
  if (handler !== undefined) return handler(request);
  const allow = [...methods.keys()].join(', ');
  return problem('method_not_allowed', {
    detail: `This address takes ${allow}.`,
    headers: { allow },
  });
}

function isOwn(request: IncomingMessage, own: OwnHosts, target: RequestTarget): boolean {
  const { headers, socket } = request;
  const { localAddress } = socket;
  return (
    target.hosts.every((host) => isOwnHost(own, host, localAddress)) &&
    (headers.origin === undefined || isOwnOrigin(own, headers.origin, localAddress)) &&
    (!isOfOtherPage(headers['sec-fetch-site']) || isVisit(request, target))
  );
}

/**
 * Browsers say so of requests without an `Origin`, too: of pictures, scripts and links that a page elsewhere leads to
 * the device (Fetch Metadata). Another port of the same host is another page.
 */
function isOfOtherPage(site: string | string[] | undefined): boolean {
  return site === 'cross-site' || site === 'same-site';
}

/** What a person may come to by a link on somebody else's page: it holds no secret, and looking changes nothing. */
const visited: ReadonlySet<string> = new Set(['/', '/api/v1/saas/status']);

/**
 * A person follows a link in a tab of their own: what is shown there can be read by them and not by the page that they
 * came from. Frames, objects, pictures and scripts of that page remain refused, as do forms (they are posted), and so
 * does a name of somebody else's that resolves to this device.
 */
function isVisit({ headers, method }: IncomingMessage, { path }: RequestTarget): boolean {
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method === 'GET' && isNavigation && visited.has(path);
}

/** Whoever asks while a diagnosis runs, or shortly after, shares it. */
function sharedDiagnosis({ control, clock }: LocalAppDeps): () => Promise<Diagnosis> {
  const flight = new SingleFlight<Diagnosis>();
  let last: { readonly diagnosis: Diagnosis; readonly atMs: number } | undefined;
  return async () => {
    if (last !== undefined && clock.monotonic() - last.atMs < diagnosisKeptMs) return last.diagnosis;
    return flight.run(async () => {
      const diagnosis = await control.diagnose();
      last = { diagnosis, atMs: clock.monotonic() };
      return diagnosis;
    });
  };
}

function reads(deps: LocalAppDeps): [string, ReadonlyMap<string, Handler>][] {
  const { control } = deps;
  const diagnosis = sharedDiagnosis(deps);
  return [
    // The page is loaded when somebody looks at it: most devices are never looked at.
    ['/', get(async () => (await import('./status-page.ts')).pageAnswer(control.status()))],
    ['/healthz', get(() => jsonAnswer({ status: 'ok' }))],
    ['/api/v1/saas/status', get(() => jsonAnswer(control.status()))],
    ['/api/v1/saas/diagnosis', get(async () => jsonAnswer(await diagnosis()))],
  ];
}

function get(handler: Handler): ReadonlyMap<string, Handler> {
  return new Map([['GET', handler]]);
}

/** Changes are rare: what reads and checks them is loaded with the first one. */
function changes(deps: LocalAppDeps, problem: ProblemAnswer): [string, ReadonlyMap<string, Handler>][] {
  const loaded = async () => (await import('./changes.ts')).changesOf(deps, problem);
  return [
    [
      '/api/v1/saas/config',
      new Map<string, Handler>([
        ['GET', () => jsonAnswer(deps.control.config())],
        ['PUT', async (request) => (await loaded()).configure(request)],
      ]),
    ],
    [
      '/api/v1/saas/provision',
      new Map([['POST', async (request: IncomingMessage) => (await loaded()).provision(request)]]),
    ],
    [
      '/api/v1/saas/connect',
      new Map([['POST', async (request: IncomingMessage) => (await loaded()).connect(request)]]),
    ],
    [
      '/api/v1/saas/disconnect',
      new Map([['POST', async (request: IncomingMessage) => (await loaded()).disconnect(request)]]),
    ],
  ];
}
