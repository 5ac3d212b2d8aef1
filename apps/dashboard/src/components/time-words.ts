/** Times and durations in words, in the viewer's language and zone. */

const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const distanceFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

type Unit = readonly [unit: Intl.RelativeTimeFormatUnit, ms: number];
const minute: Unit = ['minute', 60_000];
const units: readonly Unit[] = [
  ['year', 365 * 24 * 3_600_000],
  ['month', 30 * 24 * 3_600_000],
  ['day', 24 * 3_600_000],
  ['hour', 3_600_000],
  minute,
];
const justNowMs = 45_000;
/** What has just happened may seem to be ahead by what the clocks of browser and cloud differ. */
const skewMs = 10_000;

/** `21 Feb 2026, 12:00:03`, as the viewer's language writes it. */
export function formatTime(at: string): string {
  return exactFormat.format(new Date(at));
}

/** `12:00:03` in the viewer's zone. */
export function formatClock(at: string): string {
  return clockFormat.format(new Date(at));
}

/** `3 minutes ago`, `in 2 days`; `just now` for less than three quarters of a minute. */
export function describeDistance(ms: number): string {
  if (Math.abs(ms) < justNowMs) return ms > skewMs ? 'in a moment' : 'just now';
  // The largest unit of which there is one once it is rounded: 59 minutes and 40 seconds are an hour.
  const [unit, size] = units.find(([, unitMs]) => Math.abs(ms) >= unitMs - smallerThan(unitMs) / 2) ?? minute;
  return distanceFormat.format(Math.round(ms / size), unit);
}

function smallerThan(unitMs: number): number {
  return units.find(([, ms]) => ms < unitMs)?.[1] ?? 0;
}

/** `23 h 59 min`, `12 min`, `40 s`, `3 d 4 h`: two units at most, rounded down. */
export function describeDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return joined([days, 'd'], [hours % 24, 'h']);
  if (hours > 0) return joined([hours, 'h'], [minutes % 60, 'min']);
  return minutes > 0 ? `${String(minutes)} min` : `${String(seconds)} s`;
}

function joined(
  [large, largeUnit]: readonly [number, string],
  [small, smallUnit]: readonly [number, string],
): string {
  const first = `${String(large)} ${largeUnit}`;
  return small === 0 ? first : `${first} ${String(small)} ${smallUnit}`;
}
