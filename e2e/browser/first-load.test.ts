import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../support/processes.ts';

const budgetBytes = 350 * 1024;
const dist = join(repository, 'apps/dashboard/dist');

it('the first load of the dashboard is at most 350 KB as it is sent', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\/assets\/([^"]+)"/g)].map(([, name = '']) => name);
  expect(named.filter((name) => name.endsWith('.js')).length).toBeGreaterThan(0);
  // The largest page that is loaded on demand counts too, whichever it is.
  const chunks = readdirSync(join(dist, 'assets')).filter(
    (name) => /\.(js|css)$/.test(name) && !named.includes(name),
  );
  const largest = Math.max(0, ...chunks.map(sentBytes));
  const total = Buffer.byteLength(html) + named.reduce((sum, name) => sum + sentBytes(name), 0) + largest;
  process.stdout.write(
    `first load: ${(total / 1024).toFixed(0)} KB of ${String(budgetBytes / 1024)} KB (gzip)\n`,
  );
  expect(total).toBeLessThanOrEqual(budgetBytes);
});

/** By gzip, which every browser takes; brotli is smaller. */
function sentBytes(name: string): number {
  const file = join(dist, 'assets', name);
  return statSync(`${file}.gz`, { throwIfNoEntry: false })?.size ?? statSync(file).size;
}
