import * as z from 'zod';
import { countedPageShape, jsonObjectSchema, pageQuerySchema, timeSchema } from './common.ts';

/** Who or what, did what, to what, from where, with what outcome. */
export const auditEntrySchema = z
  .object({
    id: z.string(),
    at: timeSchema,
    /** `name` is what an operator was called when they acted, and a device is now; null where it has no name, or is gone. */
    actor: z.object({
      kind: z.enum(['operator', 'device', 'system', 'anonymous']),
      id: z.string(),
      name: z.string().nullable(),
    }),
    action: z.string(),
    object: z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() }).nullable(),
    address: z.string().nullable(),
    outcome: z.enum(['success', 'failure']),
    /** An error code of the catalogue when the outcome is a failure. */
    reason: z.string().nullable(),
    request_id: z.string().nullable(),
    detail: jsonObjectSchema,
  })
  .meta({ id: 'AuditEntry' });

/** What the log is filtered by, as a list and as a file. */
export const exportAuditQuerySchema = z.object({
  actor: z.string().max(128).optional(),
  action: z.string().max(64).optional(),
  object: z.string().max(128).optional(),
  outcome: z.enum(['success', 'failure']).optional(),
  since: timeSchema.optional(),
  until: timeSchema.optional(),
});
export const listAuditQuerySchema = pageQuerySchema.extend(exportAuditQuerySchema.shape);
export const listAuditResponseSchema = z.object({ entries: z.array(auditEntrySchema), ...countedPageShape });

export const eventTypes = [
  'code.created',
  'code.revoked',
  'code.updated',
  'code.failed_attempt',
  'batch.changed',
  'device.provisioned',
  'device.created',
  'device.updated',
  'device.online',
  'device.offline',
  'device.clone_suspected',
  'device.quarantined',
  'device.revoked',
  'device.restored',
  'device.deleted',
  'device.key_offered',
  'device.key_rotated',
  'device.key_extended',
  'device.cannot_rotate',
  'device.refused',
  'shadow.updated',
  'guessing.alarm',
  'guessing.calm',
  'alert.opened',
  'alert.grown',
  'alert.resolved',
  'alert.endpoint_disabled',
] as const;
export const eventTypeSchema = z.enum(eventTypes);

/** One server-sent event: `id:` is the sequence, `event:` the type, `data:` this document. */
export const eventSchema = z
  .object({ type: eventTypeSchema, at: timeSchema, object: z.string(), data: jsonObjectSchema })
  .meta({ id: 'Event' });

export const healthSchema = z.object({
  status: z.enum(['ok', 'starting', 'stopping', 'failing']),
  checks: z.record(z.string(), z.enum(['ok', 'failing'])).optional(),
});

export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type ListAuditQuery = z.infer<typeof listAuditQuerySchema>;
export type ExportAuditQuery = z.infer<typeof exportAuditQuerySchema>;
export type EventType = z.infer<typeof eventTypeSchema>;
export type CloudEvent = z.infer<typeof eventSchema>;
