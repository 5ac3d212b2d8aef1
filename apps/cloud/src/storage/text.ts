/** What stands where a character was that cannot be stored (U+FFFD). */
const replacement = '\ufffd';
/** How `JSON.stringify` writes NUL and lone surrogates. */
const unstorableEscapes = /\\u(?:0000|d[89a-f])/;

/**
 * A text that both databases hold and give back unchanged: PostgreSQL knows no NUL, and neither knows lone
 * surrogates. Every text passes here on its way in, so that none from outside can make a statement fail; one that
 * is looked for in this form matches nothing that was ever made.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', replacement);
}

/** Whether the texts inside may hold NUL or lone surrogates, of JSON as `JSON.stringify` writes it. Never overlooks one. */
export function mayBeUnstorable(json: string): boolean {
  return unstorableEscapes.test(json);
}

/** JSON whose texts are {@link storableText}. Most hold nothing to replace, and a look at the result is cheap. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!mayBeUnstorable(text)) return text;
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'string' ? storableText(member) : member,
  );
}
