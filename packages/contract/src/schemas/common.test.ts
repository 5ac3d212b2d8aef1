import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { infoDepthMax, infoKeysMax } from '../limits.ts';
import {
  boundedProblem,
  jsonObjectSchema,
  jsonSchema,
  label,
  pageQuerySchema,
  tagsSchema,
  timeSchema,
} from './common.ts';

/** `depth` objects, one in the other. */
function nested(depth: number): unknown {
  return depth === 0 ? 'leaf' : { inner: nested(depth - 1) };
}

function wide(keys: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: keys }, (_, index) => [`key${index}`, index]));
}

/** The obvious definition, for documents that do not exhaust the stack. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function widthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Math.max(own, ...Object.values(value).map(widthOf));
}

describe('the bounds of the open documents', () => {
  it('allow four levels and no fifth', () => {
    expect(boundedProblem(nested(infoDepthMax), 1)).toBeUndefined();
    expect(boundedProblem(nested(infoDepthMax + 1), 1)).toMatch(/deeper than 4/);
    expect(boundedProblem({ a: [[['x']]] }, 1)).toBeUndefined();
    expect(boundedProblem({ a: [[[[]]]] }, 1)).toMatch(/deeper than 4/);
  });

  it('allow 64 keys in one object and no 65th, at every level', () => {
    expect(boundedProblem(wide(infoKeysMax), 1)).toBeUndefined();
    expect(boundedProblem(wide(infoKeysMax + 1), 1)).toMatch(/more than 64 keys/);
    expect(boundedProblem({ a: { b: wide(infoKeysMax) } }, 1)).toBeUndefined();
    expect(boundedProblem({ a: { b: wide(infoKeysMax + 1) } }, 1)).toMatch(/more than 64 keys/);
  });

  it('count keys, not items: a list may be as long as the body allows', () => {
    expect(
      boundedProblem({ readings: Array.from({ length: 1000 }, (_, index) => index) }, 1),
    ).toBeUndefined();
  });

  it('hold exactly for every document', () => {
    const document = fc.object({ maxDepth: 6, maxKeys: 80, values: [fc.integer(), fc.array(fc.nat())] });
    fc.assert(
      fc.property(document, (value) => {
        const allowed = depthOf(value) <= infoDepthMax && widthOf(value) <= infoKeysMax;
        expect(boundedProblem(value, 1) === undefined).toBe(allowed);
      }),
    );
  });
});

describe('any JSON', () => {
  it('passes as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonSchema.parse(value)).toBe(value);
      }),
    );
  });

  it('that must be an object is an object and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
        expect(jsonObjectSchema.safeParse(value).success).toBe(isObject);
      }),
    );
    expect(jsonObjectSchema.safeParse(undefined).success).toBe(false);
  });
});

describe('a label', () => {
  it('is trimmed, not empty, not too long, and holds no control character', () => {
    const schema = label(8);
    expect(schema.parse('  pump 1 ')).toBe('pump 1');
    for (const text of ['', '   ', '123456789', 'a\u0000', 'a\nb', '\u001b[31m', 'a\u009bb', 5, null]) {
      expect(schema.safeParse(text).success, JSON.stringify(text)).toBe(false);
    }
  });

  it('comes as 32 tags at most', () => {
    expect(tagsSchema.safeParse(Array.from({ length: 32 }, () => 'a')).success).toBe(true);
    expect(tagsSchema.safeParse(Array.from({ length: 33 }, () => 'a')).success).toBe(false);
  });
});

describe('a page query', () => {
  it('is 50 from the start when nothing is said', () => {
    expect(pageQuerySchema.parse({})).toEqual({ limit: 50 });
  });

  it('reads numbers from text and keeps 1 to 500', () => {
    expect(pageQuerySchema.parse({ limit: '500', offset: '0', cursor: 'x' })).toEqual({
      limit: 500,
      offset: 0,
      cursor: 'x',
    });
    for (const limit of ['0', '501', '-1', '1.5', 'many', '', 'NaN', 'Infinity']) {
      expect(pageQuerySchema.safeParse({ limit }).success, limit).toBe(false);
    }
    expect(pageQuerySchema.safeParse({ offset: '-1' }).success).toBe(false);
  });
});

describe('a time', () => {
  it('is RFC 3339 in UTC', () => {
    expect(timeSchema.safeParse('2026-02-21T12:00:00Z').success).toBe(true);
    expect(timeSchema.safeParse('2026-02-21T12:00:00.123Z').success).toBe(true);
    for (const text of ['2026-02-21T12:00:00+01:00', '2026-02-21', '2026-02-30T12:00:00Z', 'now']) {
      expect(timeSchema.safeParse(text).success, text).toBe(false);
    }
  });
});
