import * as z from 'zod';
import { facetValuesMax } from '../limits.ts';
import { jsonObjectSchema, label, pageQuerySchema, pageShape, tagsSchema, timeSchema } from './common.ts';

export const deviceStatusSchema = z.enum([
  'never_connected',
  'online',
  'offline',
  'reconnecting',
  'quarantined',
  'revoked',
]);

export const deviceKeySchema = z.object({
  /** Public id of the credential; safe to show and log. */
  id: z.string(),
  created_at: timeSchema,
  expires_at: timeSchema,
  first_used_at: timeSchema.nullable(),
  /** When it took the place of an earlier key of the device; null for the first one, and before its first use. */
  last_rotated_at: timeSchema.nullable(),
  /** A successor has been offered or issued and has not authenticated yet. */
  rotation_pending: z.boolean(),
  /** null until the device has shown whether it can. */
  can_rotate: z.boolean().nullable(),
});

/** One of the devices that seem to share an identity, as its connections showed it. */
export const cloneEvidenceSchema = z.object({
  /** lives_overlap: two processes were alive at once. connections_alternate: two connections kept replacing each other. */
  rule: z.enum(['lives_overlap', 'connections_alternate']),
  connections: z.array(
    z.object({
      /** Fingerprint of the process, to compare with; null for devices that do not tell. */
      instance: z.string().nullable(),
      /** Fingerprint of the machine's start: two processes of one machine have the same. */
      boot_id: z.string().nullable(),
      address: z.string(),
      /** When its first and its newest connection were accepted. */
      first_at: timeSchema,
      last_at: timeSchema,
    }),
  ),
});

export const deviceSchema = z
  .object({
    device_id: z.string(),
    name: z.string().nullable(),
    status: deviceStatusSchema,
    /** Since when, where known. */
    status_since: timeSchema.nullable(),
    tags: z.array(z.string()),
    group: z.string().nullable(),
    created_at: timeSchema,
    /** How the identity came to be. */
    origin: z.enum(['code', 'operator']),
    code_id: z.string().nullable(),
    agent_version: z.string().nullable(),
    hardware_info: jsonObjectSchema,
    network_info: jsonObjectSchema,
    last_seen_at: timeSchema.nullable(),
    last_address: z.string().nullable(),
    last_close_reason: z.string().nullable(),
    /** Since when two devices seem to use this identity; null where nothing suggests it, or an operator has decided. */
    clone_suspected_at: timeSchema.nullable(),
    clone_evidence: cloneEvidenceSchema.nullable(),
    /** null when no credential of the device can authenticate any more. */
    key: deviceKeySchema.nullable(),
  })
  .meta({ id: 'Device' });

export const createDeviceRequestSchema = z
  .object({ name: label(128).optional(), tags: tagsSchema.default([]), group: label(64).optional() })
  .strict()
  .prefault({})
  .meta({ id: 'CreateDeviceRequest' });

export const updateDeviceRequestSchema = z
  .object({
    name: label(128).nullable().optional(),
    tags: tagsSchema.optional(),
    group: label(64).nullable().optional(),
  })
  .strict()
  .meta({ id: 'UpdateDeviceRequest' });

/** What devices can be narrowed down by. */
export const deviceFilterShape = {
  status: deviceStatusSchema.optional(),
  /** Searches id, name, host name, addresses, board and serial number. */
  q: z.string().trim().max(128).optional(),
  tag: z.string().max(64).optional(),
  group: z.string().max(64).optional(),
  /** Exactly this `board_model`. */
  board: z.string().max(128).optional(),
  /** Exactly this `agent_version`. */
  version: z.string().max(128).optional(),
  /** `true`: only devices whose key expires within 60 days and who have not shown that they can rotate it. */
  needs_key: z.enum(['true']).optional(),
  /** `suspected`: only devices whose identity two devices seem to use. */
  clones: z.enum(['suspected']).optional(),
} as const;
export const deviceSortSchema = z.enum(['created', 'name', 'last_seen']);
export const sortOrderSchema = z.enum(['asc', 'desc']);

export const listDevicesQuerySchema = pageQuerySchema.extend({
  ...deviceFilterShape,
  sort: deviceSortSchema.default('created'),
  /** Left out: the newest and the ones seen last first, names from A. A cursor is good for one `sort`. */
  order: sortOrderSchema.optional(),
});
export const exportDevicesQuerySchema = z.object(deviceFilterShape);
export const listDevicesResponseSchema = z.object({ devices: z.array(deviceSchema), ...pageShape });

const facetValueSchema = z.object({ value: z.string(), count: z.number().int() });
const facetSchema = z.array(facetValueSchema).max(facetValuesMax);

/** The values that the devices of an organization have, those of most devices first. */
export const deviceFacetsSchema = z
  .object({
    statuses: facetSchema,
    groups: facetSchema,
    tags: facetSchema,
    boards: facetSchema,
    versions: facetSchema,
    /** There are more values of some kind than are listed. */
    truncated: z.boolean(),
  })
  .meta({ id: 'DeviceFacets' });

export const devicePresenceSchema = z
  .object({
    device_id: z.string(),
    status: deviceStatusSchema,
    connected: z.boolean(),
    status_since: timeSchema.nullable(),
    last_seen_at: timeSchema.nullable(),
    last_address: z.string().nullable(),
    last_close_reason: z.string().nullable(),
    key_expires_at: timeSchema.nullable(),
  })
  .meta({ id: 'DevicePresence' });

export const rotateKeyRequestSchema = z
  .object({ mode: z.enum(['tunnel', 'replace']).default('tunnel') })
  .strict()
  .prefault({});
export const rotateKeyOfferedSchema = z.object({
  device_id: z.string(),
  status: z.literal('offered'),
  /** false: it will be offered when the device connects; the key is made then. */
  delivered: z.boolean(),
  key_id: z.string().nullable(),
  expires_at: timeSchema.nullable(),
});
export const extendKeyRequestSchema = z.object({ days: z.number().int().min(1).max(3650) }).strict();
export const extendKeyResponseSchema = z.object({ device_id: z.string(), expires_at: timeSchema });

export type RotateKeyRequest = z.infer<typeof rotateKeyRequestSchema>;
export type RotateKeyOffered = z.infer<typeof rotateKeyOfferedSchema>;
export type DeviceFilter = z.infer<z.ZodObject<typeof deviceFilterShape>>;
export type DeviceSort = z.infer<typeof deviceSortSchema>;
export type SortOrder = z.infer<typeof sortOrderSchema>;
export type FacetValue = z.infer<typeof facetValueSchema>;
export type DeviceFacets = z.infer<typeof deviceFacetsSchema>;
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;
export type DeviceKey = z.infer<typeof deviceKeySchema>;
export type CloneEvidence = z.infer<typeof cloneEvidenceSchema>;
export type Device = z.infer<typeof deviceSchema>;
export type DevicePresence = z.infer<typeof devicePresenceSchema>;
export type CreateDeviceRequest = z.infer<typeof createDeviceRequestSchema>;
export type UpdateDeviceRequest = z.infer<typeof updateDeviceRequestSchema>;
export type ListDevicesQuery = z.infer<typeof listDevicesQuerySchema>;
export type ListDevicesResponse = z.infer<typeof listDevicesResponseSchema>;
