import type { Role } from '@edgeflow/contract';

/** People and what they belong to. Users, accounts, sessions, verifications and two_factors are written by better-auth. */
export interface PeopleTables {
  users: UserRow;
  accounts: AccountRow;
  sessions: SessionRow;
  verifications: VerificationRow;
  two_factors: TwoFactorRow;
  members: MemberRow;
  invitations: InvitationRow;
  access_links: AccessLinkRow;
}

export interface UserRow {
  id: string;
  name: string;
  /** Lower case; `former:` and the id where another account has it now. */
  email: string;
  /** 1: shown to be this person's, see features/people/proofs.ts. */
  email_verified: number;
  image: string | null;
  two_factor_enabled: number;
  /** SHA-256 of the authenticator's codes that were accepted lately, with spaces between: none is accepted twice. */
  used_code_hash: string | null;
  /** When the last of them was. */
  used_code_at_ms: number | null;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface AccountRow {
  id: string;
  user_id: string;
  account_id: string;
  /** `credential`: a password. */
  provider_id: string;
  access_token: string | null;
  refresh_token: string | null;
  id_token: string | null;
  access_token_expires_at_ms: number | null;
  refresh_token_expires_at_ms: number | null;
  scope: string | null;
  /** Argon2id, with its salt and parameters (PHC string). */
  password: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface SessionRow {
  id: string;
  user_id: string;
  /** SHA-256 of the token in the cookie, hexadecimal. */
  token_hash: string;
  /** null: not begun yet. Such a session is good for nothing. */
  organization_id: string | null;
  expires_at_ms: number;
  last_used_at_ms: number | null;
  ip_address: string | null;
  user_agent: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface VerificationRow {
  id: string;
  /** SHA-256, for they are secrets. */
  identifier: string;
  value: string;
  expires_at_ms: number;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface TwoFactorRow {
  id: string;
  user_id: string;
  /** Encrypted with a key derived from the server key. */
  secret: string;
  /** JSON, encrypted like the secret. */
  backup_codes: string;
  verified: number | null;
  failed_verification_count: number | null;
  locked_until_ms: number | null;
}

export interface MemberRow {
  organization_id: string;
  user_id: string;
  role: Role;
  created_at_ms: number;
}

export interface InvitationRow {
  id: string;
  organization_id: string;
  email: string;
  role: Role;
  /** SHA-256 of the secret in the link, hexadecimal. */
  secret_hash: string;
  /** The same of the link that went to the address itself, and to nobody else; null: none did. */
  mailed_hash: string | null;
  /** Id of whoever invited. */
  invited_by: string;
  created_at_ms: number;
  expires_at_ms: number;
  accepted_at_ms: number | null;
  revoked_at_ms: number | null;
}

/** A link that the command line prints: it works once. */
export interface AccessLinkRow {
  /** SHA-256 of the secret in the link, hexadecimal. */
  secret_hash: string;
  purpose: 'setup' | 'reset_owner' | 'sign_in';
  /** For `sign_in`. */
  user_id: string | null;
  created_at_ms: number;
  expires_at_ms: number;
  used_at_ms: number | null;
}
