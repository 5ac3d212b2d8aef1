import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { storableJson, storableText } from './text.ts';

describe('text on its way into the database', () => {
  it('is left alone where both databases can hold it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const holdable = text.toWellFormed().replaceAll('\0', '');
        expect(storableText(holdable)).toBe(holdable);
      }),
    );
  });

  it('keeps its length, and shows where a character was that cannot be held', () => {
    expect(storableText('a\0b\ud800c')).toBe('a\ufffdb\ufffdc');
    fc.assert(
      fc.property(anyText, (text) => {
        const stored = storableText(text);
        expect(stored.isWellFormed() && !stored.includes('\0')).toBe(true);
        expect(stored).toHaveLength(text.length);
      }),
    );
  });

  it('is the same as JSON, however deep it stands', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, two) => {
        expect(JSON.parse(storableJson([one, { member: [two, null, 7] }]))).toEqual([
          storableText(one),
          { member: [storableText(two), null, 7] },
        ]);
      }),
    );
  });
});
