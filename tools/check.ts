/**
 * `npm run check`: every gate, one line each as it finishes, then what the failed ones printed.
 * `npm run check -- types lint` runs only those. Leaves with 1 when any fails.
 */
import { availableParallelism } from 'node:os';
import { gates, runGate, runLimited } from './gates.ts';

const names = gates.map(({ name }) => name);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.some((known) => known === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no gate ${unknown.join(', ')}. Name some of: ${names.join(', ')}.\n`);
  process.exit(2);
}

const chosen = wanted.length === 0 ? gates : gates.filter(({ name }) => wanted.includes(name));
const root = process.cwd();
const results = await runLimited(
  chosen.map((gate) => async () => {
    const result = await runGate(gate, root);
    process.stdout.write(
      `${result.passed ? 'ok  ' : 'FAIL'} ${result.name.padEnd(8)}${result.elapsedMs.toFixed(0).padStart(7)} ms\n`,
    );
    return result;
  }),
  Math.min(availableParallelism(), 4),
);

for (const { name, output } of results.filter(({ passed }) => !passed)) {
  process.stdout.write(`\n--- ${name} ---\n${output.trim() || '(it printed nothing)'}\n`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
