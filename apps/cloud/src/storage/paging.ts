/** A place in a list ordered by time and id, newest first. Opaque to callers. */
export interface Place {
  readonly atMs: number;
  readonly id: string;
}

export function formatCursor(place: Place): string {
  return Buffer.from(JSON.stringify([place.atMs, place.id])).toString('base64url');
}

/** The place behind a cursor, or undefined for text that is none. */
export function parseCursor(cursor: string): Place | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [atMs, id] = value as unknown[];
    if (typeof atMs !== 'number' || !Number.isSafeInteger(atMs) || typeof id !== 'string') return undefined;
    return id.includes('\0') ? undefined : { atMs, id };
  } catch {
    return undefined;
  }
}
