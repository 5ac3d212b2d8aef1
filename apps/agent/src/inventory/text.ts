/** Longest text the inventory reports, in UTF-16 units: a dozen of them stay far below the cloud's body limit. */
export const textLengthMax = 256;

const decoder = new TextDecoder('utf-8');

/** UTF-8, leniently: invalid bytes become U+FFFD. Control characters stay, for parsers that need them. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * A text that can be shown, stored and compared: well-formed, one line, no control or invisible formatting
 * characters (a device-tree string ends in NUL; a direction override could disguise a name on a dashboard),
 * single spaces, trimmed, at most {@link textLengthMax} long.
 */
export function cleanText(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  if (line.length <= textLengthMax) return line;
  return line
    .slice(0, textLengthMax)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
}

/** {@link cleanText}, with nothing for an empty text. */
export function cleanTextOrNothing(text: string | undefined): string | undefined {
  const clean = cleanText(text ?? '');
  return clean === '' ? undefined : clean;
}
