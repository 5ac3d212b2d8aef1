import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { oas31 } from 'zod-openapi';

/** Nothing from elsewhere, so that the page works without the internet and leaks nothing to it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves Swagger UI under `/docs`, from this machine alone. The document is made when it is first asked for. */
export async function serveDocs(app: FastifyInstance, document: () => oas31.OpenAPIObject): Promise<void> {
  // The plugin wants a document at once; this one is never seen.
  const placeholder = { openapi: '3.1.1', info: { title: 'EdgeFlow cloud', version: '' }, paths: {} };
  await app.register(swagger, { mode: 'static', specification: { document: placeholder } });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    transformSpecification: () => ({ ...document() }),
    transformSpecificationClone: false,
    theme: { title: 'EdgeFlow API' },
  });
}
