/** Distinct unknown codes a day, over all addresses, from which on somebody is guessing. */
export const alarmGuessesADay = 1_000;
/** From which on it is a heavy attack. */
export const heavyGuessesADay = 100_000;
/** The alarm ends when the guesses of a day have been fewer than {@link alarmGuessesADay} for so long. */
export const calmSeconds = 72 * 3600;
/** How often at least the alarm's end is moved while the attack goes on. */
const renewMs = 60_000;

/** An episode of guessing, over the whole cloud. */
export interface Alarm {
  readonly level: 1 | 2;
  readonly raisedAtMs: number;
  /** When the guesses of a day were last too many. */
  readonly aboveAtMs: number;
}

export interface AlarmDecision {
  readonly alarm: Alarm | undefined;
  /** Whether the alarm differs from before and is to be written. */
  readonly changed: boolean;
  /** What everybody concerned is told; once an episode each. */
  readonly announce: 'raised' | 'calm' | undefined;
}

/** The pure rule of the alarm. It never falls a level before it ends. */
export function decideAlarm(before: Alarm | undefined, guessesADay: number, nowMs: number): AlarmDecision {
  const level = levelOf(guessesADay);
  if (before === undefined) {
    if (level === 0) return { alarm: undefined, changed: false, announce: undefined };
    return { alarm: { level, raisedAtMs: nowMs, aboveAtMs: nowMs }, changed: true, announce: 'raised' };
  }
  if (level === 0) {
    if (nowMs < calmAtMs(before)) return { alarm: before, changed: false, announce: undefined };
    return { alarm: undefined, changed: true, announce: 'calm' };
  }
  const worse = level > before.level;
  if (!worse && nowMs - before.aboveAtMs < renewMs) {
    return { alarm: before, changed: false, announce: undefined };
  }
  const alarm: Alarm = { ...before, level: worse ? level : before.level, aboveAtMs: nowMs };
  return { alarm, changed: true, announce: undefined };
}

/** When an alarm ends, unless the guessing goes on. */
export function calmAtMs({ aboveAtMs }: Alarm): number {
  return aboveAtMs + calmSeconds * 1000;
}

/** Fewest groups of new codes whose length nobody chose: two in calm, more while somebody guesses. */
export function groupsLeast(alarm: Alarm | undefined, nowMs: number): number {
  if (alarm === undefined || nowMs >= calmAtMs(alarm)) return 2;
  return alarm.level + 2;
}

function levelOf(guessesADay: number): 0 | 1 | 2 {
  if (guessesADay >= heavyGuessesADay) return 2;
  return guessesADay >= alarmGuessesADay ? 1 : 0;
}
