import * as z from 'zod';
import {
  alertEndpointsMax,
  alertKeyDaysMax,
  alertOfflineMinutesMax,
  alertTargetLengthMax,
} from '../limits.ts';
import { label, pageQuerySchema, pageShape, timeSchema } from './common.ts';

const offlineMinutes = z.number().int().min(1).max(alertOfflineMinutesMax);
const keyDays = z.number().int().min(1).max(alertKeyDaysMax);
const endpointIds = z.array(z.string().max(64)).max(alertEndpointsMax);

export const alertRuleSchema = z
  .object({
    id: z.string(),
    /** null: all devices whose group has no rule of its own. */
    group: z.string().nullable(),
    /** Tells of devices that have been offline for so long; null: does not. */
    offline_minutes: z.number().int().nullable(),
    /** Tells of keys that expire within so many days and that their device does not rotate; null: does not. */
    key_days: z.number().int().nullable(),
    /** Where it is delivered; null: everywhere. */
    endpoint_ids: z.array(z.string()).nullable(),
    created_at: timeSchema,
  })
  .meta({ id: 'AlertRule' });

export const createAlertRuleRequestSchema = z
  .object({
    group: label(64).nullable().default(null),
    offline_minutes: offlineMinutes.nullable().default(null),
    key_days: keyDays.nullable().default(null),
    endpoint_ids: endpointIds.nullable().default(null),
  })
  .strict()
  .refine((rule) => rule.offline_minutes !== null || rule.key_days !== null, 'must watch for something')
  .meta({ id: 'CreateAlertRuleRequest' });

/** Members left out stay as they are. */
export const updateAlertRuleRequestSchema = z
  .object({
    offline_minutes: offlineMinutes.nullable().optional(),
    key_days: keyDays.nullable().optional(),
    endpoint_ids: endpointIds.nullable().optional(),
  })
  .strict()
  .meta({ id: 'UpdateAlertRuleRequest' });

export const listAlertRulesResponseSchema = z.object({ rules: z.array(alertRuleSchema) });

export const alertEndpointSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['webhook', 'email']),
    name: z.string(),
    /** The URL of a webhook, or an e-mail address. */
    target: z.string(),
    created_at: timeSchema,
    /** Since when nothing is delivered any more; null: it is. */
    disabled_at: timeSchema.nullable(),
    disabled_reason: z.string().nullable(),
    /** Since when every delivery has failed; null: the last one was taken, or there was none. */
    failing_since: timeSchema.nullable(),
    last_error: z.string().nullable(),
    last_delivered_at: timeSchema.nullable(),
    /** Until when messages are signed with the secret before this one as well. */
    old_secret_until: timeSchema.nullable(),
  })
  .meta({ id: 'AlertEndpoint' });

/** The URL of a webhook, or an e-mail address. */
const target = z.string().trim().min(1).max(alertTargetLengthMax);

export const createAlertEndpointRequestSchema = z
  .object({ kind: z.enum(['webhook', 'email']), name: label(64), target })
  .strict()
  .meta({ id: 'CreateAlertEndpointRequest' });

export const updateAlertEndpointRequestSchema = z
  .object({
    name: label(64).optional(),
    /** Where to; of the same kind as before. */
    target: target.optional(),
    /** `true` switches on what was switched off, `false` switches it off. */
    enabled: z.boolean().optional(),
  })
  .strict()
  .meta({ id: 'UpdateAlertEndpointRequest' });

export const listAlertEndpointsResponseSchema = z.object({
  endpoints: z.array(alertEndpointSchema),
  /** Whether this cloud sends e-mail at all. */
  can_send_email: z.boolean(),
});

export const alertEndpointMadeSchema = z.object({
  endpoint: alertEndpointSchema,
  /** What messages are signed with (Standard Webhooks), shown this once; null for e-mail. */
  secret: z.string().nullable(),
});

export const alertIncidentSchema = z
  .object({
    id: z.string(),
    rule_id: z.string(),
    group: z.string().nullable(),
    condition: z.enum(['offline', 'key_expiring']),
    state: z.enum(['open', 'resolved']),
    opened_at: timeSchema,
    resolved_at: timeSchema.nullable(),
    /** Devices that it has been about, and those that it is about now. */
    devices_joined: z.number().int(),
    devices_now: z.number().int(),
    /** Messages that were sent about it, to each endpoint. */
    messages: z.number().int(),
  })
  .meta({ id: 'AlertIncident' });

export const listAlertIncidentsQuerySchema = pageQuerySchema.extend({
  state: z.enum(['open', 'resolved']).optional(),
});
export const listAlertIncidentsResponseSchema = z.object({
  incidents: z.array(alertIncidentSchema),
  ...pageShape,
});

export const alertMessageKinds = ['opened', 'grown', 'resolved', 'test'] as const;

export const alertDeliverySchema = z
  .object({
    /** What a webhook gets as `webhook-id`, the same with every attempt. */
    id: z.string(),
    endpoint_id: z.string(),
    incident_id: z.string().nullable(),
    kind: z.enum(alertMessageKinds),
    state: z.enum(['waiting', 'delivered', 'failed']),
    attempts: z.number().int(),
    created_at: timeSchema,
    /** When it is tried next; null: not any more. */
    next_at: timeSchema.nullable(),
    finished_at: timeSchema.nullable(),
    last_error: z.string().nullable(),
  })
  .meta({ id: 'AlertDelivery' });

export const listAlertDeliveriesQuerySchema = pageQuerySchema.extend({
  endpoint: z.string().max(64).optional(),
});
export const listAlertDeliveriesResponseSchema = z.object({
  deliveries: z.array(alertDeliverySchema),
  ...pageShape,
});

export type AlertRule = z.infer<typeof alertRuleSchema>;
export type CreateAlertRuleRequest = z.infer<typeof createAlertRuleRequestSchema>;
export type UpdateAlertRuleRequest = z.infer<typeof updateAlertRuleRequestSchema>;
export type AlertEndpoint = z.infer<typeof alertEndpointSchema>;
export type AlertEndpointMade = z.infer<typeof alertEndpointMadeSchema>;
export type CreateAlertEndpointRequest = z.infer<typeof createAlertEndpointRequestSchema>;
export type UpdateAlertEndpointRequest = z.infer<typeof updateAlertEndpointRequestSchema>;
export type AlertIncident = z.infer<typeof alertIncidentSchema>;
export type ListAlertIncidentsQuery = z.infer<typeof listAlertIncidentsQuerySchema>;
export type ListAlertIncidentsResponse = z.infer<typeof listAlertIncidentsResponseSchema>;
export type AlertMessageKind = (typeof alertMessageKinds)[number];
export type AlertDelivery = z.infer<typeof alertDeliverySchema>;
export type ListAlertDeliveriesQuery = z.infer<typeof listAlertDeliveriesQuerySchema>;
export type ListAlertDeliveriesResponse = z.infer<typeof listAlertDeliveriesResponseSchema>;
