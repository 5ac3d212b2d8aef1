import { describe, expect, it } from 'vitest';
import type { CredentialRow, DeviceLifecycle, DeviceRow } from '../../storage/tables.ts';
import { judgeKey, keyAge, type KeyMatch } from './decide.ts';
import { dayMs } from './key-life.ts';

const expiresAtMs = 1_000 * dayMs;

interface Change {
  readonly state?: CredentialRow['state'];
  readonly lifecycle?: DeviceLifecycle;
  readonly readmitted?: string;
}

function match(change: Change = {}): KeyMatch {
  const credential: CredentialRow = {
    ...{ id: 'key_1', organization_id: 'org_1', device_id: 'dev_1', key_hash: 'h', origin: 'code' },
    ...{ state: change.state ?? 'active', created_at_ms: 0, expires_at_ms: expiresAtMs },
    ...{ rotate_after_ms: expiresAtMs, authenticated_at_ms: 1, ended_at_ms: null },
  };
  const device = {
    id: 'dev_1',
    organization_id: 'org_1',
    lifecycle: change.lifecycle ?? 'active',
    readmit_credential_id: change.readmitted ?? null,
  } as DeviceRow;
  return { credential, device };
}

/** `accepted`, with what is special about it, or the code of the refusal. */
function verdict(found: KeyMatch | undefined, id: string | undefined = 'dev_1', nowMs = 0): string {
  const judged = judgeKey(found, id, nowMs);
  if (judged.kind === 'refused') return judged.code;
  return ['accepted', judged.first ? 'first' : '', judged.restricted ? 'restricted' : '']
    .filter(Boolean)
    .join(' ');
}

describe('a key', () => {
  it('that is known and alive is accepted, with its id and without one', () => {
    expect(verdict(match())).toBe('accepted');
    expect(verdict(match(), undefined)).toBe('accepted');
  });

  it('that authenticates for the first time says so', () => {
    expect(verdict(match({ state: 'issued' }))).toBe('accepted first');
  });

  it('that is not known, has ended, or comes with another id is rejected alike', () => {
    expect(verdict(undefined)).toBe('key_rejected');
    expect(verdict(match({ state: 'ended' }))).toBe('key_rejected');
    expect(verdict(match(), 'dev_2')).toBe('key_rejected');
  });

  it.each<[DeviceLifecycle, string]>([
    ['revoked', 'device_revoked'],
    ['quarantined', 'device_quarantined'],
    ['deleted', 'device_deleted'],
  ])('of a device that is %s learns so, unless it has ended or comes with another id', (lifecycle, code) => {
    expect(verdict(match({ lifecycle }))).toBe(code);
    expect(verdict(match({ lifecycle, state: 'issued' }))).toBe(code);
    expect(verdict(match({ lifecycle }), 'dev_2')).toBe('key_rejected');
    expect(verdict(match({ lifecycle, state: 'ended' }))).toBe('key_rejected');
  });

  it('that was given out since the quarantine of its device is the way out of it, and out of nothing else', () => {
    const readmitted = 'key_1';
    expect(verdict(match({ lifecycle: 'quarantined', state: 'issued', readmitted }))).toBe('accepted first');
    expect(verdict(match({ lifecycle: 'quarantined', readmitted: 'key_2' }))).toBe('device_quarantined');
    expect(verdict(match({ lifecycle: 'revoked', state: 'issued', readmitted }))).toBe('device_revoked');
  });

  it('is restricted from the moment of its expiry, for ninety days, and then rejected', () => {
    expect(verdict(match(), 'dev_1', expiresAtMs - 1)).toBe('accepted');
    expect(verdict(match(), 'dev_1', expiresAtMs)).toBe('accepted restricted');
    expect(verdict(match(), 'dev_1', expiresAtMs + 90 * dayMs - 1)).toBe('accepted restricted');
    expect(verdict(match(), 'dev_1', expiresAtMs + 90 * dayMs)).toBe('key_rejected');
  });

  it('has the age that it is judged by', () => {
    expect(keyAge(expiresAtMs, expiresAtMs - 1)).toBe('valid');
    expect(keyAge(expiresAtMs, expiresAtMs)).toBe('expired');
    expect(keyAge(expiresAtMs, expiresAtMs + 90 * dayMs)).toBe('dead');
  });
});
