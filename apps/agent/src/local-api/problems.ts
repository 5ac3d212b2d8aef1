import {
  type ErrorCode,
  errorEntry,
  type FieldProblem,
  isErrorCode,
  makeId,
  type Problem,
  problemFor,
  problemMediaType,
} from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import type { LocalAnswer } from './answer.ts';

export interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  readonly headers?: Readonly<Record<string, string>>;
}

export type ProblemAnswer = (code: ErrorCode, details?: ProblemDetails) => LocalAnswer;

/** Makes answers in the form of RFC 9457, each with a request id of its own. */
export function problemAnswers(random: Random): ProblemAnswer {
  return (code, { detail, errors, headers } = {}) => {
    const requestId = makeId('request', (length) => random.bytes(length));
    return problemResponse(problemFor(code, requestId, detail, errors), headers);
  };
}

/** Passes a problem on, the cloud's own word for word. */
export function problemResponse(problem: Problem, headers?: Readonly<Record<string, string>>): LocalAnswer {
  const status = httpStatusOf(problem);
  return {
    status,
    headers: { ...headers, 'content-type': problemMediaType },
    body: JSON.stringify({ ...problem, status }),
  };
}

/** Codes that the catalogue gives no HTTP status are of this device: it stands between its caller and the cloud. */
function httpStatusOf({ status, code }: Problem): number {
  if (status >= 400 && status <= 599) return status;
  if (code === 'settings_invalid') return 400;
  if (code === 'code_missing' || code === 'code_ignored') return 409;
  if (code === 'state_folder_unusable' || code === 'vault_unreadable') return 503;
  return isErrorCode(code) && errorEntry(code).retryable ? 502 : 500;
}
