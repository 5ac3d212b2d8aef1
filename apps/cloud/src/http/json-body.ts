import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodyBytesMax } from '@edgeflow/contract';
import { ProblemError } from './problems.ts';

/** Tells bodies that only an operator may send from those a device may. */
export interface BodySizes {
  /** Whether the body was larger than devices may send. */
  exceedsDeviceLimit(request: FastifyRequest): boolean;
}

/**
 * Reads JSON bodies and no others. Stricter than Fastify's own parser: bytes that are not UTF-8 are refused instead
 * of being replaced, and so are members that would reach a prototype. An empty body is no body; the operation's
 * schema says whether that will do.
 */
export function readJsonBodies(app: FastifyInstance): BodySizes {
  const large = new WeakSet<FastifyRequest>();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    if (!isUtf8(body)) {
      done(new ProblemError('request_malformed', { detail: 'The body is not UTF-8' }));
      return;
    }
    if (body.length > bodyBytesMax) large.add(request);
    const text = body.toString('utf8');
    void parseJson(request, text, (error, value) => {
      if (error === null) done(null, value);
      else done(new ProblemError('request_malformed', { detail: jsonProblem(text) }));
    });
  });
  return { exceedsDeviceLimit: (request) => large.has(request) };
}

/** Never the parser's own message: it quotes the body. */
function jsonProblem(text: string): string {
  try {
    JSON.parse(text);
    return 'The body must not have members named "__proto__", nor "prototype" within "constructor"';
  } catch {
    return 'The body is not valid JSON';
  }
}
