import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedTime } from './time.ts';

describe('simulated time', () => {
  it('fires timers in the order of their times, and of their making where those are equal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 20 }), { maxLength: 30 }), async (delays) => {
        const time = new SimulatedTime();
        const fired: [number, number][] = [];
        delays.forEach((delayMs, index) => {
          time.after(delayMs, () => fired.push([time.monotonic(), index]));
        });
        await time.advance(20);
        const expected = delays
          .map((delayMs, index): [number, number] => [delayMs, index])
          .sort(([a, i], [b, j]) => a - b || i - j);
        expect(fired).toEqual(expected);
        expect(time.pendingCount).toBe(0);
      }),
    );
  });

  it('fires the same whether it advances at once or in steps', async () => {
    const steps = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
        async (spans, periods) => {
          const runs = await Promise.all(
            [spans, [spans.reduce((sum, span) => sum + span, 0)]].map(async (advances) => {
              const time = new SimulatedTime();
              const fired: string[] = [];
              for (const [index, periodMs] of periods.entries()) {
                time.every(periodMs, () => fired.push(`${index}@${time.monotonic()}`));
              }
              for (const span of advances) await time.advance(span);
              return [...fired, time.now(), time.monotonic()];
            }),
          );
          expect(runs[0]).toEqual(runs[1]);
        },
      ),
    );
  });

  it('lets what a timer starts happen within the same span: chains, promises and timers of no delay', async () => {
    const time = new SimulatedTime();
    const order: string[] = [];
    time.after(10, () => {
      order.push(`first at ${time.monotonic()}`);
      void Promise.resolve().then(() => {
        time.after(5, () => order.push(`second at ${time.monotonic()}`));
        time.soon(() => order.push(`soon at ${time.monotonic()}`));
      });
    });
    await time.advance(15);
    expect(order).toEqual(['first at 10', 'soon at 10', 'second at 15']);
  });

  it('repeats a timer until it is cleared, by itself too', async () => {
    const time = new SimulatedTime();
    let ticks = 0;
    const handle = time.every(10, () => {
      ticks += 1;
      if (ticks === 3) time.clear(handle);
    });
    await time.advance(1_000);
    expect([ticks, time.pendingCount]).toEqual([3, 0]);
  });

  it('never fires a timer that another cleared at the same instant', async () => {
    const time = new SimulatedTime();
    let fired = false;
    time.after(10, () => time.clear(second));
    const second = time.after(10, () => {
      fired = true;
    });
    await time.advance(10);
    expect(fired).toBe(false);
  });

  it('moves the wall clock without time passing, and time without the wall clock losing its place', async () => {
    const time = new SimulatedTime(1_000);
    await time.advance(50);
    time.setWallClock(5);
    expect([time.now(), time.monotonic()]).toEqual([5, 50]);
    await time.advance(10);
    expect([time.now(), time.monotonic()]).toEqual([15, 60]);
  });

  it('passes forwards only', async () => {
    const time = new SimulatedTime();
    await expect(time.advance(-1)).rejects.toThrow(RangeError);
    await expect(time.advance(Number.NaN)).rejects.toThrow(RangeError);
  });

  it('takes a period of nothing for a millisecond, as Node does', async () => {
    const time = new SimulatedTime();
    let ticks = 0;
    time.every(0, () => {
      ticks += 1;
    });
    await time.advance(10);
    expect(ticks).toBe(10);
  });

  it('steps from event to event, and stands still when there is none', async () => {
    const time = new SimulatedTime();
    const order: string[] = [];
    time.after(20, () => order.push(`second at ${time.monotonic()}`));
    time.after(5, () => {
      void Promise.resolve().then(() => order.push(`settled at ${time.monotonic()}`));
    });
    expect(await time.step()).toBe(true);
    expect(order).toEqual(['settled at 5']);
    expect(await time.step()).toBe(true);
    expect(await time.step()).toBe(false);
    expect([order.at(-1), time.monotonic()]).toEqual(['second at 20', 20]);
  });

  it('keeps its order among many timers that come, go and repeat', async () => {
    const action = fc.tuple(fc.nat({ max: 50 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const time = new SimulatedTime();
        const fired: number[] = [];
        const handles = actions.map(([delayMs], index) => time.after(delayMs, () => fired.push(index)));
        actions.forEach(([, isCleared], index) => {
          if (isCleared) time.clear(handles[index] ?? {});
        });
        await time.advance(50);
        const expected = actions
          .map(([delayMs, isCleared], index) => ({ delayMs, isCleared, index }))
          .filter(({ isCleared }) => !isCleared)
          .sort((a, b) => a.delayMs - b.delayMs || a.index - b.index)
          .map(({ index }) => index);
        expect(fired).toEqual(expected);
      }),
    );
  });
});
