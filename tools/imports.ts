/**
 * The import rules of `.dependency-cruiser.cjs`, with the advice of each rule beside every violation.
 *
 * A cruiser that cannot read TypeScript, or whose `exclude` swallows too much, reports no violation at all. So the
 * gate lists the source files itself and fails when the cruiser did not read every one of them.
 */
import { globSync } from 'node:fs';
import { cruise, type ICruiseOptions, type ICruiseResult, type IViolation } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const roots = ['packages', 'apps', 'simulator', 'bench', 'e2e', 'tools'];

const unreadAdvice =
  'Mind "exclude" in .dependency-cruiser.cjs, and that TypeScript is a version that `npx depcruise --info` supports.';

const sources = globSync(`{${roots.join(',')}}/**/*.{ts,tsx}`, {
  exclude: ['**/node_modules/**', '**/dist/**', '**/testdata/**'],
});
const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs');
const result = await cruiseSources(sources, options);
const problems = [
  ...unreadSources(sources, result),
  ...result.summary.violations.map((violation) => describe(violation, options)),
];

if (problems.length > 0) process.stdout.write(`${problems.join('\n\n')}\n\n`);
process.stdout.write(
  `${problems.length} problems; ${result.summary.totalCruised} modules and ` +
    `${result.summary.totalDependenciesCruised ?? 0} imports read.\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

async function cruiseSources(
  files: readonly string[],
  cruiseOptions: ICruiseOptions,
): Promise<ICruiseResult> {
  const { output } = await cruise([...files], cruiseOptions, undefined, {
    tsConfig: extractTSConfig('tsconfig.json'),
  });
  if (typeof output === 'string')
    throw new Error('dependency-cruiser answered with text instead of a result');
  return output;
}

function unreadSources(files: readonly string[], { modules, summary }: ICruiseResult): string[] {
  if (files.length === 0) return [`no-sources: there is no source file in ${roots.join(', ')}.`];
  if ((summary.totalDependenciesCruised ?? 0) === 0)
    return [`no-imports: not one import was read. ${unreadAdvice}`];
  const read = new Set(modules.map((module) => module.source));
  const unread = files.filter((file) => !read.has(file));
  if (unread.length === 0) return [];
  return [
    `unread-sources: ${unread.length} of ${files.length} source files were not read, so no rule holds for them. ${unreadAdvice}\n` +
      unread.map((file) => `    ${file}`).join('\n'),
  ];
}

function describe({ rule, from, to, cycle }: IViolation, { ruleSet }: ICruiseOptions): string {
  const advice = ruleSet?.forbidden?.find(({ name }) => name === rule.name)?.comment ?? '';
  const path = cycle === undefined ? [from, to] : [from, ...cycle.map(({ name }) => name)];
  return `${rule.name}: ${[...new Set(path)].join(' → ')}\n    ${advice}`;
}
