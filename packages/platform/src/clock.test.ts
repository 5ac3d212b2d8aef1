import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toRfc3339 } from './clock.ts';

describe('a time in RFC 3339', () => {
  it('drops milliseconds that are zero, and only those', () => {
    expect(toRfc3339(Date.UTC(2026, 1, 21, 12))).toBe('2026-02-21T12:00:00Z');
    expect(toRfc3339(Date.UTC(2026, 1, 21, 12) + 5)).toBe('2026-02-21T12:00:00.005Z');
    expect(toRfc3339(0)).toBe('1970-01-01T00:00:00Z');
  });

  it('reads back as the same instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (epochMs) => {
        expect(Date.parse(toRfc3339(epochMs))).toBe(epochMs);
        expect(toRfc3339(epochMs)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
      }),
    );
  });
});
