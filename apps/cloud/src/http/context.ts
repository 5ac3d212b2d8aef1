import type { FastifyInstance } from 'fastify';
import type { Recognition } from './access.ts';
import type { ClientAddresses } from './client-address.ts';
import type { BodySizes } from './json-body.ts';

/** What every route of one app shares. */
export interface HttpContext extends Recognition {
  readonly addresses: ClientAddresses;
  readonly bodySizes: BodySizes;
}

const decorator = 'edgeflowHttp';

export function provideContext(app: FastifyInstance, context: HttpContext): void {
  app.decorate(decorator, context);
}

export function contextOf(app: FastifyInstance): HttpContext {
  return app.getDecorator<HttpContext>(decorator);
}
