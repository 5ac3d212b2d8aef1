import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ranking } from './ranking.ts';

it('the first of a ranking is one that has most, and of several the one that has had so many for longest', () => {
  const steps = fc.array(fc.record({ gains: fc.boolean(), key: fc.constantFrom('a', 'b', 'c', 'd') }));
  fc.assert(
    fc.property(steps, (all) => {
      const ranking = new Ranking<string>();
      /** Whoever changed last is the last. */
      const counts = new Map<string, number>();
      for (const { gains, key } of all) {
        const from = counts.get(key) ?? 0;
        const to = gains ? from + 1 : from - 1;
        if (to < 0) continue;
        counts.delete(key);
        if (to > 0) counts.set(key, to);
        ranking.move(key, from, to);
        const most = Math.max(...counts.values());
        expect(ranking.first).toBe([...counts].find(([, count]) => count === most)?.[0]);
      }
    }),
  );
});
