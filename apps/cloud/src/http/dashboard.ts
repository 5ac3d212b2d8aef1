import { join } from 'node:path';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import { fileErrorCode, type Files } from '@edgeflow/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contextOf } from './context.ts';
import type { RequestOrigin } from './request-origin.ts';
import { fallbackPath } from './unmatched.ts';

/** The dashboard as it was built: a folder with `index.html` and `assets/`, whose names change with their content. */
export interface DashboardFiles {
  readonly folder: string;
  readonly files: Pick<Files, 'read'>;
  /** Whether the operator has given the certificate, and the cloud did not make its own. */
  readonly hasGivenCertificate?: boolean;
}

/** Stands in index.html where the nonce of the answer goes. */
const noncePlaceholder = '%CSP_NONCE%';
const assetsKeptMs = 365 * 24 * 3600 * 1000;
/** How long a browser remembers that it comes by HTTPS alone. Other names, and lists in browsers, are not ours to bind. */
const strictTransportSecurity = `max-age=${String(180 * 24 * 3600)}`;

const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    // The nonce of the answer is added: Mantine writes a few style elements of its own.
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    connectSrc: ["'self'"],
    fontSrc: ["'self'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

/** What no page here needs, so that a foothold in one gets none of it. */
const permissionsPolicy = [
  ...[
    'accelerometer',
    'camera',
    'display-capture',
    'geolocation',
    'gyroscope',
    'microphone',
    'midi',
    'payment',
  ],
  ...['publickey-credentials-get', 'screen-wake-lock', 'serial', 'usb', 'xr-spatial-tracking'],
]
  .map((feature) => `${feature}=()`)
  .join(', ');

const missingPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>EdgeFlow: the dashboard is not built</title>
<h1>The dashboard is not built</h1>
<p>The cloud runs, and its API is complete. In the folder of the program, run</p>
<pre>npm run build -w @edgeflow/dashboard</pre>
<p>and load this page again. <a href="/docs">The API</a> is there already.</p>
</html>
`;

/**
 * Serves the dashboard: its assets for ever, and its one page at every address that nothing else answers, for whoever
 * wants HTML. All of it in a scope of its own, so that the routes of the API run none of its hooks.
 */
export async function serveDashboard(app: FastifyInstance, dashboard: DashboardFiles): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(helmet, {
      enableCSPNonces: true,
      contentSecurityPolicy,
      referrerPolicy: { policy: 'no-referrer' },
      frameguard: { action: 'deny' },
      // It depends on the connection: see isStrict.
      strictTransportSecurity: false,
    });
    await scope.register(fastifyStatic, {
      root: join(dashboard.folder, 'assets'),
      prefix: '/assets/',
      decorateReply: false,
      index: false,
      redirect: false,
      preCompressed: true,
      immutable: true,
      maxAge: assetsKeptMs,
    });
    const { originOf } = contextOf(scope);
    scope.get(fallbackPath, (request, reply) => {
      if (isStrict(dashboard, originOf(request.raw))) {
        reply.header('strict-transport-security', strictTransportSecurity);
      }
      return answerPage(dashboard, request, reply);
    });
  });
}

/**
 * Whether the browser is to come by HTTPS alone from now on. Not with the development certificate, which a browser that
 * remembers would let nobody click away; a proxy in front says it for its own; and `localhost` is where plain HTTP is served.
 */
function isStrict({ hasGivenCertificate }: DashboardFiles, { host, ownTls }: RequestOrigin): boolean {
  return hasGivenCertificate === true && ownTls && !/^(.*\.)?localhost\.?(:\d+)?$/.test(host);
}

async function answerPage(
  dashboard: DashboardFiles,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!wantsPage(request)) {
    reply.callNotFound();
    return reply;
  }
  const html = await readIndex(dashboard);
  return reply
    .code(html === undefined ? 503 : 200)
    .header('cache-control', 'no-cache')
    .header('permissions-policy', permissionsPolicy)
    .type('text/html; charset=utf-8')
    .send((html ?? missingPage).replaceAll(noncePlaceholder, reply.cspNonce.style));
}

/** Programs get a problem for what is not there; only a browser that opens an address gets the page. */
function wantsPage({ headers, url }: FastifyRequest): boolean {
  return !url.startsWith('/api/') && (headers.accept ?? '').includes('text/html');
}

/** Read each time: it is small, asked for rarely, and names the assets of the build that is there now. */
async function readIndex({ files, folder }: DashboardFiles): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await files.read(join(folder, 'index.html')));
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
