import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '@edgeflow/platform/simulated';
import {
  codeMark,
  confirmNew,
  dropNext,
  type Identity,
  isMadeByCode,
  isSeededBy,
  promoteNext,
  replaceKeepingOld,
  rollBackToOld,
  settingsMark,
  withNextKey,
} from './identity-document.ts';
import { credentials, identity } from './test-support.ts';

const offered = { api_key: 'efk_next', expires_at: '2028-02-21T00:00:00Z' };
const later = { ...credentials, device_id: 'dev_later', api_key: 'efk_later' };
const now = '2026-03-01T00:00:00Z';

describe('a rotation', () => {
  it('keeps the current key and the next one until one of them is proven', () => {
    const rotating = withNextKey(identity, offered);
    expect(rotating).toMatchObject({ api_key: identity.api_key, next: offered });
    expect(promoteNext(rotating)).toEqual({ ...identity, ...offered });
    expect(dropNext(rotating)).toEqual(identity);
  });

  it('is replaced by a later offer', () => {
    const newer = { api_key: 'efk_newer', expires_at: null };
    expect(withNextKey(withNextKey(identity, offered), newer).next).toEqual(newer);
  });

  it('that is not pending changes nothing, so a repeated message is harmless', () => {
    expect(promoteNext(identity)).toBe(identity);
    expect(dropNext(identity)).toBe(identity);
  });
});

describe('a new identity', () => {
  it('keeps the old one, with its pending rotation, until it is confirmed', () => {
    const old = withNextKey(identity, offered);
    const replaced = replaceKeepingOld(old, later, now);
    expect(replaced).toEqual({ ...later, saved_at: now, previous: old });
    expect(confirmNew(replaced)).toEqual({ ...later, saved_at: now });
  });

  it('keeps the last confirmed one where the one it replaces was never confirmed', () => {
    const unconfirmed = replaceKeepingOld(identity, later, now);
    const third = replaceKeepingOld(unconfirmed, { ...later, device_id: 'dev_third' }, now);
    expect(third.previous).toEqual(identity);
  });

  it('that repeats a key without its expiry keeps the expiry that is known', () => {
    const repeated = replaceKeepingOld(identity, { ...credentials, expires_at: null }, now);
    expect(credentials.expires_at).not.toBeNull();
    expect(repeated.expires_at).toBe(identity.expires_at);
  });

  it('that comes a second time, as after a repeated claim, does not take the place of the old one', () => {
    const once = replaceKeepingOld(identity, later, now);
    expect(replaceKeepingOld(once, later, now)).toEqual(once);
    expect(replaceKeepingOld(identity, credentials, now)).toEqual({ ...identity, saved_at: now });
  });

  it('that is rejected gives way to the old one, and goes only when that has been confirmed', () => {
    const replaced = replaceKeepingOld(identity, later, now);
    const rolledBack = rollBackToOld(replaced);
    expect(rolledBack).toMatchObject({ device_id: identity.device_id, previous: { device_id: 'dev_later' } });
    expect(confirmNew(rolledBack)).toEqual(identity);
  });

  it('without an old one to go back to stays', () => {
    expect(rollBackToOld(identity)).toBe(identity);
    expect(confirmNew(identity)).toBe(identity);
  });

  it('is never lost by any sequence of changes short of a confirmation or another replacement', () => {
    const harmless = fc.constantFrom<(identity: Identity) => Identity>(rollBackToOld, dropNext, (before) =>
      withNextKey(before, offered),
    );
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 12 }), (changes) => {
        const start = replaceKeepingOld(identity, later, now);
        const end = changes.reduce((before, change) => change(before), start);
        const keys = new Set([end.api_key, end.previous?.api_key]);
        expect(keys).toEqual(new Set([identity.api_key, later.api_key]));
      }),
    );
  });
});

describe('configured credentials', () => {
  const configured = { cloud: 'https://cloud.example', deviceId: 'dev_1', apiKey: 'efk_configured' };
  const seeded: Identity = {
    ...identity,
    ...{ cloud: configured.cloud, device_id: 'dev_1', api_key: 'efk_configured', source: 'settings' },
    settings_mark: settingsMark(configured),
  };

  it('are recognised while unchanged, also after the key was rotated', () => {
    expect(isSeededBy(seeded, configured)).toBe(true);
    expect(isSeededBy(promoteNext(withNextKey(seeded, offered)), configured)).toBe(true);
  });

  it('count as new when any of them changes', () => {
    for (const change of [{ cloud: 'https://b.example' }, { deviceId: 'dev_2' }, { apiKey: 'efk_2' }]) {
      expect(isSeededBy(seeded, { ...configured, ...change })).toBe(false);
    }
    expect(isSeededBy(identity, configured)).toBe(false);
    expect(isSeededBy(undefined, configured)).toBe(false);
  });

  it('do not undo, unchanged, an identity that replaced them on an operator’s word', () => {
    expect(isSeededBy(replaceKeepingOld(seeded, later, now), configured)).toBe(true);
  });
});

describe('the code that made an identity', () => {
  it('is recognised, another is not, and the mark tells neither', () => {
    const mark = codeMark(new SeededRandom(1), 'PROV-A1B2-C3D4');
    const made = { ...identity, code_mark: mark };
    expect(isMadeByCode(made, 'PROV-A1B2-C3D4')).toBe(true);
    expect(isMadeByCode(made, 'PROV-A1B2-C3D5')).toBe(false);
    expect(isMadeByCode(identity, 'PROV-A1B2-C3D4')).toBe(false);
    expect(mark).not.toContain('A1B2');
    expect(codeMark(new SeededRandom(2), 'PROV-A1B2-C3D4')).not.toBe(mark);
  });
});
