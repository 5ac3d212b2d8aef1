import { entry } from './error-entry.ts';

/** Errors of changing what is on its way to a device. */
export const enrolmentErrors = {
  code_not_active: entry(
    409,
    'A provisioning code that is used, revoked or expired cannot be changed',
    'Make a new code under Devices → Add Device.',
  ),
} as const;
