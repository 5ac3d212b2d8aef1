import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mutex, SingleFlight } from './single-flight.ts';

/** A promise and the way to settle it. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise, open: () => resolve(undefined) };
}

describe('a mutex', () => {
  it('runs one task at a time, in the order they came, whatever they do', async () => {
    const task = fc.record({ turns: fc.nat({ max: 5 }), fails: fc.boolean(), throwsAtOnce: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 20 }), async (tasks) => {
        const mutex = new Mutex();
        const order: number[] = [];
        let running = 0;
        let runningMost = 0;
        const results = await Promise.allSettled(
          tasks.map(({ turns, fails, throwsAtOnce }, index) =>
            mutex.run(() => {
              order.push(index);
              if (throwsAtOnce) throw new Error(`at once ${index}`);
              running += 1;
              runningMost = Math.max(runningMost, running);
              return (async () => {
                for (let i = 0; i < turns; i += 1) await Promise.resolve();
                running -= 1;
                if (fails) throw new Error(`later ${index}`);
                return index;
              })();
            }),
          ),
        );
        expect(runningMost).toBeLessThanOrEqual(1);
        expect(order).toEqual(tasks.map((_, index) => index));
        // Each call settles as its own task did, not as a neighbour's.
        const settled = results.map((result) =>
          result.status === 'fulfilled' ? result.value : (result.reason as Error).message,
        );
        expect(settled).toEqual(
          tasks.map(({ fails, throwsAtOnce }, index) =>
            throwsAtOnce ? `at once ${index}` : fails ? `later ${index}` : index,
          ),
        );
      }),
    );
  });

  it('does not start the next task before the first has ended', async () => {
    const mutex = new Mutex();
    const { opened, open } = gate();
    let started = false;
    const first = mutex.run(() => opened);
    const second = mutex.run(async () => {
      started = true;
    });
    await setImmediate();
    expect(started).toBe(false);
    open();
    await Promise.all([first, second]);
    expect(started).toBe(true);
  });
});

describe('a single flight', () => {
  it('lets callers share the outcome of the task that runs, and starts anew for the next', async () => {
    const flight = new SingleFlight<number>();
    const { opened, open } = gate();
    let started = 0;
    const task = async (): Promise<number> => {
      started += 1;
      await opened;
      return started;
    };
    const sharing = [flight.run(task), flight.run(task), flight.run(task)];
    expect(flight.busy).toBe(true);
    open();
    expect(await Promise.all(sharing)).toEqual([1, 1, 1]);
    expect(flight.busy).toBe(false);
    expect(await flight.run(task)).toBe(2);
  });

  it('shares a failure too, and is free again after it', async () => {
    const flight = new SingleFlight<string>();
    const failing = (): Promise<string> => Promise.reject(new Error('broken'));
    const results = await Promise.allSettled([flight.run(failing), flight.run(failing)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(flight.busy).toBe(false);
    expect(await flight.run(async () => 'mended')).toBe('mended');
  });

  it('rejects, and is free again, when a task throws before its first await', async () => {
    const flight = new SingleFlight<string>();
    const running = flight.run(() => {
      throw new Error('at once');
    });
    await expect(running).rejects.toThrow('at once');
    expect(flight.busy).toBe(false);
  });

  it('runs one task even when that task calls back into it', async () => {
    const flight = new SingleFlight<number>();
    let started = 0;
    const outcomes: Promise<number>[] = [];
    const task = async (): Promise<number> => {
      started += 1;
      if (started < 5) outcomes.push(flight.run(task));
      return started;
    };
    outcomes.push(flight.run(task));
    const first = await outcomes[0];
    expect([first, ...(await Promise.all(outcomes))]).toEqual([1, 1, 1]);
  });
});
