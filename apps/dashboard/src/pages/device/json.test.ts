import { describe, expect, it } from 'vitest';
import { changeBetween, readObject } from './json.ts';

describe('what an edit of a document writes', () => {
  it('is what differs, and null for what is gone', () => {
    const from = { level: 'info', rates: { a: 1, b: [1, 2] }, old: true };
    const to = { level: 'debug', rates: { b: [1, 2], a: 1 }, fresh: [null] };
    expect(changeBetween(from, to)).toEqual({ level: 'debug', fresh: [null], old: null });
    expect(changeBetween(from, from)).toEqual({});
  });

  it('comes only from an object', () => {
    expect(readObject('{"a": 1}')).toEqual({ a: 1 });
    for (const text of ['', '[1]', '1', 'null', '{a: 1}']) expect(readObject(text)).toBeUndefined();
  });
});
