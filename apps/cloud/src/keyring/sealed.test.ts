import { systemRandom } from '@edgeflow/platform';
import { describe, expect, it } from 'vitest';
import { KeyRing } from './key-ring.ts';
import { openSealed, type Seal, sealText } from './sealed.ts';

const keys = new Map([
  ['k1', systemRandom.bytes(32)],
  ['k2', systemRandom.bytes(32)],
]);
const ring = new KeyRing('k1', keys);
const seal: Seal = { keyId: 'k1', purpose: 'webhook-secrets', owner: 'ale_1' };

describe('a sealed text', () => {
  it('opens again, is another each time, and says nothing of itself', () => {
    const [one, other] = [1, 2].map(() => sealText(ring, seal, 'whsec_ü', systemRandom));
    expect(openSealed(ring, seal, one ?? '')).toBe('whsec_ü');
    expect(one).not.toBe(other);
    expect(Buffer.from(one ?? '', 'base64').toString('latin1')).not.toContain('whsec');
  });

  it('does not open with another key, for another purpose or owner, or once it was changed', () => {
    const sealed = sealText(ring, seal, 'secret', systemRandom);
    const changes: Partial<Seal>[] = [{ keyId: 'k2' }, { purpose: 'check-value' }, { owner: 'ale_2' }];
    for (const change of changes) expect(() => openSealed(ring, { ...seal, ...change }, sealed)).toThrow();
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => openSealed(ring, seal, changed.toString('base64'))).toThrow();
    }
    for (const short of ['', 'AAAA', sealed.slice(0, 20)])
      expect(() => openSealed(ring, seal, short)).toThrow();
  });
});
