type JsonObject = Readonly<Record<string, unknown>>;

export function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** The object that a text is, or undefined. */
export function readObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What has to be written to make one document of another: members that differ, null for those that are gone. */
export function changeBetween(from: JsonObject, to: JsonObject): Record<string, unknown> {
  const changed = Object.entries(to).filter(
    ([key, value]) => !Object.hasOwn(from, key) || !isSame(from[key], value),
  );
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
  return Object.fromEntries([...changed, ...gone.map((key) => [key, null] as const)]);
}

/** Whether two JSON values are the same; the order of members does not count. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
