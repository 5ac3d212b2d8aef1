import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { CallTarget } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import type { Settings } from '../settings.ts';
import { networkFailure } from './network-failure.ts';

/** Largest answer read, in bytes: 500 devices with the largest documents they may have fit many times. */
const answerBytesMax = 64 * 1024 * 1024;

export interface HttpRequest extends CallTarget {
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Without its parameters, in lower case; empty when the answer names none. */
  readonly mediaType: string;
  /** What `Retry-After` says in seconds; a date there counts as nothing. */
  readonly retryAfterSeconds: number | undefined;
  readonly body: string;
}

/**
 * Requests to one origin, over connections that are kept between them. Redirects are not followed: the token belongs
 * to this origin alone.
 */
export class HttpConnection {
  readonly #settings: Settings;
  readonly #timers: Timers;
  readonly #agent: HttpAgent;
  readonly #isTls: boolean;

  constructor(settings: Settings, timers: Timers) {
    this.#settings = settings;
    this.#timers = timers;
    this.#isTls = settings.url.protocol === 'https:';
    const { caPem, proxyEnv } = settings;
    // Plain HTTP is for loopback alone (readSettings saw to it), and never goes through a proxy.
    this.#agent = this.#isTls
      ? new HttpsAgent({ keepAlive: true, proxyEnv, ...(caPem === undefined ? {} : { ca: caPem }) })
      : new HttpAgent({ keepAlive: true });
  }

  /** `https://cloud.example:8443`, for messages. */
  get origin(): string {
    return this.#settings.url.origin;
  }

  /**
   * The whole answer, whatever its status.
   * @throws CliFailure when there is none within `deadlineMs`.
   */
  async send(request: HttpRequest, deadlineMs: number): Promise<HttpAnswer> {
    const abort = new AbortController();
    const timer = this.#timers.after(deadlineMs, () => abort.abort(timedOut(deadlineMs)));
    try {
      const incoming = await this.#start(request, abort.signal);
      return { ...headOf(incoming), body: await readBody(incoming) };
    } catch (error) {
      throw networkFailure(abort.signal.aborted ? abort.signal.reason : error, this.origin);
    } finally {
      this.#timers.clear(timer);
    }
  }

  /**
   * An answer without end. Resolves with its first part; what follows comes through `incoming`, decoded, and the
   * caller ends it by destroying that.
   * @throws CliFailure when nothing answers within `deadlineMs`.
   */
  async open(
    request: HttpRequest,
    deadlineMs: number,
  ): Promise<{ head: Omit<HttpAnswer, 'body'>; incoming: IncomingMessage }> {
    const abort = new AbortController();
    const timer = this.#timers.after(deadlineMs, () => abort.abort(timedOut(deadlineMs)));
    try {
      const incoming = await this.#start(request, abort.signal);
      return { head: headOf(incoming), incoming };
    } catch (error) {
      throw networkFailure(abort.signal.aborted ? abort.signal.reason : error, this.origin);
    } finally {
      this.#timers.clear(timer);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #start(request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const start = this.#isTls ? httpsRequest : httpRequest;
      const outgoing = start({ ...this.#options(request), signal });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        incoming.setEncoding('utf8');
        resolve(incoming);
      });
      outgoing.end(request.body);
    });
  }

  #options({ method, path, headers, body }: HttpRequest): RequestOptions {
    const { url, token } = this.#settings;
    return {
      agent: this.#agent,
      protocol: url.protocol,
      // An IPv6 address stands in brackets in a URL and nowhere else.
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      method,
      path: `${url.pathname === '/' ? '' : url.pathname}${path}`,
      headers: {
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    };
  }
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Omit<HttpAnswer, 'body'> {
  const [mediaType = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const retryAfter = Number.parseInt(headers['retry-after'] ?? '', 10);
  return {
    status: statusCode,
    mediaType: mediaType.trim(),
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
  };
}

/** Reads the rest of an answer that {@link HttpConnection.open} began. */
export async function readBody(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming as AsyncIterable<string>) {
    text += chunk;
    if (text.length > answerBytesMax)
      throw Object.assign(new Error('the answer is too large'), { code: 'EFBIG' });
  }
  return text;
}

function timedOut(deadlineMs: number): Error {
  return Object.assign(new Error(`no answer within ${deadlineMs} ms`), { code: 'ETIMEDOUT' });
}
