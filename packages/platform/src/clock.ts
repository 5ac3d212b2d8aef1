/**
 * Time as the program sees it. Nothing outside `platform/real` reads the machine's clock.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. May be wrong and may jump. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never jumps, never runs backwards. Use it for every duration. */
  monotonic(): number;
}

/** RFC 3339 in UTC with milliseconds dropped when they are zero: `2026-02-21T12:00:00Z`. */
export function toRfc3339(epochMs: number): string {
  const text = new Date(epochMs).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}
