import { type Spread, spread } from './statistics.ts';

/** One table of figures. */
export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How it was measured: what a reader must know to believe it. */
  readonly notes: readonly string[];
}

/** What a figure was meant to reach. */
export interface Aim {
  readonly what: string;
  readonly wanted: string;
  readonly seen: string;
  readonly met: boolean;
}

export interface Findings {
  readonly section: Section;
  readonly aims: readonly Aim[];
}

/** Three significant digits, thousands apart: `12,300`, `4.56`, `0.0789`. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** `4,560 (4,100–4,700)`: the median, and the least and the most of all rounds. */
export function shownSpread(values: readonly number[]): string {
  const { least, median, most }: Spread = spread(values);
  return values.length < 2 ? shown(median) : `${shown(median)} (${shown(least)}–${shown(most)})`;
}
