/**
 * Finds secrets where none may be: in a log line, an event, an audit row. By their form, so that one that nobody
 * has registered is found too, and by their value, for those whose form says nothing.
 */
export class SecretSearch {
  readonly #known = new Set<string>();

  /** A claim secret or a token. */
  add(secret: string): void {
    this.#known.add(secret);
  }

  /** What kind of secret there is in `text`, if any. */
  find(text: string): string | undefined {
    if (text.includes('efk_') && /efk_[0-9A-Za-z]{9,}/.test(text)) return 'an API key';
    if (/prov/i.test(text) && /\bPROV[- ]?(?=[A-Z]{0,7}[0-9])[0-9A-Z]{4}[- ]?[0-9A-Z]{4}/i.test(text))
      return 'a code';
    for (const [word] of text.matchAll(/[\w-]{32,}/g)) {
      if (this.#known.has(word)) return 'a claim secret or token';
    }
    return undefined;
  }
}
