/** A text of an address, in which the router reads `42` and `true` as what they look like. */
export function textOf(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}
