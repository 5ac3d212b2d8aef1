import { describe, expect, it } from 'vitest';
import { type ClockState, type DateVerdict, plausibleTimes } from './plausible-time.ts';

const floorMs = Date.UTC(2026, 10, 24);
const yearMs = 365.25 * 24 * 3600 * 1000;
const fiveYearsMs = 5 * yearMs;

function timesFor(verdict: DateVerdict, nowMs: number, state: ClockState = 'unknown') {
  return plausibleTimes(verdict, { nowMs, state }, floorMs);
}

describe('a certificate that OpenSSL calls expired', () => {
  it.each([
    ['as it is', floorMs],
    ['one year on', floorMs + yearMs],
    ['nearly five years on', floorMs + fiveYearsMs],
  ])('is expired for a clock that may be right: %s', (_name, nowMs) => {
    expect(timesFor('expired', nowMs)).toBeUndefined();
  });

  it.each([
    ['1970', 0],
    ['1980, where FAT begins', Date.UTC(1980, 0, 1)],
    ['2000, where many chips begin', Date.UTC(2000, 0, 1)],
    ['2036, where NTP wraps', Date.UTC(2036, 1, 7)],
    ['2038, where 31 bits end', Date.UTC(2038, 0, 19)],
    ['2099', Date.UTC(2099, 0, 1)],
    ['2106, where 32 bits end', Date.UTC(2106, 1, 7)],
  ])('is judged from the floor on for a clock at %s', (_name, nowMs) => {
    expect(timesFor('expired', nowMs)).toEqual({ earliestMs: floorMs, latestMs: floorMs + fiveYearsMs });
  });

  it('is expired for a clock years on that something outside has set, but not for one before the floor', () => {
    expect(timesFor('expired', floorMs + 8 * yearMs, 'synchronized')).toBeUndefined();
    expect(timesFor('expired', floorMs - 1, 'synchronized')).toMatchObject({ earliestMs: floorMs });
  });
});

describe('a certificate that OpenSSL calls not valid yet', () => {
  it('is judged for a clock that nothing has set since the start: it is later than the clock says, and no more is known', () => {
    const nowMs = floorMs + yearMs;
    const times = { earliestMs: nowMs, latestMs: nowMs + fiveYearsMs };
    expect(timesFor('not_yet_valid', nowMs, 'free')).toEqual(times);
  });

  it('is not valid yet for a clock of which nothing is known, or that something outside has set', () => {
    expect(timesFor('not_yet_valid', floorMs + yearMs)).toBeUndefined();
    expect(timesFor('not_yet_valid', floorMs + yearMs, 'synchronized')).toBeUndefined();
  });

  it('is judged from the floor on for a clock before it', () => {
    expect(timesFor('not_yet_valid', 0, 'synchronized')).toMatchObject({ earliestMs: floorMs });
  });
});
