import { cleanText } from './text.ts';

/** A broken machine repeats itself; past this many, notes help nobody. */
export const notesMax = 64;

/** Remarks for the person who looks at this device: what limits it, and which sources could not be read. */
export class Notes {
  readonly #texts = new Set<string>();

  /** Keeps `text` unless it is there already or {@link notesMax} are. */
  add(text: string): void {
    if (this.#texts.size < notesMax) this.#texts.add(cleanText(text));
  }

  /** Sorted: sources are read at the same time, and the same machine must give the same notes. */
  toArray(): string[] {
    return [...this.#texts].sort();
  }
}
