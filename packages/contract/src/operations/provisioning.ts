import * as provision from '../schemas/provision.ts';
import type { Operation } from './operation.ts';

export const provisioningOperations = {
  provisionDevice: {
    method: 'POST',
    path: '/api/v1/devices/provision',
    summary: 'Redeem a provisioning code for a device id and an API key',
    access: 'public',
    body: provision.provisionRequestSchema,
    answers: { 201: provision.provisionResponseSchema },
    errors: [
      'code_unknown',
      'code_already_used',
      'code_revoked',
      'code_expired',
      'claim_completed',
      'claim_void',
      'device_revoked',
      'binding_mismatch',
      'target_unavailable',
      'device_limit_reached',
      'too_many_attempts',
      'unavailable',
    ],
  },
  readTime: {
    method: 'GET',
    path: '/api/v1/time',
    summary: 'The time of the cloud',
    access: 'public',
    answers: { 200: provision.timeResponseSchema },
    errors: [],
  },
} as const satisfies Record<string, Operation>;
