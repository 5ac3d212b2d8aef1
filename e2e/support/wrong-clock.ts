import { globSync } from 'node:fs';

/** Debian's package libfaketime shifts the clock of one process; without it there is no such process to test. */
const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');

/**
 * Whether processes with a wrong clock can be run. Where they cannot, that is said aloud.
 *
 * @throws Error where `CI` is set: nothing is skipped there.
 */
export function hasWrongClocks(who: string): boolean {
  if (library !== undefined) return true;
  const text = `${who} needs libfaketime (apt-get install faketime). No real process was run with a wrong clock.`;
  if ((process.env.CI ?? '') !== '') throw new Error(text);
  process.stderr.write(`\nSKIPPED: ${text}\n\n`);
  return false;
}

/** An environment in which a process starts at this time and goes on from there; durations are left alone. */
export function startingAt(time: string): Record<string, string> {
  return { LD_PRELOAD: library ?? '', FAKETIME: `@${time}`, FAKETIME_DONT_FAKE_MONOTONIC: '1', TZ: 'UTC' };
}
