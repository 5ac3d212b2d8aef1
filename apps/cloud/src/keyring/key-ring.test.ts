import { describe, expect, it } from 'vitest';
import { isWellFormedApiKey } from '@edgeflow/contract';
import { type ApiKeyContext, KeyRing, serverKeyBytes } from './key-ring.ts';

const counting = Uint8Array.from({ length: serverKeyBytes }, (_, index) => index);
const other = new Uint8Array(serverKeyBytes).fill(7);
const ring = new KeyRing('k_1', new Map([['k_1', counting]]));

const context: ApiKeyContext = {
  keyId: 'k_1',
  idempotencyKey: '0123456789abcdef0123456789abcdef',
  organizationId: 'org_1',
  codeId: 'pc_1',
  deviceId: 'dev_1',
  credentialId: 'key_1',
};

describe('values that stored rows depend on', () => {
  // Computed apart from this code, from the definitions of HMAC (RFC 2104) and HKDF (RFC 5869), with Python's hmac.
  it('are what they were when the first row was written', () => {
    expect(Buffer.from(ring.purposeKey('k_1', 'api-key-derivation')).toString('hex')).toBe(
      'f9b27fdc1a1efbc4cab79c589437a4772f78f0f770b937b2c6a6a209a5a59323',
    );
    expect(ring.hashCode('k_1', 'A1B2C3D4')).toBe(
      '420ee98a9083701a923ac40499a68c721cbdd2f6c5f4bd3122e99e25135ff7b0',
    );
    expect(ring.hashClaimant('k_1', context.idempotencyKey)).toBe(
      '84f256e05b62276cd74109754466e675419bbb318922683c0f7d7715a141a0b4',
    );
    expect(ring.deriveApiKey(context)).toBe('efk_oLWoEtvfpFHVryzkCaBgTwWA3VtqLb6eolCHNK3lmbM1MbG4I');
    expect(ring.checkValue('k_1')).toBe('1d346d205857d50f745dfcfbba09a8982ecc6541542480a85ddae8e121826edb');
  });
});

describe('a derived API key', () => {
  it('is well-formed and the same for the same claim', () => {
    expect(isWellFormedApiKey(ring.deriveApiKey(context))).toBe(true);
    expect(ring.deriveApiKey({ ...context })).toBe(ring.deriveApiKey(context));
  });

  it('changes with every member of its context, and with the server key', () => {
    const two = new KeyRing(
      'k_2',
      new Map([
        ['k_1', counting],
        ['k_2', other],
      ]),
    );
    const members = Object.keys(context).filter((name) => name !== 'keyId');
    const changed = members.map((name) =>
      two.deriveApiKey({ ...context, [name]: `${context[name as keyof ApiKeyContext]}x` }),
    );
    const keys = [two.deriveApiKey(context), two.deriveApiKey({ ...context, keyId: 'k_2' }), ...changed];
    expect(new Set(keys).size).toBe(members.length + 2);
  });

  it('does not depend on where one member ends and the next begins', () => {
    const one = ring.deriveApiKey({ ...context, organizationId: 'ab', codeId: 'c' });
    const two = ring.deriveApiKey({ ...context, organizationId: 'a', codeId: 'bc' });
    const forged = ring.deriveApiKey({ ...context, organizationId: 'ab:1:c', codeId: '' });
    expect(new Set([one, two, forged]).size).toBe(3);
  });
});

describe('a key ring', () => {
  it('never uses one key for two purposes', () => {
    const purposes = [
      ...(['code-hmac', 'claimant-hmac', 'api-key-derivation', 'check-value'] as const),
      'webhook-secrets',
    ] as const;
    const keys = purposes.map((purpose) => Buffer.from(ring.purposeKey('k_1', purpose)).toString('hex'));
    expect(new Set(keys).size).toBe(purposes.length);
    expect(ring.hashCode('k_1', 'A1B2C3D4')).not.toBe(ring.hashClaimant('k_1', 'A1B2C3D4'));
  });

  it('names the current key first and reads rows of the others', () => {
    const two = new KeyRing(
      'k_2',
      new Map([
        ['k_1', counting],
        ['k_2', other],
      ]),
    );
    expect(two.ids).toEqual(['k_2', 'k_1']);
    expect(two.hashCode('k_1', 'A1B2C3D4')).toBe(ring.hashCode('k_1', 'A1B2C3D4'));
    expect(two.hashCode('k_2', 'A1B2C3D4')).not.toBe(ring.hashCode('k_1', 'A1B2C3D4'));
  });

  it('names the key that a row needs and the ring lacks', () => {
    expect(ring.has('k_9')).toBe(false);
    expect(() => ring.hashCode('k_9', 'A1B2C3D4')).toThrow('server key "k_9" is not in the key ring');
  });

  it('refuses keys of another length, and a current key that is not there', () => {
    expect(() => new KeyRing('k_1', new Map([['k_1', new Uint8Array(16)]]))).toThrow(RangeError);
    expect(() => new KeyRing('k_2', new Map([['k_1', counting]]))).toThrow(RangeError);
  });
});
