/**
 * What a device knows of the time without asking its own clock, which may stand at 1970 (no battery), at the day its
 * image was made (restored at boot), or at 2099.
 */
export interface TimeKnowledge {
  /** When this program was released, epoch milliseconds: nobody runs it earlier. */
  readonly releasedMs: number;
  /** The least that the present time can be: the release, or the newest time that a verified cloud has told. */
  readonly floorMs: number;
  /** What the system around this program says of the clock. */
  clockState(): Promise<ClockState>;
  /** A verified cloud has told its time. */
  onCloudTime(sample: CloudTimeSample): void;
}

/** `synchronized`: set from the network since the start. `free`: the system would know of that and does not. */
export type ClockState = 'synchronized' | 'free' | 'unknown';

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
 * - A clock that is years ahead of everything that is known is not believed, unless it has been synchronised.
 * - A clock that has not been synchronised, where that would be known, and says "not yet valid" is more likely behind
 *   than right: an image's date, or the last shutdown's. Nothing is known but that it is later by now than it says.
 * - Any other clock is believed.
 */
export function plausibleTimes(
  verdict: DateVerdict,
  clock: { readonly nowMs: number; readonly state: ClockState },
  floorMs: number,
): PlausibleTimes | undefined {
  const { nowMs, state } = clock;
  const spanMs = clockTrustYears * yearMs;
  const isBehind = nowMs < floorMs;
  const isAhead = nowMs > floorMs + spanMs && state !== 'synchronized';
  if (isBehind || isAhead) return { earliestMs: floorMs, latestMs: floorMs + spanMs };
  if (verdict === 'not_yet_valid' && state === 'free') {
    return { earliestMs: nowMs, latestMs: nowMs + spanMs };
  }
  return undefined;
}

/** No more than the release of the program is known, and nothing is remembered. */
export function onlyReleaseKnown(releasedMs: number): TimeKnowledge {
  return {
    releasedMs,
    floorMs: releasedMs,
    clockState: () => Promise.resolve('unknown'),
    onCloudTime: () => undefined,
  };
}
