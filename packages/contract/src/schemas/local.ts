import * as z from 'zod';
import { provisioningLinkLengthMax } from '../formats/link.ts';
import { timeSchema } from './common.ts';

/** The device's own API on loopback. Source: the wire contract, section 4. */

export const agentStatusSchema = z.enum([
  'disabled',
  'unprovisioned',
  'provisioning',
  'connecting',
  'online',
  'offline',
  'rejected',
]);

export const lastErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  next_step: z.string(),
  at: timeSchema,
});

export const saasStatusSchema = z.object({
  connected: z.boolean(),
  device_id: z.string().nullable(),
  status: agentStatusSchema,
  /** The last pong; null before one. */
  last_heartbeat: timeSchema.nullable(),
  phase: z.string(),
  cloud_url: z.string().nullable(),
  key_expires_at: timeSchema.nullable(),
  uptime_seconds: z.number().int(),
  /** The device's clock minus the cloud's, to within the delay of the network; null while the cloud's is not known. */
  clock_skew_seconds: z.number().int().nullable(),
  last_error: lastErrorSchema.nullable(),
});

export const localProvisionRequestSchema = z.object({
  /** Or the link that holds it. */
  provisioning_code: z.string().trim().min(1).max(provisioningLinkLengthMax),
  force: z.boolean().default(false),
});

export const saasConfigSchema = z.object({
  enabled: z.boolean(),
  server_url: z.string(),
  device_id: z.string(),
  /** First eight and last four characters. */
  api_key: z.string(),
  enable_tls: z.boolean(),
  is_provisioned: z.boolean(),
  is_connected: z.boolean(),
});

export const saasConfigUpdateSchema = z.object({
  enabled: z.boolean().optional(),
  server_url: z.string().max(1024).optional(),
  device_id: z.string().max(256).optional(),
  /** A masked key is ignored. */
  api_key: z.string().max(512).optional(),
  enable_tls: z.boolean().optional(),
});

export const diagnosisSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      result: z.enum(['ok', 'warn', 'fail']),
      detail: z.string(),
      next_step: z.string().nullable(),
      code: z.string().nullable(),
    }),
  ),
});

export type AgentStatus = z.infer<typeof agentStatusSchema>;
export type LastError = z.infer<typeof lastErrorSchema>;
export type SaasStatus = z.infer<typeof saasStatusSchema>;
export type SaasConfig = z.infer<typeof saasConfigSchema>;
export type SaasConfigUpdate = z.infer<typeof saasConfigUpdateSchema>;
export type Diagnosis = z.infer<typeof diagnosisSchema>;
