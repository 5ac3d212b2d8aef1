import { addCounts, type FaultCounts, faultKinds, type FaultKind } from '../world/faults.ts';
import type { Options } from './options.ts';
import type { Summary } from './simulate.ts';

/** What a run was and what came of it, as tables for people; in Markdown, so that they can go into the docs. */
export function describeRuns(parts: readonly Summary[]): string {
  const sum = (of: (part: Summary) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const failures = parts.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const rows: [string, number | string][] = [
    ['worlds', sum(({ worlds }) => worlds)],
    ['seeds', seedsOf(parts)],
    ['onboardings', sum(({ onboardings }) => onboardings)],
    ['simulated time', `${(sum(({ simulatedMs }) => simulatedMs) / 3_600_000).toFixed(1)} h`],
    ['events', sum(({ events }) => events)],
    ['longest healing', `${(Math.max(...parts.map(({ healedMsMax }) => healedMsMax)) / 1000).toFixed(0)} s`],
    ['**violations**', `**${failures.length}**`],
  ];
  const stories: Record<string, number> = {};
  const faults: FaultCounts = {};
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part.stories)) stories[kind] = (stories[kind] ?? 0) + count;
    addCounts(faults, part.faults);
  }
  const kinds = Object.keys(faultKinds) as FaultKind[];
  return [
    table(['run', ''], rows),
    table(
      ['story', 'times'],
      Object.entries(stories).sort(([, a], [, b]) => b - a),
    ),
    table(
      ['fault', 'times'],
      kinds.map((kind) => [faultKinds[kind], faults[kind] ?? 0]),
    ),
  ].join('\n');
}

/** Stretches of seeds, those that follow each other as one. */
function seedsOf(parts: readonly Summary[]): string {
  const stretches: { first: number; last: number }[] = [];
  for (const { firstSeed, lastSeed } of [...parts].sort((a, b) => a.firstSeed - b.firstSeed)) {
    const before = stretches.at(-1);
    if (before !== undefined && before.last + 1 === firstSeed) before.last = lastSeed;
    else stretches.push({ first: firstSeed, last: lastSeed });
  }
  return stretches.map(({ first, last }) => `${first} to ${last}`).join(', ');
}

export function describeFailure(summary: Summary, options: Options): string {
  const { failure } = summary;
  if (failure === undefined) return '';
  const plant = options.plant === undefined ? '' : ` --plant ${options.plant}`;
  const replay = `npm run simulate -- --seed ${failure.seed} --runs 1 --devices ${options.devices}${plant} --trace`;
  return `seed ${failure.seed} broke a promise after ${summary.onboardings} onboardings\n  ${failure.message}\nreplay it with\n  ${replay}\n`;
}

function table(
  head: readonly [string, string],
  rows: readonly (readonly [string, number | string])[],
): string {
  const lines = rows.map(
    ([name, value]) => `| ${name} | ${typeof value === 'number' ? value.toLocaleString('en') : value} |`,
  );
  return `| ${head[0]} | ${head[1]} |\n|---|--:|\n${lines.join('\n')}\n`;
}
