import * as z from 'zod';
import {
  batchRowsMax,
  codeGroupsMax,
  codeGroupsMin,
  codeTtlSecondsMax,
  codeTtlSecondsMin,
} from '../limits.ts';
import { codeStatusSchema, macAddressSchema } from './codes.ts';
import { countedPageShape, jsonSchema, label, pageQuerySchema, tagsSchema, timeSchema } from './common.ts';
import { deviceStatusSchema } from './devices.ts';

/** One device of a batch. What is left out is not bound, or is what the whole batch has. */
export const batchRowSchema = z
  .object({
    name: label(128).optional(),
    serial_number: label(256).optional(),
    mac_address: macAddressSchema.optional(),
    tags: tagsSchema.default([]),
  })
  .strict();

/** Exactly one of `count`, `rows` and `csv` says which devices. */
export const createBatchRequestSchema = z
  .object({
    name: label(128).optional(),
    ttl_seconds: z.number().int().min(codeTtlSecondsMin).max(codeTtlSecondsMax).optional(),
    groups: z.number().int().min(codeGroupsMin).max(codeGroupsMax).optional(),
    group: label(64).optional(),
    /** Of every device of the batch, beside those of its row. */
    tags: tagsSchema.default([]),
    bind: z
      .object({ board_model: label(256).optional() })
      .strict()
      .optional(),
    count: z.number().int().min(1).max(batchRowsMax).optional(),
    /** With `count`: devices are called by this and their number, as `pump-0007`. */
    name_prefix: label(100).optional(),
    /** Read one by one: a row that is wrong does not make the rest unreadable, unless it is nested without end. */
    rows: z.array(jsonSchema).min(1).max(batchRowsMax).optional(),
    /** A table with a line of headings: name, serial, mac, tags (tags with `;`, `|` or spaces between them). */
    csv: z.string().min(1).optional(),
    /** Make the good rows although others are wrong. */
    only_good_rows: z.boolean().default(false),
  })
  .strict()
  .refine((body) => [body.count, body.rows, body.csv].filter((one) => one !== undefined).length === 1, {
    message: 'must have exactly one of count, rows and csv',
  })
  .refine((body) => body.name_prefix === undefined || body.count !== undefined, {
    path: ['name_prefix'],
    message: 'goes with count; rows have names of their own',
  })
  .meta({ id: 'CreateBatchRequest' });

/** What is wrong with a row, or with the whole table. */
export const batchRowProblemSchema = z
  .object({
    /** Line of the CSV, or number of the row, from 1. */
    line: z.number().int(),
    field: z.string(),
    message: z.string(),
  })
  .meta({ id: 'BatchRowProblem' });

/** What a batch would be made of. */
export const batchCheckSchema = z
  .object({
    rows_good: z.number().int(),
    rows_wrong: z.number().int(),
    /** The first ones; there may be more. */
    problems: z.array(batchRowProblemSchema),
    problems_total: z.number().int(),
    /** The first good rows as they were understood. */
    preview: z.array(
      z.object({
        line: z.number().int(),
        name: z.string().nullable(),
        serial_number: z.string().nullable(),
        mac_address: z.string().nullable(),
        tags: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'BatchCheck' });

export const batchStatusSchema = z.enum(['making', 'ready', 'replacing', 'revoked']);

const batchMembers = {
  id: z.string(),
  name: z.string().nullable(),
  /** `making` and `replacing` end by themselves, also after a restart of the cloud. */
  status: batchStatusSchema,
  created_at: timeSchema,
  created_by: z.string(),
  created_by_name: z.string().nullable(),
  expires_at: timeSchema,
  revoked_at: timeSchema.nullable(),
  group: z.string().nullable(),
  bind: z.object({ board_model: z.string().nullable() }),
  /** Grows by one with every *Replace unused*. */
  edition: z.number().int(),
  progress: z.object({ done: z.number().int(), total: z.number().int() }),
  counts: z.object({
    rows: z.number().int(),
    /** Codes that could be used now. */
    active: z.number().int(),
    used: z.number().int(),
    expired: z.number().int(),
    revoked: z.number().int(),
  }),
  /** Whether the texts of its codes can be exported, until when, or why not any more. */
  texts: z.object({
    status: z.enum(['being_made', 'available', 'wiped']),
    until: timeSchema.nullable(),
    wiped_at: timeSchema.nullable(),
    wiped_reason: z.enum(['saved', 'expired', 'revoked']).nullable(),
  }),
};

export const batchSchema = z.object(batchMembers).meta({ id: 'Batch' });
export const batchDetailSchema = z
  .object({
    ...batchMembers,
    /** Devices of the batch that are online now, and that ever were. */
    devices: z.object({ online: z.number().int(), ever_online: z.number().int() }),
    failed_attempts: z.number().int(),
  })
  .meta({ id: 'BatchDetail' });

export const createBatchResponseSchema = z
  .object({
    ...batchMembers,
    /** Rows left out because they were wrong. */
    rows_skipped: z.number().int(),
  })
  .meta({ id: 'CreatedBatch' });

export const listBatchesQuerySchema = pageQuerySchema;
export const listBatchesResponseSchema = z.object({ batches: z.array(batchSchema), ...countedPageShape });

export const batchReportRowSchema = z
  .object({
    /** Number of the row, from 1. */
    row: z.number().int(),
    name: z.string().nullable(),
    serial_number: z.string().nullable(),
    mac_address: z.string().nullable(),
    tags: z.array(z.string()),
    /** Null while the row waits for its code. */
    code: z
      .object({
        id: z.string(),
        status: codeStatusSchema,
        expires_at: timeSchema,
        used_at: timeSchema.nullable(),
        used_from: z.string().nullable(),
        failed_attempts: z.number().int(),
        last_failed_at: timeSchema.nullable(),
        last_failed_reason: z.string().nullable(),
      })
      .nullable(),
    /** The device that used it; null before, and once it is deleted. */
    device: z.object({ id: z.string(), name: z.string().nullable(), status: deviceStatusSchema }).nullable(),
  })
  .meta({ id: 'BatchReportRow' });

export const listBatchRowsQuerySchema = z.object({
  limit: pageQuerySchema.shape.limit,
  offset: pageQuerySchema.shape.offset,
  /** Rows whose code is so, whose device is online, or on which an attempt failed. */
  show: z.enum(['active', 'used', 'expired', 'revoked', 'online', 'not_online', 'failed']).optional(),
});
export const listBatchRowsResponseSchema = z.object({
  rows: z.array(batchReportRowSchema),
  total: z.number().int(),
  limit: z.number().int(),
  offset: z.number().int(),
});

export const replaceUnusedRequestSchema = z
  .object({
    /** The edition that is to be replaced: a repeat of the request replaces nothing again. */
    edition: z.number().int().min(1),
  })
  .strict();

export const labelsQuerySchema = z.object({ page: z.enum(['a4', 'letter']).default('a4') });

export type BatchRow = z.infer<typeof batchRowSchema>;
export type BatchRowProblem = z.infer<typeof batchRowProblemSchema>;
export type BatchCheck = z.infer<typeof batchCheckSchema>;
export type CreateBatchRequest = z.infer<typeof createBatchRequestSchema>;
export type Batch = z.infer<typeof batchSchema>;
export type BatchDetail = z.infer<typeof batchDetailSchema>;
export type BatchReportRow = z.infer<typeof batchReportRowSchema>;
export type ListBatchesQuery = z.infer<typeof listBatchesQuerySchema>;
export type ListBatchRowsQuery = z.infer<typeof listBatchRowsQuerySchema>;
