import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { formatCursor, parseCursor } from './paging.ts';

describe('a cursor', () => {
  it('leads back to its place', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.string().filter((id) => !id.includes('\0')),
        (atMs, id) => {
          expect(parseCursor(formatCursor({ atMs, id }))).toEqual({ atMs, id });
        },
      ),
    );
  });

  it('travels in an address as it is', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.string(), (atMs, id) => {
        expect(formatCursor({ atMs, id })).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no base64', '***'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['another document', Buffer.from('{"atMs":1}').toString('base64url')],
    ['too few members', Buffer.from('[1]').toString('base64url')],
    ['a time that is none', Buffer.from('["1","dev_1"]').toString('base64url')],
    ['a time that is not whole', Buffer.from('[1.5,"dev_1"]').toString('base64url')],
    ['an id that is none', Buffer.from('[1,2]').toString('base64url')],
    ['an id with NUL', Buffer.from('[1,"\\u0000"]').toString('base64url')],
  ])('that is %s is no place', (_, cursor) => {
    expect(parseCursor(cursor)).toBeUndefined();
  });

  it('of any text is a place or none, and never an error', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const place = parseCursor(text);
        expect(place === undefined || Number.isSafeInteger(place.atMs)).toBe(true);
      }),
    );
  });
});
