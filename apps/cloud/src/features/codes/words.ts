/** Words kept of one code; a name and a device's name have 256 characters together. */
const wordsMax = 32;
const wordLengthMax = 64;

/** The words of these texts as searches know them: lower case, each once, letters and digits alone. */
export function searchWords(...texts: readonly (string | null)[]): string[] {
  const words = texts
    .filter((text) => text !== null)
    .flatMap(
      (text) =>
        text
          .normalize('NFKC')
          .toLowerCase()
          .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [],
    );
  return [...new Set(words.map((word) => word.slice(0, wordLengthMax)))].slice(0, wordsMax);
}

/** The words as one text in which each follows a space; null when there is none. */
export function wordsText(words: readonly string[]): string | null {
  return words.length === 0 ? null : words.map((word) => ` ${word}`).join('');
}
