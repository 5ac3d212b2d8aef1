/**
 * The import rules of `.dependency-cruiser.cjs`, with the advice of each rule beside every violation.
 *
 * A cruiser that skips a file, cannot read TypeScript, or has an `exclude` that swallows too much finds nothing wrong
 * there, silently. So the gate lists the source files and their imports itself, with TypeScript's own scanner, and
 * fails when the cruiser did not see every one of them.
 */
import { globSync, readFileSync } from 'node:fs';
import { cruise, type ICruiseOptions, type ICruiseResult, type IViolation } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import ts from 'typescript';

const roots = ['packages', 'apps', 'simulator', 'bench', 'e2e', 'tools'];
const unreadAdvice =
  'Mind "exclude" and "tsPreCompilationDeps" in .dependency-cruiser.cjs, and that TypeScript is a version that `npx depcruise --info` supports.';

const sources = globSync(`{${roots.join(',')}}/**/*.{ts,tsx}`, {
  exclude: ['**/node_modules/**', '**/dist/**', '**/testdata/**'],
});
const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs');
const result = await cruiseSources(sources, options);
const problems = [
  ...unread(sources, result),
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

/** What the cruiser did not see: no rule holds for it. */
function unread(files: readonly string[], { modules }: ICruiseResult): string[] {
  if (files.length === 0) return [`no-sources: there is no source file in ${roots.join(', ')}.`];
  const seen = new Map(
    modules.map(({ source, dependencies }) => [
      source,
      new Set(dependencies.map((d) => withoutPrefix(d.module))),
    ]),
  );
  const missed: string[] = [];
  for (const file of files) {
    const dependencies = seen.get(file);
    if (dependencies === undefined) {
      missed.push(`    ${file}`);
      continue;
    }
    const imports = importsOf(file).filter((name) => !dependencies.has(withoutPrefix(name)));
    missed.push(...imports.map((name) => `    ${file} → ${name}`));
  }
  if (missed.length === 0) return [];
  return [`unread: ${missed.length} files or imports were not read. ${unreadAdvice}\n${missed.join('\n')}`];
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return (
    ts
      .preProcessFile(text)
      // `declare module 'x'` adds to the types of x and imports nothing.
      .importedFiles.filter(({ pos }) => !/\bmodule\s+$/.test(text.slice(0, pos)))
      .map(({ fileName }) => fileName)
  );
}

function withoutPrefix(module: string): string {
  return module.replace(/^node:/, '');
}

function describe({ rule, from, to, cycle }: IViolation, { ruleSet }: ICruiseOptions): string {
  const advice = ruleSet?.forbidden?.find(({ name }) => name === rule.name)?.comment ?? '';
  const path = cycle === undefined ? [from, to] : [from, ...cycle.map(({ name }) => name)];
  return `${rule.name}: ${[...new Set(path)].join(' → ')}\n    ${advice}`;
}
