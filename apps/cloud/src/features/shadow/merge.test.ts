import type { Json, JsonObject } from '@edgeflow/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaOf, jsonEqual, mergeHalf, type ShadowHalf, viewShadow } from './merge.ts';

const anyJson = fc.jsonValue() as fc.Arbitrary<Json>;
const anyKey = fc.oneof(fc.constantFrom('a', 'b', 'c', 'constructor', 'toString', '__proto__'), fc.string());
/** Members are set one by one, as JSON.parse does: `__proto__` becomes a member like any other. */
const anyDocument: fc.Arbitrary<JsonObject> = fc
  .array(fc.tuple(anyKey, anyJson), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries));
const withoutNulls = (document: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null));

const empty: ShadowHalf = { document: {}, times: {} };
const [monday, tuesday] = ['2026-02-16T12:00:00Z', '2026-02-17T12:00:00Z'];
/** The same value with the members of every object in the opposite order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe('a merge', () => {
  it('sets members with their times, keeps the rest, and deletes by null', () => {
    const before = mergeHalf(empty, { keep: 1, change: { deep: true }, drop: 'x' }, monday);
    expect(mergeHalf(before, { change: 2, drop: null, missing: null }, tuesday)).toEqual({
      document: { keep: 1, change: 2 },
      times: { keep: monday, change: tuesday },
    });
  });

  it('replaces an object whole, nulls inside it included', () => {
    const before = mergeHalf(empty, { a: { b: 1, c: 2 } }, monday);
    expect(mergeHalf(before, { a: { c: null } }, tuesday).document).toEqual({ a: { c: null } });
  });

  it('said twice is as good as said once', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (first, change) => {
        const before = mergeHalf(empty, first, monday);
        const after = mergeHalf(before, change, tuesday);
        expect(mergeHalf(after, change, tuesday)).toEqual(after);
      }),
    );
  });

  it('has a time for every member and for nothing else, and changes nothing that it was given', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (first, change) => {
        const before = mergeHalf(empty, first, monday);
        const kept = JSON.stringify(before);
        const after = mergeHalf(before, change, tuesday);
        expect(Object.keys(after.times).sort()).toEqual(Object.keys(after.document).sort());
        expect(JSON.stringify(before)).toBe(kept);
        for (const [key, value] of Object.entries(change)) {
          expect(Object.hasOwn(after.document, key)).toBe(value !== null);
        }
        expect(Object.getPrototypeOf(after.document)).toBe(Object.prototype);
      }),
    );
  });
});

describe('the delta', () => {
  it('is empty if and only if everything desired is reported', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, fc.boolean(), (desired, others, all) => {
        const wanted = withoutNulls(desired);
        const reported = all ? { ...withoutNulls(others), ...wanted } : withoutNulls(others);
        const delta = deltaOf(wanted, reported);
        const fulfilled = Object.keys(wanted).every(
          (key) => Object.hasOwn(reported, key) && jsonEqual(wanted[key] ?? null, reported[key] ?? null),
        );
        expect(Object.keys(delta).length === 0).toBe(fulfilled);
        for (const [key, value] of Object.entries(delta)) expect(value).toEqual(wanted[key]);
      }),
    );
  });

  it('is gone once the device reports it', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (desired, reported) => {
        const wanted = withoutNulls(desired);
        const before = mergeHalf(empty, withoutNulls(reported), monday);
        const after = mergeHalf(before, deltaOf(wanted, before.document), tuesday);
        expect(deltaOf(wanted, after.document)).toEqual({});
      }),
    );
  });

  it('does not take what every object inherits for something reported', () => {
    expect(deltaOf({ toString: 1, constructor: {} }, {})).toEqual({ toString: 1, constructor: {} });
  });
});

describe('equality', () => {
  it('holds for the same value whatever the order of members, and is symmetric', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (one, two) => {
        expect(jsonEqual(one, reversed(one))).toBe(true);
        expect(jsonEqual(one, two)).toBe(jsonEqual(two, one));
        expect(jsonEqual(one, JSON.parse(JSON.stringify(one)) as Json)).toBe(true);
      }),
    );
  });

  it.each<[Json, Json]>([
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[null], []],
    [{ a: null }, { b: null }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [0, false],
    ['1', 1],
    [null, {}],
    [null, 0],
    [{}, { toString: null }],
  ])('does not hold between %j and %j', (one, two) => {
    expect(jsonEqual(one, two)).toBe(false);
    expect(jsonEqual(two, one)).toBe(false);
  });

  it('is found in documents as deep as a body can be', () => {
    const deep = (): Json => JSON.parse(`${'['.repeat(16_000)}${']'.repeat(16_000)}`) as Json;
    expect(jsonEqual(deep(), deep())).toBe(true);
  });
});

it('a shadow shows every map, even when all are empty', () => {
  expect(viewShadow('dev_1', 0, empty, empty, monday)).toEqual({
    device_id: 'dev_1',
    version: 0,
    desired: {},
    reported: {},
    delta: {},
    metadata: { desired: {}, reported: {} },
    updated_at: monday,
  });
});
