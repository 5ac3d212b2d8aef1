import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreignText } from './foreign-text.ts';

describe('a text of somebody else', () => {
  it('stays one line that commands nothing and hides nothing', () => {
    expect(foreignText(' a\nb\u001b[2J\u202ec\u2028d\u0000 ', 100)).toBe('a·b·[2J·c·d·');
    expect(foreignText('Wähle 水泵 🚜', 100)).toBe('Wähle 水泵 🚜');
  });

  it('is bounded, and well-formed wherever it is cut', () => {
    expect(foreignText('12🚜', 3)).toBe('12');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 20 }), (text, lengthMax) => {
        const shown = foreignText(text, lengthMax);
        expect(shown.length).toBeLessThanOrEqual(lengthMax);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
