import * as z from 'zod';
import {
  infoDepthMax,
  infoKeysMax,
  jsonDepthMax,
  pageLimitDefault,
  pageLimitMax,
  tagsMax,
} from '../limits.ts';

/** RFC 3339 in UTC. */
export const timeSchema = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Whether a value is nested within `depthMax` levels; it never recurses deeper than that. */
function isWithin(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depthMax === 0) return false;
  return Object.values(value).every((member) => isWithin(member, depthMax - 1));
}

const tooDeep = `is nested deeper than ${String(jsonDepthMax)}`;

/**
 * Any JSON value of bounded depth. What JSON.parse made is JSON by construction; only its depth is looked at, because
 * a body of ten thousand brackets would exhaust the stack of whoever writes it again. `unknown` and not `custom`,
 * which has no JSON Schema.
 */
export const jsonSchema = z
  .unknown()
  .refine((value) => isWithin(value, jsonDepthMax), tooDeep)
  .meta({ description: 'any JSON value' }) as z.ZodType<Json, Json>;

/** A short text a person wrote: trimmed, without control characters. */
export function label(lengthMax: number): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .min(1)
    .max(lengthMax)
    .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters');
}

export const tagsSchema = z.array(label(64)).max(tagsMax);

/** A JSON object of any members. Callers bound its bytes. */
export const jsonObjectSchema = z
  .unknown()
  .refine(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be a JSON object',
  )
  .refine((value) => isWithin(value, jsonDepthMax), tooDeep)
  .meta({ type: 'object', additionalProperties: true }) as z.ZodType<JsonObject, JsonObject>;

/**
 * Why a document is deeper or wider than the wire contract allows, or undefined. Arrays count as depth; how many
 * items they hold is bounded by the bytes of the body alone.
 *
 * @param depth of `value` itself; 1 for a whole document. It also bounds the recursion.
 */
export function boundedProblem(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > infoDepthMax) return `is nested deeper than ${String(infoDepthMax)}`;
  const members: unknown[] = Object.values(value);
  if (!Array.isArray(value) && members.length > infoKeysMax) {
    return `has more than ${String(infoKeysMax)} keys in one object`;
  }
  for (const member of members) {
    const problem = boundedProblem(member, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Query parameters of every list. Numbers arrive as text. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault),
  cursor: z.string().max(200).optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).optional(),
});

/** The members every list answer carries. */
export const pageShape = {
  total: z.number().int(),
  limit: z.number().int(),
  offset: z.number().int(),
  next_cursor: z.string().nullable(),
};

/** The same for lists that may grow to millions: `total` is counted up to {@link totalCountedMax} only. */
export const countedPageShape = {
  ...pageShape,
  /** Whether `total` is the whole number; else there are at least so many. */
  total_is_exact: z.boolean(),
};
