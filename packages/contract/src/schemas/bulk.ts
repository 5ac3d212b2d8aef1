import * as z from 'zod';
import { bulkDevicesMax, bulkIdsMax } from '../limits.ts';
import { label, tagsSchema, timeSchema } from './common.ts';
import { deviceFilterShape } from './devices.ts';

const someTagsSchema = tagsSchema.min(1);

/** What is to be done with each of the devices. */
export const bulkChangeSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('add_tags'), tags: someTagsSchema }).strict(),
  z.object({ action: z.literal('remove_tags'), tags: someTagsSchema }).strict(),
  z.object({ action: z.literal('set_group'), group: label(64).nullable() }).strict(),
  z.object({ action: z.literal('rotate') }).strict(),
  z.object({ action: z.literal('revoke') }).strict(),
  z.object({ action: z.literal('delete') }).strict(),
]);

export const changeDevicesRequestSchema = z
  .object({
    change: bulkChangeSchema,
    /** These devices, or those that the filter lets through: one of the two. */
    device_ids: z.array(z.string().max(128)).min(1).max(bulkIdsMax).optional(),
    filter: z.object(deviceFilterShape).strict().optional(),
    /** How many devices the caller believes it concerns. When it is another number, nothing is done. */
    expected_count: z.number().int().min(1).max(bulkDevicesMax),
  })
  .strict()
  .refine(({ device_ids: ids, filter }) => (ids === undefined) !== (filter === undefined), {
    message: 'give device_ids or filter, one of the two',
    path: ['device_ids'],
  })
  .meta({ id: 'ChangeDevicesRequest' });

export const deviceBulkSchema = z
  .object({
    id: z.string(),
    action: z.enum(['add_tags', 'remove_tags', 'set_group', 'rotate', 'revoke', 'delete']),
    state: z.enum(['running', 'finished']),
    /** Devices that it concerns; `changed` and `skipped` together reach it. */
    total: z.number().int(),
    changed: z.number().int(),
    /** Devices left as they were, by reason: an error code of the catalogue, `unchanged` or `too_many_tags`. */
    skipped: z.record(z.string(), z.number().int()),
    created_at: timeSchema,
    finished_at: timeSchema.nullable(),
  })
  .meta({ id: 'DeviceBulk' });

export type BulkChange = z.infer<typeof bulkChangeSchema>;
export type ChangeDevicesRequest = z.infer<typeof changeDevicesRequestSchema>;
export type DeviceBulk = z.infer<typeof deviceBulkSchema>;
