import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.ts';

describe('the width of a text', () => {
  it('counts columns of a terminal, not characters', () => {
    expect(displayWidth('pump')).toBe(4);
    expect(displayWidth('水泵')).toBe(4);
    expect(displayWidth('🚜')).toBe(2);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('')).toBe(0);
  });
});
