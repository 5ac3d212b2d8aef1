import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storableJson, storableText } from './text.ts';

/** Any sequence of UTF-16 units, lone surrogates and NUL included. */
const anyUnits = fc
  .array(fc.oneof(fc.constantFrom(0, 0xd800, 0xdc00, 0xdfff, 0x5c), fc.integer({ min: 0, max: 0xffff })))
  .map((units) => String.fromCharCode(...units));

describe('text on its way into the database', () => {
  it('is left alone where both databases can hold it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(storableText(text.replaceAll('\0', ''))).toBe(text.replaceAll('\0', ''));
      }),
    );
  });

  it('keeps its length, and shows where a character was that cannot be held', () => {
    expect(storableText('a\0b\ud800c')).toBe('a\ufffdb\ufffdc');
    fc.assert(
      fc.property(anyUnits, (text) => {
        const stored = storableText(text);
        expect(stored.isWellFormed() && !stored.includes('\0')).toBe(true);
        expect(stored).toHaveLength(text.length);
      }),
    );
  });

  it('is the same as JSON, however deep it stands', () => {
    fc.assert(
      fc.property(anyUnits, anyUnits, (one, two) => {
        expect(JSON.parse(storableJson([one, { member: [two, null, 7] }]))).toEqual([
          storableText(one),
          { member: [storableText(two), null, 7] },
        ]);
      }),
    );
  });
});
