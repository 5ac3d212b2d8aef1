import { systemClock, systemTimers, type TimeSource } from '@edgeflow/platform';
import { onlyReleaseKnown, type TimeKnowledge } from '../plausible-time.ts';
import type { CertificateRequest } from './certificates.ts';

const hourMs = 3_600_000;

/**
 * What the clock of a device says. Node's TLS reads the real one, so the certificates move instead: to a device at
 * 1970 they lie in the future and to one at 2099 in the past, and so they do for OpenSSL.
 */
export interface DeviceClock {
  readonly name: string;
  readonly time: TimeSource;
  /** Makes certificates that are valid at the true time, at which the test plays. */
  readonly validity: Pick<CertificateRequest, 'validFromHours' | 'validUntilHours'>;
  /** The same for one that expired before the program was released. */
  readonly expired: Pick<CertificateRequest, 'validFromHours' | 'validUntilHours'>;
  readonly knowledge: TimeKnowledge;
}

function deviceClock(
  name: string,
  nowMs: () => number,
  hours: number,
  validity: DeviceClock['validity'],
): DeviceClock {
  const knowledge = onlyReleaseKnown(Date.now() + hours * hourMs);
  return {
    name,
    time: { clock: { now: nowMs, monotonic: () => systemClock.monotonic() }, timers: systemTimers },
    validity,
    expired: { validFromHours: hours - 48, validUntilHours: hours - 24 },
    knowledge,
  };
}

export const rightClock = deviceClock('is right', () => Date.now(), -1, {
  validFromHours: -5,
  validUntilHours: 5,
});

/** The program was released a day ago. */
export const clockAt1970 = deviceClock('stands at 1970', () => 60_000, -24, {
  validFromHours: 5,
  validUntilHours: 50,
});

/** The program was released four hours ago, and the certificates of that time have run out since. */
export const clockAt2099 = deviceClock('stands at 2099', () => Date.UTC(2099, 5, 1), -4, {
  validFromHours: -5,
  validUntilHours: -1,
});
