/** A classic bug, as a change to one file of the programs. */
export interface Plant {
  readonly name: string;
  /** In words, for the report. */
  readonly what: string;
  /** Below the root of the repository. */
  readonly file: string;
  /** The checkers that it shows to; which one is first depends on the world. */
  readonly checkers: readonly string[];
  /** The first of the worlds in which it is looked for. */
  readonly seed: number;
  readonly edits: readonly { readonly find: string; readonly replace: string }[];
}
