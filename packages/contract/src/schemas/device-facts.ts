import * as z from 'zod';
import { deviceNotesMax, pageLimitDefault, pageLimitMax } from '../limits.ts';
import { jsonObjectSchema, label, timeSchema } from './common.ts';

/** Where and what a device is, in people's words. */
export const deviceNotesSchema = z
  .object({
    device_id: z.string(),
    notes: z.string().nullable(),
    location: z.string().nullable(),
    /** Degrees, WGS 84; both or neither. */
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    /** null: nothing has been noted yet. */
    updated_at: timeSchema.nullable(),
  })
  .meta({ id: 'DeviceNotes' });

/** Several lines; no other control characters than tabs and line ends. */
const textSchema = z
  .string()
  .trim()
  .max(deviceNotesMax)
  .refine((text) => !/[^\P{Cc}\t\n\r]/u.test(text), 'must not contain control characters');

/** Members left out stay as they are; null deletes. */
export const updateDeviceNotesRequestSchema = z
  .object({
    notes: textSchema.nullable().optional(),
    location: label(256).nullable().optional(),
    latitude: z.number().min(-90).max(90).nullable().optional(),
    longitude: z.number().min(-180).max(180).nullable().optional(),
  })
  .strict()
  .refine(
    ({ latitude, longitude }) =>
      (latitude === undefined) === (longitude === undefined) && (latitude === null) === (longitude === null),
    { message: 'latitude and longitude come together', path: ['longitude'] },
  )
  .meta({ id: 'UpdateDeviceNotesRequest' });

/** What is read backwards in time, without its number. */
const historyQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault),
  cursor: z.string().max(200).optional(),
});

export const listConnectionsQuerySchema = historyQuerySchema;
export const deviceConnectionSchema = z.object({
  began_at: timeSchema,
  /** null while it is open. */
  ended_at: timeSchema.nullable(),
  address: z.string().nullable(),
  /** null while it is open, and where the next connection is all that tells of the end. */
  close_reason: z.string().nullable(),
});
export const listConnectionsResponseSchema = z
  .object({
    connections: z.array(deviceConnectionSchema),
    /** Leads to the earlier ones; null at the first that is kept. */
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'DeviceConnections' });

export const readTimelineQuerySchema = historyQuerySchema;
export const timelineEntrySchema = z.object({
  id: z.string(),
  at: timeSchema,
  /** An action of the audit log, `device.online` or `device.offline`. */
  type: z.string(),
  actor: z.object({ kind: z.enum(['operator', 'device', 'system', 'anonymous']), id: z.string() }),
  address: z.string().nullable(),
  outcome: z.enum(['success', 'failure']),
  /** An error code of the catalogue when the outcome is a failure. */
  reason: z.string().nullable(),
  detail: jsonObjectSchema,
});
export const readTimelineResponseSchema = z
  .object({ entries: z.array(timelineEntrySchema), next_cursor: z.string().nullable() })
  .meta({ id: 'DeviceTimeline' });

export type DeviceNotes = z.infer<typeof deviceNotesSchema>;
export type UpdateDeviceNotesRequest = z.infer<typeof updateDeviceNotesRequestSchema>;
export type HistoryQuery = z.infer<typeof historyQuerySchema>;
export type DeviceConnection = z.infer<typeof deviceConnectionSchema>;
export type ListConnectionsResponse = z.infer<typeof listConnectionsResponseSchema>;
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;
export type ReadTimelineResponse = z.infer<typeof readTimelineResponseSchema>;
