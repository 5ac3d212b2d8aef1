import * as z from 'zod';
import { bindingSchema, codeSchema } from './codes.ts';
import { timeSchema } from './common.ts';
import { deviceStatusSchema } from './devices.ts';

/** What a device has to know of this cloud before it can ask it anything. */
export const enrolmentSchema = z
  .object({
    /** Origin that links and snippets name, without a slash at its end. */
    public_url: z.string(),
    /** SPKI pins (`sha256/…`); none when a public authority stands behind the certificate. */
    pins: z.array(z.string()),
    /** Whether the certificate is by the CA that this cloud made for itself (`GET /ca.pem`). */
    development_ca: z.boolean(),
  })
  .meta({ id: 'Enrolment' });

/** The last registration with a code that was refused, and what the device said of itself. */
export const codeAttemptSchema = z
  .object({
    at: timeSchema,
    /** Code of the catalogue. */
    reason: z.string(),
    address: z.string(),
    mac_address: z.string().nullable(),
    serial_number: z.string().nullable(),
    board_model: z.string().nullable(),
  })
  .meta({ id: 'CodeAttempt' });

/** How far a code has come: made, redeemed, its device connected. */
export const onboardingSchema = z
  .object({
    /** The cloud's time of this answer: expiries are judged by it, not by the clock of whoever reads. */
    at: timeSchema,
    code: codeSchema,
    last_attempt: codeAttemptSchema.nullable(),
    /** The device that redeemed it; null before, and once it is deleted. */
    device: z
      .object({
        device_id: z.string(),
        name: z.string().nullable(),
        hostname: z.string().nullable(),
        board_model: z.string().nullable(),
        status: deviceStatusSchema,
        /** When the key that this code gave was first used; null until then. */
        first_connected_at: timeSchema.nullable(),
        last_close_reason: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Onboarding' });

export const updateCodeRequestSchema = z
  .object({
    /** In place of the whole binding; null: any hardware may use the code. */
    bind: bindingSchema.nullable(),
  })
  .strict()
  .meta({ id: 'UpdateCodeRequest' });

export type Enrolment = z.infer<typeof enrolmentSchema>;
export type Onboarding = z.infer<typeof onboardingSchema>;
export type UpdateCodeRequest = z.infer<typeof updateCodeRequestSchema>;
