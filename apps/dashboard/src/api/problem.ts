import type { components } from './schema.gen.ts';

export type ProblemDocument = components['schemas']['Problem'];

/** What the cloud answered in place of what was asked for: RFC 9457, from its catalogue of errors. */
export class ApiProblem extends Error {
  readonly document: ProblemDocument;
  /** What `Retry-After` said, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(document: ProblemDocument, retryAfterMs?: number) {
    super(document.title);
    this.name = 'ApiProblem';
    this.document = document;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): string {
    return this.document.code;
  }
}

/** Makes the problem that a refused answer carries; one of our own where a proxy answered in the cloud's place. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  const document = await readProblem(response);
  return new ApiProblem(document ?? strangeAnswer(response), retryAfterMs);
}

async function readProblem(response: Response): Promise<ProblemDocument | undefined> {
  if (!(response.headers.get('content-type') ?? '').startsWith('application/problem+json')) return undefined;
  try {
    return (await response.json()) as ProblemDocument;
  } catch {
    return undefined;
  }
}

function strangeAnswer(response: Response): ProblemDocument {
  return {
    type: 'about:blank',
    title: 'The answer is not from the cloud',
    error: 'The answer is not from the cloud',
    status: response.status,
    detail:
      `Something between this browser and the cloud answered ${String(response.status)} ${response.statusText}`.trim(),
    code: 'answer_foreign',
    retryable: response.status >= 500,
    next_step: 'Try again. If it stays, look at the proxy in front of the cloud.',
    request_id: response.headers.get('x-request-id') ?? '',
  };
}

/** What a person is told of any failure. A failed `fetch` never reached the cloud. */
export function describeFailure(error: unknown): Omit<ProblemDocument, 'type' | 'error' | 'status'> {
  if (error instanceof ApiProblem) return error.document;
  if (error instanceof TypeError) {
    return {
      code: 'cloud_unreachable',
      title: 'The cloud cannot be reached',
      detail: 'This browser got no answer. Devices are unaffected.',
      next_step: 'Check the network, and that the cloud runs; then try again.',
      retryable: true,
      request_id: '',
    };
  }
  return {
    code: 'dashboard_failed',
    title: 'The dashboard failed',
    detail: error instanceof Error ? error.message : String(error),
    next_step: 'Reload the page. If it happens again, report what you did.',
    retryable: false,
    request_id: '',
  };
}

/** Whether asking again may help, without anybody doing anything: what the catalogue says. */
export function isRetryable(error: unknown): boolean {
  return describeFailure(error).retryable;
}

/** Texts for the fields of a form, by the path of the member that they are about (`bind.mac_address`). */
export function fieldProblems(error: unknown): Record<string, string> {
  const problems = error instanceof ApiProblem ? (error.document.errors ?? []) : [];
  return Object.fromEntries(problems.map(({ field, message }) => [field, message]));
}
