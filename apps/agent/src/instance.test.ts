import { SeededRandom, SimulatedTime } from '@edgeflow/platform/simulated';
import { expect, it } from 'vitest';
import { Instance } from './instance.ts';

it('a process keeps its name, also when it is replaced once: it gives itself away by coming back', () => {
  const instance = new Instance(new SeededRandom(1), new SimulatedTime());
  const { name } = instance;
  expect(name).toMatch(/^[0-9a-f]{32}$/);
  instance.onReplaced();
  expect(instance.name).toBe(name);
});

it('two copies of one running process part ways once each was replaced twice, though they draw alike', async () => {
  const copies = [1, 2].map(() => {
    const time = new SimulatedTime();
    return { time, instance: new Instance(new SeededRandom(1), time) };
  });
  const names = (): string[] => copies.map(({ instance }) => instance.name);
  expect(new Set(names()).size).toBe(1);
  for (const [index, { instance, time }] of copies.entries()) {
    await time.advance(index + 1);
    instance.onReplaced();
    instance.onReplaced();
  }
  const apart = names();
  expect(new Set(apart).size).toBe(2);
  for (const { instance } of copies) instance.onReplaced();
  expect(names()).toEqual(apart);
});
