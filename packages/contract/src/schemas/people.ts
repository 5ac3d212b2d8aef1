import * as z from 'zod';
import { emailLengthMax, passwordLengthMax, passwordLengthMin, tokenTtlDaysMax } from '../limits.ts';
import { label, timeSchema } from './common.ts';

/** Each role may do what those before it may. */
export const roleSchema = z.enum(['viewer', 'operator', 'admin', 'owner']);

/** Of one spelling: addresses that differ in capitals alone are one person's. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(emailLengthMax)
  .pipe(z.email('must be an e-mail address such as ada@example.org'));

const lengths = `must have ${String(passwordLengthMin)} to ${String(passwordLengthMax)} characters`;
/** A password that is set: its length counts, what it is made of does not (NIST SP 800-63B). */
export const newPasswordSchema = z.string().min(passwordLengthMin, lengths).max(passwordLengthMax, lengths);
/** A password that is compared: only its length is bounded, since it is hashed. */
const typedPasswordSchema = z.string().min(1).max(1024);

/** What a link carries behind its `#`. */
const linkSecretSchema = z.string().min(1).max(256);
const id = z.string().max(64);

export const setupSchema = z
  .object({ state: z.enum(['owner_missing', 'complete']) })
  .meta({ id: 'Setup', description: 'Whether this cloud has an owner' });

export const completeSetupRequestSchema = z
  .object({
    secret: linkSecretSchema,
    name: label(128),
    email: emailSchema,
    password: newPasswordSchema,
    organization_name: label(128).optional(),
  })
  .strict()
  .meta({ id: 'CompleteSetupRequest' });

export const signInRequestSchema = z
  .object({ email: z.string().trim().toLowerCase().max(emailLengthMax), password: typedPasswordSchema })
  .strict()
  .meta({ id: 'SignInRequest' });

export const secondFactorRequestSchema = z
  .object({
    challenge: z.string().min(1).max(512),
    /** What the authenticator shows. */
    code: z.string().max(16).optional(),
    recovery_code: z.string().max(32).optional(),
  })
  .strict()
  .refine((body) => (body.code === undefined) !== (body.recovery_code === undefined), {
    path: ['code'],
    message: 'give either code or recovery_code',
  })
  .meta({ id: 'SecondFactorRequest' });

export const secretRequestSchema = z
  .object({ secret: linkSecretSchema })
  .strict()
  .meta({ id: 'SecretRequest' });

export const twoFactorRequiredSchema = z
  .object({
    two_factor_required: z.literal(true),
    /** Sent back with the code. */
    challenge: z.string(),
    expires_at: timeSchema,
  })
  .meta({ id: 'TwoFactorRequired' });

const organizationReference = z.object({ id: z.string(), name: z.string() });

export const sessionSchema = z
  .object({
    principal: z.object({
      kind: z.enum(['user', 'token']),
      id: z.string(),
      name: z.string(),
      email: z.string().nullable(),
    }),
    role: roleSchema,
    organization: organizationReference,
    /** Those that the person may switch to. */
    organizations: z.array(organizationReference.extend({ role: roleSchema })),
    /** null for a token. */
    two_factor_enabled: z.boolean().nullable(),
    expires_at: timeSchema.nullable(),
  })
  .meta({ id: 'Session', description: 'Who calls, with which role, for which organization' });

export const updateSessionRequestSchema = z
  .object({ organization_id: id })
  .strict()
  .meta({ id: 'UpdateSessionRequest' });

export const accountSessionSchema = z
  .object({
    id: z.string(),
    /** Whether it is the one that asks. */
    current: z.boolean(),
    created_at: timeSchema,
    /** To within five minutes. */
    last_used_at: timeSchema,
    expires_at: timeSchema,
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
  })
  .meta({ id: 'AccountSession' });
export const listSessionsResponseSchema = z.object({ sessions: z.array(accountSessionSchema) });
export const endedSessionsSchema = z.object({ ended: z.number().int() });

export const updateAccountRequestSchema = z
  .object({ name: label(128) })
  .strict()
  .meta({ id: 'UpdateAccountRequest' });
export const changePasswordRequestSchema = z
  .object({ current_password: typedPasswordSchema, new_password: newPasswordSchema })
  .strict()
  .meta({ id: 'ChangePasswordRequest' });
export const passwordResetRequestSchema = z
  .object({ email: emailSchema })
  .strict()
  .meta({ id: 'PasswordResetRequest' });
export const passwordResetAnswerSchema = z
  .object({
    /** Whether this cloud can send e-mail. It says nothing of the address. */
    by_email: z.boolean(),
  })
  .meta({ id: 'PasswordResetAnswer' });
export const completePasswordResetRequestSchema = z
  .object({ secret: linkSecretSchema, new_password: newPasswordSchema })
  .strict()
  .meta({ id: 'CompletePasswordResetRequest' });

