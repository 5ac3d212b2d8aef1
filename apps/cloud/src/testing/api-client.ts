import {
  errorEntry,
  type Operation,
  type OperationName,
  type Operations,
  operations,
  type Problem,
  problemMediaType,
  problemSchema,
} from '@edgeflow/contract';
import type { z } from 'zod';

/** The statuses of problems that a call may end with: its own, and those of its caller, its body and its query. */
function documentedStatuses(name: OperationName): number[] {
  const { access, body, errors, query }: Operation = operations[name];
  return [
    ...errors.map((code) => errorEntry(code).status),
    ...(access === 'public' ? [] : [401, 403, 429]),
    ...(body === undefined ? [] : [400, 413, 415]),
    ...(query === undefined ? [] : [400]),
  ];
}

type AnswerOf<O extends Operation, S> = S extends keyof O['answers']
  ? O['answers'][S] extends z.ZodType
    ? z.output<O['answers'][S]>
    : undefined
  : never;

export interface CallInput {
  readonly id?: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  readonly problem: Problem;
}

/** As much of a browser as cookies and where a page is from. */
export class Browser {
  readonly cookies = new Map<string, string>();

  headers(origin: string): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return { origin, ...(cookie === '' ? {} : { cookie }) };
  }

  take(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (line.includes('Max-Age=0')) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

/**
 * Calls operations of the contract over real HTTP and holds each answer against it: an answer in another form, or
 * with a status that the operation does not document, fails the test.
 */
export class ApiClient {
  readonly #origin: string;
  readonly #credential: string | undefined;
  readonly #answered: Set<string>;
  readonly #browser: Browser | undefined;

  /** @param answered takes the name and status of every call that succeeded, as `readCode 200` */
  constructor(origin: string, credential: string | undefined, answered: Set<string>, browser?: Browser) {
    this.#browser = browser;
    this.#origin = origin;
    this.#credential = credential;
    this.#answered = answered;
  }

  /** The body of the answer with this status. */
  async call<N extends OperationName, S extends keyof Operations[N]['answers'] & number>(
    name: N,
    status: S,
    input: CallInput = {},
  ): Promise<AnswerOf<Operations[N], S>> {
    const { response, text } = await this.#send(name, input);
    if (response.status !== status) throw new Error(`${name}: ${response.status} ${text}`);
    this.#answered.add(`${name} ${status}`);
    return readAnswer(name, response, text) as AnswerOf<Operations[N], S>;
  }

  /** The problem that the call must end with. */
  async refused(name: OperationName, input: CallInput = {}): Promise<Refusal> {
    const { response, text } = await this.#send(name, input);
    if (response.ok) throw new Error(`${name}: ${response.status}, which is no refusal`);
    return { status: response.status, headers: response.headers, problem: readProblem(name, response, text) };
  }

  /** `"<status> <code>"` of the problem that the call must end with. */
  async refusal(name: OperationName, input: CallInput = {}): Promise<string> {
    const { status, problem } = await this.refused(name, input);
    return `${status} ${problem.code}`;
  }

  /** The statuses of the problems that a call may end with. */
  documentedStatuses(name: OperationName): number[] {
    return documentedStatuses(name);
  }

  /** The answer as it comes, not read. Of its status and form nothing is checked. */
  async raw(name: OperationName, input: CallInput = {}, init: RequestInit = {}): Promise<Response> {
    const { method, path } = operations[name];
    const url = new URL(this.#origin + path.replace(':id', encodeURIComponent(input.id ?? '')));
    for (const [key, value] of Object.entries(input.query ?? {})) url.searchParams.set(key, String(value));
    const body = input.body === undefined ? {} : { body: JSON.stringify(input.body) };
    const response = await fetch(url, {
      method,
      ...body,
      ...init,
      headers: {
        ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#credential === undefined ? {} : { 'x-api-key': this.#credential }),
        ...this.#browser?.headers(this.#origin),
        ...input.headers,
      },
    });
    this.#browser?.take(response);
    return response;
  }

  async #send(name: OperationName, input: CallInput): Promise<{ response: Response; text: string }> {
    const response = await this.raw(name, input);
    return { response, text: await response.text() };
  }
}

function readAnswer(name: OperationName, response: Response, text: string): unknown {
  const answers: Operation['answers'] = operations[name].answers;
  const described = answers[response.status];
  if (described === undefined) throw new Error(`${name}: ${response.status} is not documented`);
  if (response.headers.get('cache-control') !== 'no-store') throw new Error(`${name}: may be cached`);
  if (described === null) {
    if (text !== '') throw new Error(`${name}: a body where none is documented`);
    return undefined;
  }
  if (typeof described === 'string') return text;
  return described.parse(JSON.parse(text));
}

function readProblem(name: OperationName, response: Response, text: string): Problem {
  if (response.headers.get('content-type')?.split(';')[0] !== problemMediaType) {
    throw new Error(`${name}: ${response.status} is no problem document: ${text}`);
  }
  const problem = problemSchema.parse(JSON.parse(text));
  if (problem.status !== response.status) throw new Error(`${name}: two statuses in one answer`);
  if (!documentedStatuses(name).includes(problem.status)) {
    throw new Error(`${name}: ${problem.status} ${problem.code} is not documented`);
  }
  return problem;
}
