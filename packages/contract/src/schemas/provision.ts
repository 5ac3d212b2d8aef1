import * as z from 'zod';
import { idempotencyKeyLengthMax, idempotencyKeyLengthMin } from '../limits.ts';
import { boundedProblem, timeSchema } from './common.ts';

const text = z.string().max(1024).nullish();
const count = z.number().nonnegative().nullish();

/** Open: unknown keys are kept; every known key is optional. */
export const hardwareInfoSchema = z
  .looseObject({
    board_model: text,
    cpu_cores: count,
    /** Total RAM in units of 1024 KiB. */
    ram_mb: count,
    /** Go's GOOS: `linux`. */
    os: text,
    /** Go's GOARCH: `arm64`, `amd64`, `arm`. */
    arch: text,
    /** Kernel release; devices in the field may send it empty. */
    kernel: text,
    serial_number: text,
    agent_version: text,
  })
  .superRefine(bounded);

export const networkInfoSchema = z
  .looseObject({
    hostname: text,
    ip_address: text,
    /** May be anything; the cloud compares it only when a code is bound to one. */
    mac_address: text,
    connection_type: text,
  })
  .superRefine(bounded);

export const provisionRequestSchema = z
  .object({
    /** Any text: what is no code is answered like an unknown one. */
    provisioning_code: z.string().max(1024),
    hardware_info: hardwareInfoSchema.default({}),
    network_info: networkInfoSchema.default({}),
  })
  .meta({ id: 'ProvisionRequest' });

export const provisionResponseSchema = z
  .object({
    device_id: z.string(),
    /** Shown this once. */
    api_key: z.string(),
    expires_at: timeSchema,
  })
  .meta({ id: 'ProvisionResponse' });

export const idempotencyKeySchema = z
  .string()
  .min(idempotencyKeyLengthMin)
  .max(idempotencyKeyLengthMax)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII');

export const timeResponseSchema = z.object({ time: timeSchema });

export type HardwareInfo = z.infer<typeof hardwareInfoSchema>;
export type NetworkInfo = z.infer<typeof networkInfoSchema>;
export type ProvisionRequest = z.infer<typeof provisionRequestSchema>;
export type ProvisionResponse = z.infer<typeof provisionResponseSchema>;

function bounded(value: object, context: z.RefinementCtx): void {
  const problem = boundedProblem(value, 1);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}
