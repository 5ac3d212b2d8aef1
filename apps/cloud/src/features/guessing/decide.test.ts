import { describe, expect, it } from 'vitest';
import {
  type Alarm,
  alarmGuessesADay,
  calmSeconds,
  decideAlarm,
  groupsLeast,
  heavyGuessesADay,
} from './decide.ts';

const calmMs = calmSeconds * 1000;
const alarm = (change: Partial<Alarm> = {}): Alarm => ({ level: 1, raisedAtMs: 0, aboveAtMs: 0, ...change });

describe('the alarm', () => {
  it('is raised by a thousand guesses a day, and announced', () => {
    expect(decideAlarm(undefined, alarmGuessesADay - 1, 5)).toMatchObject({
      alarm: undefined,
      changed: false,
    });
    expect(decideAlarm(undefined, alarmGuessesADay, 5)).toEqual({
      alarm: { level: 1, raisedAtMs: 5, aboveAtMs: 5 },
      changed: true,
      announce: 'raised',
    });
  });

  it('is announced once, however long it lasts and however bad it gets', () => {
    let current: Alarm | undefined;
    const announced: string[] = [];
    for (let hour = 0; hour < 24 * 30; hour += 1) {
      const guesses = hour % 50 === 49 ? 0 : hour > 100 ? heavyGuessesADay : alarmGuessesADay;
      const decision = decideAlarm(current, guesses, hour * 3_600_000);
      current = decision.alarm;
      if (decision.announce !== undefined) announced.push(decision.announce);
    }
    expect(announced).toEqual(['raised']);
    expect(current?.level).toBe(2);
  });

  it('gets worse at a hundred thousand, and no better before it ends', () => {
    expect(decideAlarm(alarm(), heavyGuessesADay, 1)).toMatchObject({ alarm: { level: 2 }, changed: true });
    expect(decideAlarm(alarm({ level: 2 }), alarmGuessesADay, 100_000)).toMatchObject({
      alarm: { level: 2 },
    });
  });

  it('ends after three days of calm, counted from when the guesses were last too many', () => {
    const before = alarm({ aboveAtMs: 1000 });
    expect(decideAlarm(before, 0, calmMs + 999)).toMatchObject({ alarm: before, announce: undefined });
    expect(decideAlarm(before, 0, calmMs + 1000)).toEqual({
      ...{ alarm: undefined, changed: true, announce: 'calm' },
    });
  });

  it('is not written anew with every look', () => {
    expect(decideAlarm(alarm(), alarmGuessesADay, 59_999).changed).toBe(false);
    expect(decideAlarm(alarm(), alarmGuessesADay, 60_000)).toMatchObject({
      changed: true,
      announce: undefined,
    });
  });

  it.each([
    ['in calm', undefined, 2],
    ['while somebody guesses', alarm(), 3],
    ['in a heavy attack', alarm({ level: 2 }), 4],
    ['once it is over, though nobody has noticed yet', alarm({ aboveAtMs: 10 - calmMs }), 2],
  ])('makes new codes longer: %s', (_, current, groups) => {
    expect(groupsLeast(current, 10)).toBe(groups);
  });
});
