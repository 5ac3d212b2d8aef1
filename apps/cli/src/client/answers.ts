import { type Operation, problemMediaType, problemSchema } from '@edgeflow/contract';
import { exitCodes } from '../exit-codes.ts';
import { type CliFailure, localFailure, problemFailure } from '../failure.ts';
import type { HttpAnswer } from './http.ts';

/**
 * The document of an answer that the operation promises. It is checked here and nowhere else, and handed on as the
 * cloud sent it: members that a newer cloud added reach `--json` too.
 *
 * @throws CliFailure with the cloud's own problem, or because this is no answer of the cloud.
 */
export function readAnswer(operation: Operation, answer: HttpAnswer, origin: string): unknown {
  const expected = operation.answers[answer.status];
  if (expected === undefined) throw refusal(answer, origin);
  if (expected === null) return undefined;
  const document = parseJson(answer.body);
  if (typeof expected === 'string' || document === undefined || !expected.safeParse(document).success) {
    throw localFailure('answer_malformed', exitCodes.failed, {
      detail: `${origin} answered ${operation.method} ${operation.path} in another form than this program reads`,
      nextStep:
        'Use the version of this program that belongs to the cloud; GET /api/v1/openapi.json names it.',
    });
  }
  return document;
}

/** Why the cloud, or whatever stands in its place, refused. */
export function refusal(answer: HttpAnswer, origin: string): CliFailure {
  if (answer.mediaType === problemMediaType) {
    const problem = problemSchema.safeParse(parseJson(answer.body));
    if (problem.success) return problemFailure(problem.data, answer.retryAfterSeconds);
  }
  // A proxy in front of a cloud that restarts answers for it: that passes. Anything else will not.
  const passing = [502, 503, 504].includes(answer.status);
  return localFailure('not_the_cloud', passing ? exitCodes.unavailable : exitCodes.failed, {
    detail: `${origin} answered HTTP ${answer.status} with ${answer.mediaType === '' ? 'no media type' : answer.mediaType}`,
    nextStep: passing
      ? 'Try again in a few seconds; a proxy answers in the place of the cloud.'
      : 'Check EDGEFLOW_URL; a proxy or a captive portal may be answering in the place of the cloud.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
