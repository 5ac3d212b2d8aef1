import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue, errorEntry, isErrorCode } from './errors.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];

/** Every code that the wire contract names together with a status. */
const statusesOfTheContract: Readonly<Record<string, number>> = {
  // Section 2, registration
  code_unknown: 401,
  claim_completed: 409,
  device_revoked: 403,
  claim_void: 409,
  code_already_used: 409,
  code_revoked: 410,
  code_expired: 410,
  binding_mismatch: 403,
  target_unavailable: 403,
  device_limit_reached: 403,
  request_malformed: 400,
  body_too_large: 413,
  media_type_unsupported: 415,
  too_many_attempts: 429,
  unavailable: 503,
  // Section 2, shadow
  key_rejected: 401,
  device_mismatch: 403,
  forbidden: 403,
  version_conflict: 409,
  // Section 4
  already_provisioned: 409,
  provisioning_in_progress: 409,
  host_rejected: 403,
  // Section 6
  code_not_revocable: 409,
  command_timeout: 504,
  device_offline: 409,
};

describe('the error catalogue', () => {
  it.each(Object.entries(statusesOfTheContract))(
    'answers %s with %i, as the wire contract says',
    (code, status) => {
      expect(errorCatalogue).toHaveProperty([code, 'status'], status);
    },
  );

  it.each(codes)('%s says what is wrong in a title, and what to do in sentences', (code) => {
    const { status, title, nextStep } = errorEntry(code);
    expect(status === 0 || (status >= 400 && status < 600)).toBe(true);
    // A title goes in front of a colon, in a table and on a device's console: it is no sentence.
    expect(title).toMatch(/^[A-Z].*[^.\s]$/);
    expect(nextStep).toMatch(/^[A-Z].*[^.\s]\.$/);
    expect(`${title} ${nextStep}`).not.toMatch(/\s{2}|undefined|TODO/);
  });

  it.each(codes)('%s is named so that programs and metrics can carry it', (code) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it('lets a client try again after 429 and 503 alone', () => {
    const travelling = codes.filter((code) => errorEntry(code).status !== 0);
    const retryable = travelling.filter((code) => errorEntry(code).retryable);
    expect(new Set(retryable.map((code) => errorEntry(code).status))).toEqual(new Set([429, 503]));
    const final = travelling.filter((code) => !errorEntry(code).retryable);
    expect(final.filter((code) => [429, 503].includes(errorEntry(code).status))).toEqual([]);
  });

  it('tells a code from any other text, inherited names among them', () => {
    for (const code of codes) expect(isErrorCode(code)).toBe(true);
    for (const text of ['', 'nonsense', 'toString', '__proto__', 'constructor'])
      expect(isErrorCode(text)).toBe(false);
  });
});