export const passwordRequestSchema = z
  .object({ password: typedPasswordSchema })
  .strict()
  .meta({ id: 'PasswordRequest' });
export const twoFactorEnrolmentSchema = z
  .object({
    /** `otpauth://…`, for a QR code. */
    uri: z.string(),
    /** The same for typing: base32. */
    secret: z.string(),
    recovery_codes: z.array(z.string()),
  })
  .meta({ id: 'TwoFactorEnrolment', description: 'Shown once; valid when a code has confirmed it' });
export const confirmTwoFactorRequestSchema = z
  .object({ code: z.string().max(16) })
  .strict()
  .meta({ id: 'ConfirmTwoFactorRequest' });
export const recoveryCodesSchema = z
  .object({ recovery_codes: z.array(z.string()) })
  .meta({ id: 'RecoveryCodes' });

export const memberSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleSchema,
    two_factor_enabled: z.boolean(),
    joined_at: timeSchema,
  })
  .meta({ id: 'Member' });
export const listMembersResponseSchema = z.object({ members: z.array(memberSchema) });
export const changeMemberRequestSchema = z
  .object({ role: roleSchema })
  .strict()
  .meta({ id: 'ChangeMemberRequest' });

export const invitationSchema = z
  .object({
    id: z.string(),
    email: z.string(),
    role: roleSchema,
    invited_by: z.string(),
    created_at: timeSchema,
    expires_at: timeSchema,
  })
  .meta({ id: 'Invitation' });
export const listInvitationsResponseSchema = z.object({ invitations: z.array(invitationSchema) });
export const createInvitationRequestSchema = z
  .object({ email: emailSchema, role: roleSchema })
  .strict()
  .meta({ id: 'CreateInvitationRequest' });
export const createdInvitationSchema = z
  .object({
    invitation: invitationSchema,
    /** Shown this once. */
    link: z.string(),
    /** Whether it is on its way by e-mail too. */
    by_email: z.boolean(),
  })
  .meta({ id: 'CreatedInvitation' });
export const shownInvitationSchema = z
  .object({
    organization: z.object({ name: z.string() }),
    email: z.string(),
    role: roleSchema,
    invited_by: z.string(),
    expires_at: timeSchema,
    /** Whether whoever is invited signs in instead of choosing a password. */
    account_exists: z.boolean(),
  })
  .meta({ id: 'ShownInvitation' });
export const acceptInvitationRequestSchema = z
  .object({ secret: linkSecretSchema, name: label(128), password: newPasswordSchema })
  .strict()
  .meta({ id: 'AcceptInvitationRequest' });

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: roleSchema,
    /** Who made it; null for those made by the command line. */
    created_by: z.string().nullable(),
    created_at: timeSchema,
    expires_at: timeSchema.nullable(),
    /** To within five minutes. */
    last_used_at: timeSchema.nullable(),
  })
  .meta({ id: 'Token' });
export const listTokensResponseSchema = z.object({ tokens: z.array(tokenSchema) });
export const createTokenRequestSchema = z
  .object({
    name: label(128),
    role: roleSchema,
    /** For ever when left out. */
    ttl_days: z.number().int().min(1).max(tokenTtlDaysMax).optional(),
  })
  .strict()
  .meta({ id: 'CreateTokenRequest' });
export const createdTokenSchema = z
  .object({
    /** Shown this once. */
    token: z.string(),
    details: tokenSchema,
  })
  .meta({ id: 'CreatedToken' });

export type Role = z.infer<typeof roleSchema>;
export type Session = z.infer<typeof sessionSchema>;
export type TwoFactorRequired = z.infer<typeof twoFactorRequiredSchema>;
export type AccountSession = z.infer<typeof accountSessionSchema>;
export type CompleteSetupRequest = z.infer<typeof completeSetupRequestSchema>;
export type SignInRequest = z.infer<typeof signInRequestSchema>;
export type SecondFactorRequest = z.infer<typeof secondFactorRequestSchema>;
export type ChangePasswordRequest = z.infer<typeof changePasswordRequestSchema>;
export type TwoFactorEnrolment = z.infer<typeof twoFactorEnrolmentSchema>;
export type Member = z.infer<typeof memberSchema>;
export type Invitation = z.infer<typeof invitationSchema>;
export type CreateInvitationRequest = z.infer<typeof createInvitationRequestSchema>;
export type CreatedInvitation = z.infer<typeof createdInvitationSchema>;
export type ShownInvitation = z.infer<typeof shownInvitationSchema>;
export type AcceptInvitationRequest = z.infer<typeof acceptInvitationRequestSchema>;
export type Token = z.infer<typeof tokenSchema>;
export type CreateTokenRequest = z.infer<typeof createTokenRequestSchema>;
export type CreatedToken = z.infer<typeof createdTokenSchema>;
