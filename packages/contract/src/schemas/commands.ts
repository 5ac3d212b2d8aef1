import * as z from 'zod';
import { commandTimeoutMsDefault, commandTimeoutMsMax } from '../limits.ts';
import { jsonSchema, label } from './common.ts';

/** Actions only the service itself sends. */
export const reservedActions: readonly string[] = ['rotate_key'];

export const commandRequestSchema = z
  .object({
    action: label(64),
    payload: jsonSchema.optional(),
    timeout_ms: z.number().int().min(100).max(commandTimeoutMsMax).default(commandTimeoutMsDefault),
  })
  .strict()
  .meta({ id: 'CommandRequest' });

/** The device's own words, whatever its status. */
export const commandResponseSchema = z
  .object({
    id: z.string(),
    device_id: z.string(),
    action: z.string(),
    status: z.enum(['success', 'error']),
    data: jsonSchema.optional(),
    error: z.string().optional(),
    duration_ms: z.number(),
  })
  .meta({ id: 'CommandResponse' });

export type CommandRequest = z.infer<typeof commandRequestSchema>;
export type CommandResponse = z.infer<typeof commandResponseSchema>;
