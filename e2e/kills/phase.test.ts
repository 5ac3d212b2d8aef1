import { describe, expect, it } from 'vitest';
import type { CodeFacts, Key } from './ledger.ts';
import { onboardingPhase, rotationPhase } from './phase.ts';

const unused: CodeFacts = {
  isUsed: false,
  deviceId: undefined,
  devices: 0,
  keys: [],
  isRotationWanted: false,
};
const issued: Key = { id: 'key_1', state: 'issued', origin: 'code' };
const active: Key = { ...issued, state: 'active' };
const used: CodeFacts = { ...unused, isUsed: true, deviceId: 'dev_1', devices: 1, keys: [issued] };

describe('what a killed device and the registry hold', () => {
  it.each([
    ['nothing on disk', false, false, unused],
    ['claim secret on disk', true, false, unused],
    ['code redeemed, not stored', true, false, used],
    ['stored, not online', true, true, used],
    ['online, claim not forgotten', true, true, { ...used, keys: [active] }],
    ['online', false, true, { ...used, keys: [active] }],
  ] as const)('is a phase of the onboarding: %s', (phase, hasClaim, hasIdentity, code) => {
    expect(onboardingPhase({ hasClaim, hasIdentity }, code)).toBe(phase);
  });

  it.each([
    ['a code that was redeemed by nobody who could ask again', false, false, used],
    ['a key that was used and is on no disk', true, false, { ...used, keys: [active] }],
    ['an identity that no code made', true, true, unused],
    ['a claim that was forgotten before its key was used', false, true, used],
  ] as const)('is a violation: %s', (_what, hasClaim, hasIdentity, code) => {
    expect(onboardingPhase({ hasClaim, hasIdentity }, code)).toBeUndefined();
  });

  it('is a phase of a rotation, or a device without a key that works', () => {
    const before = { bytes: 700, digest: 'a' };
    const withNext = { bytes: 800, digest: 'b' };
    const after = { bytes: 700, digest: 'c' };
    const next: Key = { id: 'key_2', state: 'issued', origin: 'rotation' };
    const old = { ...used, keys: [active] };
    const offered = { ...used, keys: [active, next], isRotationWanted: true };
    const turned = { ...used, keys: [{ ...next, state: 'active' as const }] };
    expect(rotationPhase('key_1', old, before, before)).toBe('not asked for yet');
    expect(rotationPhase('key_1', { ...old, isRotationWanted: true }, before, before)).toBe(
      'asked for, no offer committed',
    );
    expect(rotationPhase('key_1', offered, before, before)).toBe('offer committed, next key not on disk');
    expect(rotationPhase('key_1', offered, before, withNext)).toBe('next key on disk, not used');
    expect(rotationPhase('key_1', turned, before, withNext)).toBe('next key used, vault not rewritten');
    expect(rotationPhase('key_1', turned, before, after)).toBe('done');
    expect(rotationPhase('key_1', turned, before, before)).toBeUndefined();
    expect(rotationPhase('key_1', { ...used, keys: [next] }, before, withNext)).toBeUndefined();
  });
});
