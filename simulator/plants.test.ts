import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { change } from './plants/apply.ts';
import { plants } from './plants/plants.ts';
import { catchPlant } from './plants/catch.ts';

const timeoutMs = 5 * 60_000;

describe.each(plants)('the planted bug $name', (plant) => {
  it('still fits the code as it is', async () => {
    const source = await readFile(join(import.meta.dirname, '..', plant.file), 'utf8');
    expect(change(plant, source)).not.toBe(source);
  });

  it.concurrent(
    'is caught',
    async () => {
      const { caughtBy } = await catchPlant(plant);
      expect(plant.checkers).toContain(caughtBy);
    },
    timeoutMs,
  );
});
