import { describe, expect, it } from 'vitest';
import { incidentToJoin, progressOf } from './decide.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const outage = { from_ms: 0, to_ms: 0, condition: 'offline' } as const;

describe('devices that went offline', () => {
  it('join the outage that went before, within five minutes of its last', () => {
    const open = [{ ...outage, to_ms: hourMs }];
    expect(incidentToJoin(open, hourMs + 5 * minuteMs)).toBe(open[0]);
    expect(incidentToJoin(open, hourMs + 5 * minuteMs + 1)).toBeUndefined();
    expect(incidentToJoin<typeof outage>([], 0)).toBeUndefined();
  });

  it('begin another where the outage has gone on for six hours', () => {
    const open = [{ ...outage, to_ms: 6 * hourMs }];
    expect(incidentToJoin(open, 6 * hourMs)).toBe(open[0]);
    expect(incidentToJoin(open, 6 * hourMs + 1)).toBeUndefined();
  });

  it('join the newest of twenty that are open, however long ago', () => {
    const open = Array.from({ length: 20 }, () => ({ ...outage }));
    expect(incidentToJoin(open, 100 * hourMs)).toBe(open[19]);
    expect(incidentToJoin(open.slice(1), 100 * hourMs)).toBeUndefined();
  });

  it('are told apart from keys, which are one incident a day', () => {
    const open = [{ ...outage, condition: 'key_expiring' as const }];
    expect(incidentToJoin(open, 24 * hourMs)).toBe(open[0]);
    expect(incidentToJoin(open, 24 * hourMs + 1)).toBeUndefined();
  });
});

describe('an incident', () => {
  const fresh = {
    created_at_ms: 0,
    devices_joined: 3,
    devices_now: 3,
    messages: 0,
    told_at_ms: null,
    told_devices: 0,
  };
  const told = { ...fresh, messages: 1, told_at_ms: 0, told_devices: 3 };

  it('is told of once it has gathered its devices', () => {
    expect(progressOf(fresh, 19_999)).toEqual({ isOver: false, message: undefined });
    expect(progressOf(fresh, 20_000)).toEqual({ isOver: false, message: 'opened' });
    expect(progressOf(told, hourMs)).toEqual({ isOver: false, message: undefined });
  });

  it('is told of again when it has twice the devices, five minutes later at the soonest', () => {
    const grown = { ...told, devices_joined: 6, devices_now: 4 };
    expect(progressOf(grown, 5 * minuteMs - 1).message).toBeUndefined();
    expect(progressOf(grown, 5 * minuteMs).message).toBe('grown');
    expect(progressOf({ ...grown, devices_joined: 5 }, hourMs).message).toBeUndefined();
  });

  it('ends with a message, for which there is always room, and without one where nobody was told', () => {
    const loud = { ...told, devices_joined: 900, messages: 9 };
    expect(progressOf(loud, hourMs)).toEqual({ isOver: false, message: undefined });
    expect(progressOf({ ...loud, devices_now: 0 }, hourMs)).toEqual({ isOver: true, message: 'resolved' });
    expect(progressOf({ ...fresh, devices_now: 0 }, hourMs)).toEqual({ isOver: true, message: undefined });
  });
});
