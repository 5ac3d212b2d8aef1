import { faultKinds, type FaultKind } from '../world/faults.ts';
import type { Options } from './options.ts';
import type { Summary } from './simulate.ts';

/** What a run was and what came of it, as a table for people; in Markdown, so that it can go into the docs. */
export function describeRun(summary: Summary): string {
  const rows: [string, number | string][] = [
    ['worlds', summary.worlds],
    ['seeds', `${summary.firstSeed} to ${summary.lastSeed}`],
    ['onboardings', summary.onboardings],
    ['simulated time', `${(summary.simulatedMs / 3_600_000).toFixed(0)} h`],
    ['events', summary.events],
    ['longest healing', `${(summary.healedMsMax / 1000).toFixed(0)} s`],
    ['violations', summary.failure === undefined ? 0 : 1],
  ];
  const stories = Object.entries(summary.stories).sort(([, a], [, b]) => b - a);
  const kinds = Object.keys(faultKinds) as FaultKind[];
  const faults = kinds.map((kind): [string, number] => [faultKinds[kind], summary.faults[kind] ?? 0]);
  return [
    table(['run', ''], rows),
    table(['story', 'times'], stories),
    table(['fault', 'times'], faults),
  ].join('\n');
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
