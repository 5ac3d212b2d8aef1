import type { z } from 'zod';
import type { FieldProblem } from '@edgeflow/contract';
import { scrubSecrets } from '../logging.ts';
import { ProblemError } from './problems.ts';

/** Most field problems that one answer names. */
const fieldProblemsMax = 20;
const fieldLengthMax = 200;

/**
 * Reads a body or a query with its schema.
 *
 * @throws ProblemError `request_malformed` that names every wrong field and repeats no value.
 */
export function readWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  part: 'body' | 'query',
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (value === undefined) {
    throw new ProblemError('request_malformed', {
      detail: 'The request has no body; send a JSON object with Content-Type: application/json',
      errors: [{ field: '', message: 'is required' }],
    });
  }
  throw new ProblemError('request_malformed', {
    detail: `The ${part} is not in the form expected`,
    errors: parsed.error.issues.slice(0, fieldProblemsMax).map(fieldProblem),
  });
}

/** Cut before it is searched, for a body may be one long name; and again, for what is masked may have grown. */
function shown(text: string): string {
  return scrubSecrets(text.slice(0, 2 * fieldLengthMax)).slice(0, fieldLengthMax);
}

/** Zod's messages name types and bounds, never values; names of members come from the client, so they are scrubbed. */
function fieldProblem(issue: z.core.$ZodIssue): FieldProblem {
  return {
    field: shown(issue.path.map(String).join('.')),
    message: shown(issue.message),
  };
}
