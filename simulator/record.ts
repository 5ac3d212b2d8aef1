/**
 * `node simulator/record.ts plants` writes the table of planted bugs into docs/simulation.md; `node simulator/record.ts
 * run FILE…` the tables of a run whose parts `npm run simulate -- --json` has printed, each into a FILE.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Catch, catchPlant } from './plants/catch.ts';
import { plants } from './plants/plants.ts';
import { describeRuns } from './run/print.ts';
import type { Summary } from './run/simulate.ts';

const page = join(import.meta.dirname, '..', 'docs', 'simulation.md');
const [what, ...files] = process.argv.slice(2);

if (what === 'plants') await write('plants', await plantTable());
else if (what === 'run' && files.length > 0) await write('run', await runTables(files));
else throw new Error('say what to record: plants, or run FILE…');

async function runTables(paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    paths.map(async (path) => JSON.parse(await readFile(path, 'utf8')) as Summary),
  );
  return describeRuns(parts);
}

/** One after another: each has a core to itself, and the numbers do not depend on it anyway. */
async function plantTable(): Promise<string> {
  const rows: string[] = [];
  for (const plant of plants) rows.push(row(await catchPlant(plant)));
  return `| planted bug | what it does | caught by | world | onboardings before |\n|---|---|---|--:|--:|\n${rows.join('\n')}\n`;
}

function row({ plant, caughtBy, worlds, onboardings }: Catch): string {
  process.stdout.write(`${plant.name}: ${caughtBy ?? 'NOT CAUGHT'} in world ${worlds}\n`);
  return `| \`${plant.name}\` | ${plant.what} | ${caughtBy ?? '**not caught**'} | ${worlds} | ${onboardings} |`;
}

/** Replaces what stands between the marks of this name. */
async function write(name: string, text: string): Promise<void> {
  const before = await readFile(page, 'utf8');
  const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(before)) throw new Error(`docs/simulation.md has no place for ${name}`);
  await writeFile(
    page,
    before.replace(pattern, (_, head: string, tail: string) => `${head}\n${text}\n${tail}`),
  );
}
