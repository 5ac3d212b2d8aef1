import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { printable } from '@edgeflow/platform';

export type { Logger } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Coloured lines for people at a terminal; otherwise one JSON object a line. */
  readonly pretty: boolean;
  /** Standard output when left out. */
  readonly destination?: DestinationStream;
}

/** What a log line may say about a request. Headers, query and body are left out on purpose: they hold secrets. */
export interface LoggedRequest {
  readonly id: string;
  readonly method: string;
  /** The pattern (`/api/v1/devices/:id`), never the address as sent. */
  readonly route: string;
  readonly address: string;
}

/** Most causes of an error that are logged with it. */
const causesMax = 5;

/**
 * The process's logger. Secrets stay out three times over: serializers pass named members only, `redact` blanks
 * members known to be secret, and every finished line goes through {@link scrubSecrets}.
 */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, req: describeRequest },
      redact: { paths: redactedPaths, censor: '[redacted]' },
      hooks: { streamWrite: scrubSecrets },
    },
    options.pretty ? prettified(destination) : destination,
  );
}

/**
 * Line by line and synchronous, so that the last words before an exit are not lost in a stream's buffer. What a text
 * from elsewhere holds cannot command the terminal, nor pretend to be a line of its own.
 */
function prettified(destination: DestinationStream): DestinationStream {
  const prettify = prettyFactory({ translateTime: 'SYS:HH:MM:ss', colorize: true });
  return {
    write: (line) => {
      destination.write(prettify(printableMembers(JSON.parse(line))));
    },
  };
}

/** A stack keeps its line ends: it is shown indented. */
function printableMembers(value: unknown, name = ''): unknown {
  if (typeof value === 'string') {
    return name === 'stack' ? value.split('\n').map(printable).join('\n') : printable(value);
  }
  if (Array.isArray(value)) return value.map((member) => printableMembers(member));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [printable(key), printableMembers(member, key)]),
  );
}

const secretMembers = [
  'api_key',
  'apiKey',
  'provisioning_code',
  'authorization',
  'cookie',
  'idempotencyKey',
  'password',
  'token',
  'connectionString',
  'headers',
];
const redactedPaths = [
  ...secretMembers,
  ...secretMembers.map((member) => `*.${member}`),
  ...secretMembers.map((member) => `*.*.${member}`),
];

/**
 * No pattern matches a quote or a backslash, so that a JSON line stays one. Codes without the dashes are recognised
 * only with a digit near: PROVISIONING is a word.
 */
const secretPatterns: readonly (readonly [RegExp, string])[] = [
  [/\befk_[0-9A-Za-z]{4,}/g, 'efk_…'],
  [/\bedgeflow_[0-9A-Za-z]{16,}/g, 'edgeflow_…'],
  [/\bPROV(?:\p{Pd}| )[0-9A-Z]{4}(?:(?:\p{Pd}| )?[0-9A-Z]{4}){0,5}/gu, 'PROV-…'],
  [/\bprov\p{Pd}[0-9a-z]{4}(?:\p{Pd}?[0-9a-z]{4}){0,5}/giu, 'PROV-…'],
  [/\bPROV(?=[A-Z]{0,7}[0-9])[0-9A-Z]{8,24}\b/gi, 'PROV-…'],
  [/\b(bearer) +[0-9A-Za-z._~+/=-]{8,}/gi, '$1 …'],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"]*):[^\s/@"]+@/gi, '$1:***@'],
];

/** Masks everything that looks like one of this product's secrets; errors of libraries may embed their input. */
export function scrubSecrets(text: string): string {
  let scrubbed = text;
  for (const [pattern, replacement] of secretPatterns) scrubbed = scrubbed.replace(pattern, replacement);
  return scrubbed;
}

function describeRequest(request: LoggedRequest): LoggedRequest {
  return { id: request.id, method: request.method, route: request.route, address: request.address };
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

function describeError(error: unknown): DescribedError {
  return describe(error, 0);
}

/** Name, message, code, stack and causes; never the members that libraries hang on their errors. */
function describe(error: unknown, depth: number): DescribedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: typeof error === 'string' ? error : 'not an Error' };
  }
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= causesMax ? {} : { cause: describe(error.cause, depth + 1) }),
  };
}
