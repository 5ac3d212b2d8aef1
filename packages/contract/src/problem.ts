import * as z from 'zod';
import { type ErrorCode, errorEntry } from './errors.ts';

export const fieldProblemSchema = z.object({
  /** JSON path in dots, e.g. `bind.mac_address`; empty for the whole body. */
  field: z.string(),
  message: z.string(),
});

/** RFC 9457, with this product's members. `error` repeats `title` for older devices, which print it. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    next_step: z.string(),
    request_id: z.string(),
    errors: z.array(fieldProblemSchema).optional(),
    error: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

export type Problem = z.infer<typeof problemSchema>;
export type FieldProblem = z.infer<typeof fieldProblemSchema>;

export const problemMediaType = 'application/problem+json';

/** Builds the document for a code. `detail` must hold no secret. */
export function problemFor(
  code: ErrorCode,
  requestId: string,
  detail?: string,
  errors?: readonly FieldProblem[],
): Problem {
  const entry = errorEntry(code);
  return {
    type: `urn:edgeflow:problem:${code}`,
    title: entry.title,
    status: entry.status,
    detail: detail ?? entry.title,
    code,
    retryable: entry.retryable,
    next_step: entry.nextStep,
    request_id: requestId,
    ...(errors === undefined ? {} : { errors: [...errors] }),
    error: entry.title,
  };
}
