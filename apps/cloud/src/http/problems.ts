import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  type ErrorCode,
  errorEntry,
  type FieldProblem,
  type Problem,
  problemFor,
  problemMediaType,
} from '@edgeflow/contract';
import { isUnavailable } from '../storage/failures.ts';

/** What a 503 says when its thrower did not: seconds until a retry makes sense. */
const retryAfterSecondsDefault = 5;

export interface ProblemOptions {
  /** For the client; the catalogue's title when left out. Must hold no secret. */
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  /** Such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Logged for 5xx, never sent. */
  readonly cause?: unknown;
}

/** Thrown anywhere below a route; becomes the answer that the catalogue holds for `code`. */
export class ProblemError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldProblem[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(
      options.detail ?? errorEntry(code).title,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = 'ProblemError';
    this.code = code;
    this.detail = options.detail;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return errorEntry(this.code).status;
  }
}

/** The refusal of an address that has spent a budget. @param waitSeconds until it may try again */
export function tooManyAttempts(waitSeconds: number): ProblemError {
  return new ProblemError('too_many_attempts', { headers: { 'Retry-After': String(waitSeconds) } });
}

/**
 * What Fastify's own errors mean here. Errors that are not listed are ours, so they are answered with 500: a bug
 * must not look like the client's fault.
 */
const frameworkProblems: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media_type_unsupported'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['request_malformed', 'The body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: ['request_malformed', 'The address is not percent-encoded correctly'],
  FST_ERR_MAX_PARAM_LENGTH: ['route_unknown'],
  // Paths that would lead out of the folder of the documentation's files.
  FST_STATIC_FORBIDDEN_PATH: ['route_unknown'],
  // The client went away while it sent the body.
  ECONNRESET: ['request_malformed', 'The request ended before its body was complete'],
};

/** The one place that decides what an error looks like from outside. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) {
    // A catalogue entry without an HTTP status belongs to devices; answered, it would be no HTTP at all.
    return error.status === 0 ? new ProblemError('internal', { cause: error }) : error;
  }
  // Whether the work is durable may be unknown; 503 says so, and a repeat with the same Idempotency-Key is safe.
  if (isUnavailable(error)) return new ProblemError('unavailable', { cause: error });
  const known = frameworkProblems[codeOf(error)];
  if (known === undefined) return new ProblemError('internal', { cause: error });
  const [code, detail] = known;
  return new ProblemError(code, detail === undefined ? {} : { detail });
}

/** The document of a problem. */
export function problemDocument(problem: ProblemError, requestId: string): Problem {
  return problemFor(problem.code, requestId, problem.detail, problem.errors);
}

/** Headers every problem carries, `Retry-After` and `WWW-Authenticate` where HTTP asks for them. */
export function problemHeaders(problem: ProblemError): Record<string, string> {
  return {
    'content-type': `${problemMediaType}; charset=utf-8`,
    'cache-control': 'no-store',
    ...(problem.status === 503 ? { 'retry-after': String(retryAfterSecondsDefault) } : {}),
    // RFC 9110, section 11.6.1: a 401 names a way to authenticate.
    ...(problem.status === 401 ? { 'www-authenticate': 'Bearer realm="edgeflow"' } : {}),
    ...lowerCaseNames(problem.headers),
  };
}

export function sendProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(problem.status)
    .headers(problemHeaders(problem))
    .send(JSON.stringify(problemDocument(problem, request.id)));
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as Partial<FastifyError>;
  return typeof code === 'string' ? code : '';
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
