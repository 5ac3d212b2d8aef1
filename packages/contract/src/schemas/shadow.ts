import * as z from 'zod';
import { jsonObjectSchema, timeSchema } from './common.ts';

const changeTimes = z.record(z.string(), timeSchema);

/** Every map is present even when empty, and metadata values are plain times: older devices fail on anything else. */
export const shadowSchema = z
  .object({
    device_id: z.string(),
    version: z.number().int(),
    desired: jsonObjectSchema,
    reported: jsonObjectSchema,
    /** Members of `desired` that `reported` does not equal. */
    delta: jsonObjectSchema,
    metadata: z.object({ desired: changeTimes, reported: changeTimes }),
    updated_at: timeSchema,
  })
  .meta({ id: 'Shadow' });

/** A merge: `null` deletes a key. A device writes `reported`, an operator `desired`. */
export const shadowUpdateSchema = z
  .object({
    desired: jsonObjectSchema.optional(),
    reported: jsonObjectSchema.optional(),
    /** The version this change was made from; a stale one is refused. */
    version: z.number().int().optional(),
  })
  .meta({ id: 'ShadowUpdate' });

export type Shadow = z.infer<typeof shadowSchema>;
export type ShadowUpdate = z.infer<typeof shadowUpdateSchema>;
