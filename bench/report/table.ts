import type { Aim, Section } from './section.ts';

/** A section as text with columns that line up. */
export function asText({ columns, notes, rows, title }: Section): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ');
  const rule = widths.map((width) => '-'.repeat(width));
  return [
    `\n${title}`,
    line(columns),
    line(rule),
    ...rows.map(line),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

export function asMarkdown({ columns, notes, rows, title }: Section): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  const table = [line(columns), line(rule), ...rows.map(line)].join('\n');
  return [`## ${title}`, table, notes.map((note) => `- ${note}`).join('\n')].join('\n\n');
}

export function aimsSection(aims: readonly Aim[]): Section {
  const rows = aims.map(({ met, seen, wanted, what }) => [what, wanted, seen, met ? 'met' : 'MISSED']);
  return { title: 'Aims', columns: ['figure', 'aim', 'seen', ''], rows, notes: [] };
}
