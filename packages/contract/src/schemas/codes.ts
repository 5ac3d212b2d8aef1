import * as z from 'zod';
import {
  codeGroupsMax,
  codeGroupsMin,
  codesPerRequestMax,
  codeTtlSecondsMax,
  codeTtlSecondsMin,
} from '../limits.ts';
import { countedPageShape, label, pageQuerySchema, tagsSchema, timeSchema } from './common.ts';

/** `aa:bb:cc:dd:ee:ff`, read with dashes, dots or no separator too. */
export const macAddressSchema = z
  .string()
  .transform((value) => value.replaceAll(/[-:.]/g, '').toLowerCase())
  .refine((hex) => /^[0-9a-f]{12}$/.test(hex), 'must be a MAC address such as dc:a6:32:01:02:03')
  .transform((hex) => (hex.match(/../g) ?? []).join(':'));

/** Strict, like the body around it: a misspelt binding must not make a code that any hardware may use. */
export const bindingSchema = z
  .object({
    mac_address: macAddressSchema.optional(),
    serial_number: label(256).optional(),
    board_model: label(256).optional(),
  })
  .strict();

export const createCodesRequestSchema = z
  .object({
    name: label(128).optional(),
    ttl_seconds: z.number().int().min(codeTtlSecondsMin).max(codeTtlSecondsMax).optional(),
    count: z.number().int().min(1).max(codesPerRequestMax).default(1),
    groups: z.number().int().min(codeGroupsMin).max(codeGroupsMax).optional(),
    device_name: label(128).optional(),
    tags: tagsSchema.default([]),
    group: label(64).optional(),
    bind: bindingSchema.optional(),
    /** Re-provision this device: same id, new key. */
    device_id: z.string().max(256).optional(),
  })
  .strict()
  .refine((body) => body.device_id === undefined || body.count === 1, {
    path: ['count'],
    message: 'must be 1 together with device_id: one device takes one new key',
  })
  .prefault({})
  .meta({ id: 'CreateCodesRequest' });

export const codeStatusSchema = z.enum(['active', 'used', 'expired', 'revoked']);

const codeMembers = {
  id: z.string(),
  status: codeStatusSchema,
  name: z.string().nullable(),
  batch: z.string().nullable(),
  device_name: z.string().nullable(),
  tags: z.array(z.string()),
  group: z.string().nullable(),
  bind: z.object({
    mac_address: z.string().nullable(),
    serial_number: z.string().nullable(),
    board_model: z.string().nullable(),
  }),
  /** The device that this code re-provisions. */
  device_id: z.string().nullable(),
  created_at: timeSchema,
  /** Id of the person or token that made it. */
  created_by: z.string(),
  created_by_name: z.string().nullable(),
  expires_at: timeSchema,
  used_by: z.string().nullable(),
  /** Name of the device that used it; null without one. */
  used_by_name: z.string().nullable(),
  used_at: timeSchema.nullable(),
  used_from: z.string().nullable(),
  revoked_at: timeSchema.nullable(),
  failed_attempts: z.number().int(),
  last_failed_at: timeSchema.nullable(),
  last_failed_reason: z.string().nullable(),
};

export const codeSchema = z.object(codeMembers).meta({ id: 'ProvisioningCode' });
/** The code text appears only in the answer that made it. */
export const createdCodeSchema = z
  .object({ ...codeMembers, code: z.string() })
  .meta({ id: 'CreatedProvisioningCode' });
export const createCodesResponseSchema = z.object({ codes: z.array(createdCodeSchema) });

export const listCodesQuerySchema = pageQuerySchema.extend({
  status: codeStatusSchema.optional(),
  batch: z.string().max(64).optional(),
  /** Id of the person or token that made them. */
  created_by: z.string().max(128).optional(),
  /** Words, or beginnings of words, of the code's name and its device's; or the id of a code. */
  q: z.string().max(128).optional(),
});
export const listCodesResponseSchema = z.object({ codes: z.array(codeSchema), ...countedPageShape });

export type CreateCodesRequest = z.infer<typeof createCodesRequestSchema>;
export type CodeStatus = z.infer<typeof codeStatusSchema>;
export type Code = z.infer<typeof codeSchema>;
export type CreatedCode = z.infer<typeof createdCodeSchema>;
export type ListCodesQuery = z.infer<typeof listCodesQuerySchema>;
export type ListCodesResponse = z.infer<typeof listCodesResponseSchema>;
