/**
 * `npm run build -w @edgeflow/dashboard`: the dashboard as the cloud serves it, into apps/dashboard/dist, with each
 * asset compressed beside itself. `--if-stale` does nothing when that is there and made of the sources as they are:
 * this is what `npm ci`, `npm start` and `npm run demo` do first.
 */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compressFolder } from './compress.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = join(root, 'apps/dashboard');
const folder = join(project, 'dist');
const stamp = join(folder, '.made-of');

/** What the build is made of. The lockfile stands for every package. */
const sources = [
  'apps/dashboard/{index.html,vite.config.ts,package.json}',
  'apps/dashboard/src/**/*',
  'packages/contract/src/**/*.ts',
  'tools/dashboard/*.ts',
  'package-lock.json',
];

/** A name for the sources as they are now. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const files = globSync(sources, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

function isCurrent(made: string): boolean {
  try {
    return readFileSync(stamp, 'utf8') === made;
  } catch {
    return false;
  }
}

export async function buildDashboard(options: { readonly ifStale: boolean }): Promise<void> {
  const made = fingerprint();
  if (options.ifStale && isCurrent(made)) return;
  const startedMs = performance.now();
  const { build } = await import('vite');
  rmSync(stamp, { force: true });
  await build({ root: project, logLevel: 'warn' });
  const files = compressFolder(join(folder, 'assets'));
  // Last: a build that was cut off is stale.
  writeFileSync(stamp, made);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`dashboard built: ${String(files)} files, ${seconds} s\n`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { 'if-stale': { type: 'boolean', default: false } } });
  await buildDashboard({ ifStale: values['if-stale'] });
}
