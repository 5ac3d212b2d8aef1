/** better-auth's models under our names (migration 0005-people). */
export const authTables = {
  user: {
    modelName: 'users',
    fields: { emailVerified: 'email_verified', createdAt: 'created_at_ms', updatedAt: 'updated_at_ms' },
  },
  account: {
    modelName: 'accounts',
    fields: {
      ...{ userId: 'user_id', accountId: 'account_id', providerId: 'provider_id' },
      ...{ accessToken: 'access_token', refreshToken: 'refresh_token', idToken: 'id_token' },
      accessTokenExpiresAt: 'access_token_expires_at_ms',
      refreshTokenExpiresAt: 'refresh_token_expires_at_ms',
      ...{ createdAt: 'created_at_ms', updatedAt: 'updated_at_ms' },
    },
  },
  session: {
    modelName: 'sessions',
    fields: {
      ...{ userId: 'user_id', token: 'token_hash', expiresAt: 'expires_at_ms' },
      ...{ ipAddress: 'ip_address', userAgent: 'user_agent' },
      ...{ createdAt: 'created_at_ms', updatedAt: 'updated_at_ms' },
    },
  },
  verification: {
    modelName: 'verifications',
    fields: { expiresAt: 'expires_at_ms', createdAt: 'created_at_ms', updatedAt: 'updated_at_ms' },
  },
  twoFactorSchema: {
    user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
    twoFactor: {
      modelName: 'two_factors',
      fields: {
        ...{ userId: 'user_id', backupCodes: 'backup_codes', lockedUntil: 'locked_until_ms' },
        failedVerificationCount: 'failed_verification_count',
      },
    },
  },
} as const;
