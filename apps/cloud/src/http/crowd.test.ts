import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crowd } from './crowd.ts';

describe('a crowd', () => {
  it('that is full loses whoever has waited longest', () => {
    const crowd = new Crowd<string>(3);
    for (const member of ['a', 'b', 'c']) expect(crowd.enter(member, member)).toBeUndefined();
    crowd.enter('a', 'a');
    expect(crowd.enter('d', 'd')).toBe('b');
    crowd.leave('c');
    expect(crowd.enter('e', 'e')).toBeUndefined();
    expect([...crowd.values()]).toEqual(['a', 'd', 'e']);
    expect(crowd.takeLongest()).toBe('a');
  });

  it('is not lost to one address: a flood from there drives out itself', () => {
    const crowd = new Crowd<string>(80);
    crowd.enter('honest', 'elsewhere');
    const gone = Array.from({ length: 10_000 }, (_, index) => crowd.enter(`flood ${String(index)}`, 'flood'));
    expect(gone).not.toContain('honest');
    expect(crowd.size).toBe(80);
    // Whoever comes meanwhile from somewhere else is let in, and the flood pays for it once the honest one has left.
    crowd.leave('honest');
    crowd.enter('late', 'elsewhere too');
    expect(crowd.enter('later', 'a third place')).toMatch(/^flood/);
    expect([...crowd.values()].slice(-2)).toEqual(['late', 'later']);
  });

  it('may be of one address alone, up to its bound', () => {
    const crowd = new Crowd<number>(500);
    for (let index = 0; index < 500; index += 1) expect(crowd.enter(index, 'nat')).toBeUndefined();
    expect(crowd.enter(500, 'nat')).toBe(0);
  });

  it('never exceeds its bound, forgets whoever leaves, and drives out only whoever is there', () => {
    const moves = fc.array(
      fc.record({
        enters: fc.boolean(),
        member: fc.nat({ max: 40 }),
        address: fc.constantFrom('a', 'b', 'c'),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 20 }), (all, membersMax) => {
        const crowd = new Crowd<number>(membersMax);
        const inside = new Set<number>();
        for (const { address, enters, member } of all) {
          if (!enters) {
            crowd.leave(member);
            inside.delete(member);
            continue;
          }
          inside.add(member);
          const gone = crowd.enter(member, address);
          if (gone !== undefined) expect(inside.delete(gone)).toBe(true);
          expect(new Set(crowd.values())).toEqual(inside);
          expect(crowd.size).toBeLessThanOrEqual(membersMax);
        }
        for (let left = crowd.size; left > 0; left -= 1) inside.delete(crowd.takeLongest() ?? -1);
        expect([inside.size, crowd.takeLongest()]).toEqual([0, undefined]);
      }),
    );
  });
});
