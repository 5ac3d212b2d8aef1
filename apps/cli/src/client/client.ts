import {
  type CallAnswer,
  type CallArguments,
  type CallTarget,
  callTarget,
  type JsonOperationName,
  jsonObjectSchema,
  type Operation,
  operations,
  type TargetRequest,
} from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import { usageFailure } from '../failure.ts';
import type { Settings } from '../settings.ts';
import { readAnswer } from './answers.ts';
import { type EventConnection, openEvents } from './events.ts';
import { HttpConnection } from './http.ts';

/** How long an ordinary call may take. */
export const callDeadlineMs = 30_000;

/** Not among the contract's operations, because it describes them. */
const openApi: Operation = {
  method: 'GET',
  path: '/api/v1/openapi.json',
  summary: 'The API in OpenAPI 3.1',
  access: 'public',
  answers: { 200: jsonObjectSchema },
  errors: [],
};

export interface ClientOptions {
  readonly settings: Settings;
  readonly timers: Timers;
  /** `edgeflow-cli/1.2.3` */
  readonly userAgent: string;
}

/**
 * The cloud's operations as functions, typed by the contract. Checks no request: the cloud does. Checks every answer,
 * once. Whatever goes wrong is a CliFailure.
 */
export class Client {
  readonly #http: HttpConnection;
  readonly #timers: Timers;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ settings, timers, userAgent }: ClientOptions) {
    this.#http = new HttpConnection(settings, timers);
    this.#timers = timers;
    this.#headers = { accept: 'application/json, application/problem+json', 'user-agent': userAgent };
  }

  /** One call, answered as {@link callDeadlineMs} allows. */
  async call<Name extends JsonOperationName>(
    name: Name,
    ...[request]: CallArguments<Name>
  ): Promise<CallAnswer<Name>> {
    return this.#call(name, request ?? {}, callDeadlineMs);
  }

  /** A call that waits for something slower than the cloud itself. */
  async callSlowly<Name extends JsonOperationName>(
    name: Name,
    extraMs: number,
    ...[request]: CallArguments<Name>
  ): Promise<CallAnswer<Name>> {
    return this.#call(name, request ?? {}, callDeadlineMs + extraMs);
  }

  /** The cloud's own description of its API. */
  async readOpenApi(): Promise<unknown> {
    const { method, path } = openApi;
    const answer = await this.#http.send({ method, path, headers: this.#headers }, callDeadlineMs);
    return readAnswer(openApi, answer, this.#http.origin);
  }

  /** The stream of events from after `lastEventId`, or from now. */
  async openEvents(lastEventId: string | undefined): Promise<EventConnection> {
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    return openEvents(
      this.#http,
      this.#timers,
      {
        path: callTarget('streamEvents').path,
        headers: { ...this.#headers, accept: 'text/event-stream', ...resume },
      },
      callDeadlineMs,
    );
  }

  /** Ends every connection. */
  close(): void {
    this.#http.close();
  }

  async #call<Name extends JsonOperationName>(
    name: Name,
    request: TargetRequest & { readonly body?: unknown },
    deadlineMs: number,
  ): Promise<CallAnswer<Name>> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const answer = await this.#http.send(
      { ...addressOf(name, request), headers: this.#headers, body },
      deadlineMs,
    );
    const document = readAnswer(operations[name], answer, this.#http.origin);
    // readAnswer has checked the document against the schema that CallAnswer is read off.
    return { status: answer.status, body: document } as CallAnswer<Name>;
  }
}

function addressOf(name: JsonOperationName, request: TargetRequest): CallTarget {
  try {
    return callTarget(name, request);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageFailure(`An argument names nothing: ${error.message}`, 'Give the id as the lists print it.');
  }
}
