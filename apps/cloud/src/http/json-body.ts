import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodyBytesMax } from '@edgeflow/contract';
import { ByteCollector } from '@edgeflow/platform';
import type { IncomingMessage } from 'node:http';
import { hasTooManyChunks } from './merged-chunks.ts';
import { ProblemError } from './problems.ts';

/** Tells bodies that only an operator may send from those a device may. */
export interface BodySizes {
  /** Whether the body was larger than devices may send. */
  exceedsDeviceLimit(request: FastifyRequest): boolean;
}

/**
 * Reads JSON bodies and no others. Stricter than Fastify's own parser: bytes that are not UTF-8 are refused instead
 * of being replaced, and so are members that would reach a prototype; and a body that is sent byte by byte costs no
 * more memory than another. An empty body is no body; the operation's schema says whether that will do.
 */
export function readJsonBodies(app: FastifyInstance): BodySizes {
  const large = new WeakSet<FastifyRequest>();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request, payload, done) => {
    // Nobody reads the body of a request to nowhere; Node throws it away.
    if (request.is404) {
      done(null, undefined);
      return;
    }
    collect(payload, request.routeOptions.bodyLimit, (error, body) => {
      if (body === undefined || body.length === 0) {
        done(error, undefined);
        return;
      }
      if (!isUtf8(body)) {
        done(new ProblemError('request_malformed', { detail: 'The body is not UTF-8' }));
        return;
      }
      if (body.length > bodyBytesMax) large.add(request);
      const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
      void parseJson(request, text, (problem, value) => {
        if (problem === null) done(null, value);
        else done(new ProblemError('request_malformed', { detail: jsonProblem(text) }));
      });
    });
  });
  return { exceedsDeviceLimit: (request) => large.has(request) };
}

/** Reads a body to its end, or to its bound. `done` is called once. */
function collect(
  payload: IncomingMessage,
  bytesMax: number,
  done: (error: Error | null, body?: Uint8Array) => void,
): void {
  const { headers } = payload;
  // Without a look at what follows: whoever announces too much need not send it.
  if (Number(headers['content-length']) > bytesMax) {
    done(new ProblemError('body_too_large'));
    return;
  }
  const collector = new ByteCollector(bytesMax);
  const stop = (error: Error | null, body?: Uint8Array): void => {
    payload.off('data', onData).off('end', onEnd).off('error', stop);
    done(error, body);
  };
  const onData = (piece: Buffer): void => {
    if (!collector.add(piece)) stop(new ProblemError('body_too_large'));
    else if (hasTooManyChunks(payload))
      stop(new ProblemError('request_malformed', { detail: 'The body comes in too many chunks' }));
  };
  const onEnd = (): void => {
    stop(null, collector.bytes());
  };
  payload.on('data', onData).on('end', onEnd).on('error', stop).resume();
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
