import { expect, it } from 'vitest';
import { Cleanup, withCleanup } from './cleanup.ts';

it('undoes in reverse order, once, and goes on after a step that fails', async () => {
  const done: string[] = [];
  const problems: string[] = [];
  const cleanup = new Cleanup((problem) => problems.push(problem));
  cleanup.add(async () => done.push('first'));
  cleanup.add(() => Promise.reject(new Error('cannot be undone')));
  cleanup.add(async () => done.push('last'));
  await cleanup.run();
  await cleanup.run();
  expect(done).toEqual(['last', 'first']);
  expect(problems).toEqual(['cannot be undone']);
});

it('a figure that fails leaves nothing behind', async () => {
  const done: string[] = [];
  const failing = withCleanup(new Cleanup(), async (cleanup) => {
    cleanup.add(async () => done.push('undone'));
    await Promise.reject(new Error('the figure failed'));
  });
  await expect(failing).rejects.toThrow('the figure failed');
  expect(done).toEqual(['undone']);
});
