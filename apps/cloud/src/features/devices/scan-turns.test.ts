import { expect, it } from 'vitest';
import { OverloadedError } from '../../storage/failures.ts';
import { ScanTurns } from './scan-turns.ts';

it('one scan runs at a time on SQLite, in the order they came, and a failure lets the next one start', async () => {
  const turns = new ScanTurns('sqlite');
  const log: string[] = [];
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<undefined>());
  const runs = gates.map((gate, index) =>
    turns.run(async () => {
      log.push(`start ${String(index)}`);
      await gate.promise;
      log.push(`end ${String(index)}`);
      if (index === 1) throw new Error('broken');
    }),
  );
  const settled = Promise.allSettled(runs);
  for (const gate of gates.toReversed()) gate.resolve(undefined);
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(log).toEqual(['start 0', 'end 0', 'start 1', 'end 1', 'start 2', 'end 2']);
  expect(await turns.run(() => Promise.resolve('free again'))).toBe('free again');
});

it('more than can wait are told to come back', async () => {
  const turns = new ScanTurns('sqlite');
  const gate = Promise.withResolvers<undefined>();
  const waiting = Array.from({ length: 65 }, () => turns.run(() => gate.promise));
  await expect(turns.run(() => gate.promise)).rejects.toThrow(OverloadedError);
  gate.resolve(undefined);
  await Promise.all(waiting);
});
