import * as z from 'zod';
import { timeSchema } from './common.ts';
import { deviceStatusSchema } from './devices.ts';

/** How far back onboarding and failures are counted. */
export const overviewWindowSchema = z.enum(['24h', '7d', '30d']);

export const overviewQuerySchema = z.object({ window: overviewWindowSchema.default('24h') });

/** A number that is counted up to a bound: `more` says that there are more than `count`. */
const boundedCountSchema = z.object({ count: z.number().int(), more: z.boolean() });

const namedDevice = { device_id: z.string(), name: z.string().nullable() };

/** A cause for which registrations and connections were refused, of the error catalogue. */
export const failureCauseSchema = z
  .object({
    code: z.string(),
    title: z.string(),
    next_step: z.string(),
    /** Refusals written down: of each code the first hundred, of each device one an hour. */
    attempts: z.number().int(),
    /** Codes or devices that they were about. */
    objects: z.number().int(),
    last_at: timeSchema,
    last_address: z.string().nullable(),
    last_object: z.object({ kind: z.enum(['code', 'device']), id: z.string() }).nullable(),
  })
  .meta({ id: 'FailureCause' });

export const overviewSchema = z
  .object({
    /** When it was counted. */
    at: timeSchema,
    window: overviewWindowSchema,
    devices: z.object({
      total: z.number().int(),
      by_status: z.record(deviceStatusSchema, z.number().int()),
    }),
    /** Codes made in the window, how many of them were redeemed, and how many of those have used their key. */
    onboarding: z.object({
      codes_made: z.number().int(),
      redeemed: z.number().int(),
      online: z.number().int(),
    }),
    failures: z.array(failureCauseSchema),
    /** The counts of failures are of the newest alone: there were too many to count. */
    failures_more: z.boolean(),
    keys: z.object({
      /** Expired by now: their devices may only rotate them, and after 90 days not even that. */
      expired: boundedCountSchema,
      within_30_days: boundedCountSchema,
      /** Without those of the 30 days. */
      within_60_days: boundedCountSchema,
      /** Of all three: devices that have not shown that they can rotate their key. `needs_key=true` lists them. */
      needs_key: boundedCountSchema,
      soonest: z.array(
        z.object({ ...namedDevice, expires_at: timeSchema, can_rotate: z.boolean().nullable() }),
      ),
    }),
    /** Devices that declined a new key over the tunnel. */
    cannot_rotate: boundedCountSchema.extend({ devices: z.array(z.object(namedDevice)) }),
    clones: boundedCountSchema.extend({
      devices: z.array(z.object({ ...namedDevice, suspected_at: timeSchema })),
    }),
    versions: z.object({
      /** Most devices first; null: they have not told. */
      top: z.array(z.object({ version: z.string().nullable(), devices: z.number().int() })),
      /** Devices of all other versions. */
      others: z.number().int(),
    }),
  })
  .meta({ id: 'Overview' });

export type OverviewWindow = z.infer<typeof overviewWindowSchema>;
export type FailureCause = z.infer<typeof failureCauseSchema>;
export type Overview = z.infer<typeof overviewSchema>;
export type OverviewQuery = z.infer<typeof overviewQuerySchema>;
