import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { createCodesRequestSchema, listCodesQuerySchema, macAddressSchema } from './codes.ts';

const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 });

function hexPairs(mac: Uint8Array): string[] {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0'));
}

describe('a MAC address', () => {
  it('reads alike with colons, dashes, Cisco dots or nothing, in either case', () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), (mac, upper) => {
        const pairs = hexPairs(mac);
        const dotted = (pairs.join('').match(/.{4}/g) ?? []).join('.');
        for (const form of [pairs.join(':'), pairs.join('-'), pairs.join(''), dotted]) {
          expect(macAddressSchema.parse(upper ? form.toUpperCase() : form)).toBe(pairs.join(':'));
        }
      }),
    );
  });

  it('is twelve hexadecimal digits, or refused with an example', () => {
    for (const text of [
      '',
      'dc:a6:32:xx:xx:xx',
      'dc:a6:32:01:02',
      'dc:a6:32:01:02:03:04',
      '0xdca6320102',
      ' ',
    ]) {
      const parsed = macAddressSchema.safeParse(text);
      expect(parsed.error?.issues[0]?.message, text).toContain('dc:a6:32:01:02:03');
    }
  });

  it('is read without throwing, whatever the text', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const parsed = macAddressSchema.safeParse(text);
        if (parsed.success) expect(parsed.data).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      }),
    );
  });
});

describe('a request for codes', () => {
  it('may be empty: one code, no tags', () => {
    expect(createCodesRequestSchema.parse({})).toEqual({ count: 1, tags: [] });
  });

  it('makes 1 to 10,000 at once, of two to six groups', () => {
    for (const count of [1, 10_000]) expect(createCodesRequestSchema.safeParse({ count }).success).toBe(true);
    for (const count of [0, 10_001, 1.5, '5'])
      expect(createCodesRequestSchema.safeParse({ count }).success).toBe(false);
    for (const groups of [2, 6]) expect(createCodesRequestSchema.safeParse({ groups }).success).toBe(true);
    for (const groups of [1, 7]) expect(createCodesRequestSchema.safeParse({ groups }).success).toBe(false);
  });

  it('stores a bound MAC address in one form', () => {
    const parsed = createCodesRequestSchema.parse({ bind: { mac_address: 'DC-A6-32-01-02-03' } });
    expect(parsed.bind).toEqual({ mac_address: 'dc:a6:32:01:02:03' });
  });

  it('is refused when a member is misspelt: a binding that nobody reads would let any hardware in', () => {
    expect(createCodesRequestSchema.safeParse({ ttl: 60 }).success).toBe(false);
    expect(createCodesRequestSchema.safeParse({ bind: { mac: 'dc:a6:32:01:02:03' } }).success).toBe(false);
    expect(createCodesRequestSchema.safeParse({ bind: { serialNumber: '1000' } }).success).toBe(false);
  });

  it('re-provisions one device with one code', () => {
    expect(createCodesRequestSchema.safeParse({ device_id: 'dev_1' }).success).toBe(true);
    const parsed = createCodesRequestSchema.safeParse({ device_id: 'dev_1', count: 2 });
    expect(parsed.error?.issues).toEqual([expect.objectContaining({ path: ['count'] })]);
  });
});

describe('a list of codes', () => {
  it('is filtered by one of the four states', () => {
    for (const status of ['active', 'used', 'expired', 'revoked']) {
      expect(listCodesQuerySchema.parse({ status })).toEqual({ status, limit: 50 });
    }
    expect(listCodesQuerySchema.safeParse({ status: 'gone' }).success).toBe(false);
  });
});
