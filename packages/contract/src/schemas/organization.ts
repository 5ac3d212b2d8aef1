import * as z from 'zod';
import { codeGroupsMax, codeGroupsMin, codeTtlSecondsMax, codeTtlSecondsMin } from '../limits.ts';
import { label } from './common.ts';

/**
 * What happens when two devices seem to use one identity. keep_newest: the one that connected last stays, the others
 * are sent away. quarantine: all are refused until an operator decides.
 */
export const clonePolicySchema = z.enum(['keep_newest', 'quarantine']);

export const organizationSchema = z
  .object({
    organization_id: z.string(),
    name: z.string(),
    clone_policy: clonePolicySchema,
    device_count: z.number().int(),
    /** null: no limit. */
    device_limit: z.number().int().nullable(),
    /** What a code gets that is made without saying; null: what the cloud is set to. */
    code_groups: z.number().int().nullable(),
    code_ttl_seconds: z.number().int().nullable(),
  })
  .meta({ id: 'Organization' });

export const updateOrganizationRequestSchema = z
  .object({
    name: label(128).optional(),
    clone_policy: clonePolicySchema.optional(),
    code_groups: z.number().int().min(codeGroupsMin).max(codeGroupsMax).nullable().optional(),
    code_ttl_seconds: z.number().int().min(codeTtlSecondsMin).max(codeTtlSecondsMax).nullable().optional(),
  })
  .strict()
  .meta({ id: 'UpdateOrganizationRequest' });

export type ClonePolicy = z.infer<typeof clonePolicySchema>;
export type Organization = z.infer<typeof organizationSchema>;
export type UpdateOrganizationRequest = z.infer<typeof updateOrganizationRequestSchema>;
