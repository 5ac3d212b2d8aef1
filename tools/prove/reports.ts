import type { GateName } from '../gates.ts';

/**
 * What a gate printed, cut into reports that stand for themselves: one problem with its file and its rule. Words that
 * must belong together are looked for in one report, so that a rule named for one file cannot vouch for another.
 */
export function reportsOf(gate: GateName, output: string): string[] {
  switch (gate) {
    case 'types':
    case 'format':
      return lines(output);
    case 'imports':
      return output.split('\n\n').filter((report) => report.trim() !== '');
    case 'lint':
      return underHeadings(output, (line) => /^\S/.test(line));
    case 'unused':
      return underHeadings(output, (line) => /^[A-Z][A-Za-z ]+ \(\d+\)$/.test(line));
  }
}

export function names(reports: readonly string[], words: readonly string[]): boolean {
  return reports.some((report) => words.every((word) => report.includes(word)));
}

/** Each line that is no heading, with the heading above it before it. */
function underHeadings(output: string, isHeading: (line: string) => boolean): string[] {
  const reports: string[] = [];
  let heading = '';
  for (const line of lines(output)) {
    if (isHeading(line)) heading = line;
    else reports.push(`${heading}: ${line}`);
  }
  return reports;
}

function lines(output: string): string[] {
  return output.split('\n').filter((line) => line.trim() !== '');
}
