import type { GateName } from '../gates.ts';
import type { Change } from './copy.ts';

/** One violation, and how the gate has to answer it. */
export interface Plant {
  readonly gate: GateName;
  /** What is being proven: the rule, or what it forbids. Shown in the table. */
  readonly title: string;
  readonly changes: Readonly<Record<string, Change>>;
  /** All of these have to stand together in one report of the gate: the file, the rule, the advice. */
  readonly words: readonly string[];
  /** It would blind the gate to the other plants, so it gets a copy of the tree for itself. */
  readonly alone?: true;
}

/** Code that looks like a violation and is none: where a rule makes an exception. The gate must not name the file. */
export interface Innocent {
  readonly gate: GateName;
  readonly title: string;
  readonly changes: Readonly<Record<string, Change>>;
  /** Must appear nowhere in what the gate prints. */
  readonly unnamed: string;
}
