/**
 * What a device knows of the time without asking its own clock, which may stand at 1970 (no battery), at the day its
 * image was made (restored at boot), or at 2099.
 */
export interface TimeKnowledge {
  /** When this program was released, epoch milliseconds: nobody runs it earlier. */
  readonly releasedMs: number;
  /** The least that the present time can be: the release, or the newest time that a verified cloud has told. */
  readonly floorMs: number;
  /** Whether something outside this program vouches for the clock, such as a finished time synchronisation. */
  isClockSynchronized(): Promise<boolean>;
  /** A verified cloud has told its time. */
  onCloudTime(sample: CloudTimeSample): void;
}

export interface CloudTimeSample {
  /** The cloud's clock, epoch milliseconds. */
  readonly cloudMs: number;
  /** How old the cloud's word may be by now. */
  readonly ageMs: number;
  /** The validity of the certificate the cloud proved itself with; undefined without TLS. */
  readonly certificate: Validity | undefined;
}

export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The present lies between these, as far as anybody can tell. Epoch milliseconds. */
export interface PlausibleTimes {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/**
 * How far beyond the floor a clock is believed, in years. A device that is used hears from its cloud, and a fresh one
 * runs a recent release, so five years without either is rare; and the dates at which broken clocks come to rest (1970,
 * 1980, 2000, and 2036, 2038, 2099, 2106) all lie outside.
 */
const clockTrustYears = 5;
const yearMs = 365.25 * 24 * 3600 * 1000;

/** What OpenSSL held against a certificate, by this machine's clock. */
export type DateVerdict = 'expired' | 'not_yet_valid';

/**
 * The times at which a certificate may be judged that OpenSSL has refused for its dates alone; undefined when that
 * refusal stands, because the clock it was judged by may well be right.
 *
 * - A clock before the floor is wrong for certain, whoever vouches for it.
 * - A clock that calls a certificate of a trusted authority "not yet valid" is more likely behind than right: nothing is
 *   known of it but that it is later by now than it says.
 * - A clock that says "expired" is believed, unless it is years ahead of everything that is known.
 */
export function plausibleTimes(
  verdict: DateVerdict,
  clock: { readonly nowMs: number; readonly isSynchronized: boolean },
  floorMs: number,
): PlausibleTimes | undefined {
  const { nowMs, isSynchronized } = clock;
  const spanMs = clockTrustYears * yearMs;
  const isAhead = nowMs > floorMs + spanMs;
  const isBehind = nowMs < floorMs;
  if (isBehind || (isAhead && !isSynchronized)) return { earliestMs: floorMs, latestMs: floorMs + spanMs };
  if (verdict === 'expired' || isSynchronized) return undefined;
  return { earliestMs: nowMs, latestMs: nowMs + spanMs };
}

/** No more than the release of the program is known, and nothing is remembered. */
export function onlyReleaseKnown(releasedMs: number): TimeKnowledge {
  return {
    releasedMs,
    floorMs: releasedMs,
    isClockSynchronized: () => Promise.resolve(false),
    onCloudTime: () => undefined,
  };
}
