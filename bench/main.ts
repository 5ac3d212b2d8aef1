/**
 * `npm run bench`: what registrations, tunnels and the agent cost, each beside the floor that was measured in the
 * same run. `npm run bench -- registrations memory` runs only those; `--quick` takes under a minute and is for trying
 * things out; `--write` keeps the whole table in bench/RESULTS.md.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '@edgeflow/platform';
import { measureAgent } from './figures/agent.ts';
import { measureDevices } from './figures/devices.ts';
import { measureMemory } from './figures/memory.ts';
import { measureRegistrations } from './figures/registrations.ts';
import { measureTunnels } from './figures/tunnels.ts';
import { fullPlan, type Plan, quickPlan } from './plan.ts';
import { describeMachine } from './report/description.ts';
import type { Findings } from './report/section.ts';
import { aimsSection, asMarkdown, asText } from './report/table.ts';
import { Cleanup, withCleanup } from './support/cleanup.ts';
import { Quiet } from './support/quiet.ts';

const figures: Readonly<Record<string, (cleanup: Cleanup, plan: Plan) => Promise<Findings>>> = {
  registrations: measureRegistrations,
  tunnels: measureTunnels,
  devices: measureDevices,
  memory: measureMemory,
  agent: measureAgent,
};
const resultsFile = new URL('RESULTS.md', import.meta.url);
const exitUsage = 2;
const intro = `# Figures

Written by \`npm run bench -- --write\`. Figures are medians of several rounds, with the least and the most of them;
ours and the floor take turns in one run. A floor is the least that any program would need for the same work.`;

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const names = positionals.length === 0 ? Object.keys(figures) : positionals;
const unknown = names.filter((name) => !Object.hasOwn(figures, name));
if (unknown.length > 0) {
  refuse(`There is no figure ${unknown.join(', ')}. Name some of: ${Object.keys(figures).join(', ')}.`);
}
if (options.write && (options.quick || positionals.length > 0)) {
  refuse('--write keeps the whole table: leave --quick and the names out.');
}

const cleanup = new Cleanup();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanup.run().then(() => process.exit(1)));
}
try {
  await run(options.quick ? quickPlan : fullPlan);
} finally {
  await cleanup.run();
}

async function run(plan: Plan): Promise<void> {
  const machine = describeMachine(systemClock);
  for (const [name, value] of machine) say(`${name.padEnd(10)} ${value}`);
  const quiet = new Quiet();
  const all: Findings[] = [];
  for (const name of names) {
    const measure = figures[name];
    if (measure === undefined) continue;
    await quiet.wait(plan.quietWaitMs);
    const findings = await withCleanup(cleanup, (own) => measure(own, plan));
    say(asText(findings.section));
    all.push(findings);
  }
  const aims = aimsSection(all.flatMap((findings) => findings.aims));
  say(asText(aims));
  say(`\n${quiet.describe()}`);
  if (!options.write) return;
  const facts = [...machine, ['load', quiet.describe()] as const].map(
    ([name, value]) => `- ${name}: ${value}`,
  );
  const sections = [aims, ...all.map(({ section }) => section)].map(asMarkdown);
  writeFileSync(resultsFile, [intro, facts.join('\n'), ...sections, ''].join('\n\n'));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(exitUsage);
}
