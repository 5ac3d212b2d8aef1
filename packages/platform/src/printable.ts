/**
 * Text that came from a device or a person elsewhere, made safe for a terminal: control characters (which could
 * move the cursor, set the title or worse) and marks that reverse the reading direction become visible escapes.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** JSON that a terminal prints as it is: JSON.stringify escapes C0 controls alone. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  // An escape means the same to every JSON reader. Line ends of the layout stay.
  return text.replaceAll(/[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu, printable);
}
