import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { bodyBytesMax, type Operation, operatorBodyBytesMax } from '@edgeflow/contract';
import type { Caller, Principal } from './access.ts';
import { contextOf } from './context.ts';
import { ProblemError } from './problems.ts';
import { callerBehind, Recogniser } from './recogniser.ts';
import type { RequestOrigin } from './request-origin.ts';
import { readWith } from './validation.ts';

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Member<O, K extends string> = O extends Readonly<Record<K, infer S>> ? S : undefined;
type PathNames<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | PathNames<`/${Rest}`>
  : P extends `${string}:${infer Name}`
    ? Name
    : never;

/** What a handler gets: everything read, checked and typed by the operation it serves. */
export interface RouteInput<O extends Operation> {
  readonly body: Parsed<Member<O, 'body'>>;
  readonly query: Parsed<Member<O, 'query'>>;
  readonly params: Readonly<Record<PathNames<O['path']>, string>>;
  readonly caller: Caller<O['access']>;
  /** The client's address: see `ClientAddresses`. */
  readonly address: string;
  readonly requestId: string;
  readonly headers: IncomingHttpHeaders;
  /** What the browser sees in its address bar. */
  readonly origin: RequestOrigin;
  /** Finds out once more who calls, for calls that last: rejects when they would not be let in now. */
  readonly callerNow: () => Promise<Caller<O['access']>>;
  /** For what the rest does not cover, such as noticing that the client has gone. */
  readonly request: FastifyRequest;
}

type AnswerBody<A> = A extends z.ZodType
  ? { readonly body: z.output<A> }
  : A extends string
    ? { readonly body: string | Readable }
    : { readonly body?: undefined };

/** One of the answers that the operation names; `answer()` makes them. */
export type RouteAnswer<O extends Operation> = {
  [S in keyof O['answers'] & number]: {
    readonly status: S;
    readonly headers?: Readonly<Record<string, string | string[]>>;
  } & AnswerBody<O['answers'][S]>;
}[keyof O['answers'] & number];

export type RouteHandler<O extends Operation> = (
  input: RouteInput<O>,
) => RouteAnswer<O> | Promise<RouteAnswer<O>>;

export interface RouteOptions {
  /** For calls that wait by their nature, and streams: they are not logged as slow, and take no HEAD. */
  readonly waits?: boolean;
}

interface AnyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: unknown;
}

/** The operator behind a request, whether or not the call was allowed; undefined for anybody else. */
export function operatorBehind(request: FastifyRequest): Principal | undefined {
  const caller = callerBehind(request);
  return caller?.kind === 'operator' ? caller : undefined;
}

/**
 * Binds an operation of the contract: finds out who calls, reads query and body once, and writes the answer. Thrown
 * problems become problem documents.
 */
export function route<const O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handler: RouteHandler<O>,
  options: RouteOptions = {},
): void {
  const context = contextOf(app);
  const { access, body: bodySchema, query: querySchema } = operation;
  const { addresses } = context;
  const recogniser = access === 'public' ? undefined : new Recogniser(context, access);

  const handle = (request: FastifyRequest, reply: FastifyReply): void => {
    const caller = callerBehind(request);
    if (caller?.kind === 'device' && context.bodySizes.exceedsDeviceLimit(request)) {
      throw new ProblemError('body_too_large');
    }
    const answer = handler({
      body: bodySchema === undefined ? undefined : readWith(bodySchema, request.body, 'body'),
      query: querySchema === undefined ? undefined : readWith(querySchema, request.query, 'query'),
      params: request.params,
      caller,
      address: addresses.of(request.raw),
      origin: context.originOf(request.raw),
      callerNow: async () => recogniser?.recognise(request),
      requestId: request.id,
      headers: request.headers,
      request,
      // The members were made from the operation's own schemas; TypeScript cannot follow that through `O`.
    } as RouteInput<O>);
    if (answer instanceof Promise) answer.then((value) => send(operation, reply, value)).catch(fail(reply));
    else send(operation, reply, answer);
  };

  app.route({
    method: operation.method,
    url: operation.path,
    bodyLimit: operation.bodyBytesMax ?? (access === 'public' ? bodyBytesMax : operatorBodyBytesMax),
    config: { edgeflowWaits: options.waits === true },
    // A HEAD would wait just as long, for an answer that is thrown away.
    exposeHeadRoute: operation.method === 'GET' && options.waits !== true,
    ...(recogniser === undefined ? {} : { onRequest: before(recogniser) }),
    handler: (request, reply) => {
      if (recogniser?.isStale(request) !== true) {
        handle(request, reply);
        return;
      }
      recogniser
        .recogniseAgain(request)
        .then(() => {
          handle(request, reply);
        })
        .catch(fail(reply));
    },
  });
}

/** As a hook, which must answer nothing. */
function before(recogniser: Recogniser) {
  return async (request: FastifyRequest): Promise<void> => {
    await recogniser.recognise(request);
  };
}

function fail(reply: FastifyReply): (error: unknown) => void {
  return (error) => void reply.send(error instanceof Error ? error : new Error('a handler threw no Error'));
}

function send(operation: Operation, reply: FastifyReply, answer: AnyAnswer): void {
  const described = operation.answers[answer.status];
  reply.code(answer.status);
  // Answers may hold secrets, and none is worth keeping.
  reply.header('cache-control', 'no-store');
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (described === null) {
    void reply.send();
  } else if (typeof described === 'string') {
    void reply.type(described).send(answer.body);
  } else {
    reply.header('content-type', 'application/json; charset=utf-8');
    void reply.send(JSON.stringify(answer.body));
  }
}
