/**
 * A text of somebody else (the cloud, a certificate, a portal, a proxy) as a part of one line that is logged and shown:
 * trimmed, with `·` in place of everything that commands, hides or reorders, and no half of a character at its end.
 *
 * @param lengthMax in UTF-16 units.
 */
export function foreignText(text: string, lengthMax: number): string {
  return text
    .trim()
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '·')
    .slice(0, lengthMax)
    .replace(/[\uD800-\uDBFF]$/, '');
}
