import type { CommandFrame } from '@edgeflow/contract';
import { SeededRandom, SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Call, CallOutcome } from '../features/commands/index.ts';
import { Calls } from './calls.ts';

interface Session {
  readonly name: string;
}

const health: Call = { action: 'health_check', payload: { deep: true }, timeoutMs: 5_000 };

describe('commands on their way', () => {
  let time: SimulatedTime;
  let calls: Calls<Session>;
  let sent: CommandFrame[];
  let session: Session;

  beforeEach(() => {
    time = new SimulatedTime();
    calls = new Calls(new SeededRandom(1), { clock: time, timers: time });
    sent = [];
    session = { name: 'one' };
  });

  function start(call: Call = health, from = session): Promise<CallOutcome> {
    return calls.start(from, call, (frame) => sent.push(frame));
  }

  function answer(id: string, from = session): void {
    calls.answered(from, { type: 'response', id, status: 'success', data: { ok: true } });
  }

  it('carry an id of their own, the action and the payload', () => {
    void start();
    void start({ ...health, payload: undefined });
    const [first, second] = sent;
    expect(first).toEqual({
      type: 'command',
      id: expect.stringMatching(/^cmd_[0-9a-z]{16}$/) as string,
      action: 'health_check',
      payload: { deep: true },
    });
    expect(second).not.toHaveProperty('payload');
    expect(second?.id).not.toBe(first?.id);
  });

  it('are answered by the response with their id, and tell how long it took', async () => {
    const [first, second] = [start(), start()];
    await time.advance(40);
    answer(sent[1]?.id ?? '');
    await time.advance(2);
    answer(sent[0]?.id ?? '');
    expect(await second).toMatchObject({ kind: 'answered', id: sent[1]?.id, durationMs: 40 });
    expect(await first).toMatchObject({ kind: 'answered', durationMs: 42, response: { data: { ok: true } } });
    expect(time.pendingCount).toBe(0);
  });

  it('time out at their own time-out, and an answer after it counts for nothing', async () => {
    const outcomes: CallOutcome[] = [];
    const waiting = start().then((outcome) => outcomes.push(outcome));
    await time.advance(4_999);
    expect(outcomes).toEqual([]);
    await time.advance(1);
    answer(sent[0]?.id ?? '');
    await waiting;
    expect(outcomes).toEqual([{ kind: 'timeout', id: sent[0]?.id }]);
  });

  it('are all offline when their connection ends, and leave no timer behind', async () => {
    const waiting = [start(), start(), start()];
    calls.ended(session);
    expect(await Promise.all(waiting)).toEqual([
      { kind: 'offline' },
      { kind: 'offline' },
      { kind: 'offline' },
    ]);
    expect(time.pendingCount).toBe(0);
    calls.ended(session);
  });

  it('are answered by nobody but the connection that was asked', async () => {
    const other = { name: 'other' };
    const waiting = start();
    answer(sent[0]?.id ?? '', other);
    answer('cmd_nobody');
    calls.ended(other);
    await time.advance(5_000);
    expect(await waiting).toMatchObject({ kind: 'timeout' });
  });

  it('are bounded for each device, and room is made by every answer', async () => {
    const waiting = Array.from({ length: 64 }, () => start());
    expect(await start()).toEqual({ kind: 'offline' });
    expect(sent).toHaveLength(64);
    void start(health, { name: 'another device' });
    expect(sent).toHaveLength(65);
    answer(sent[0]?.id ?? '');
    expect(await waiting[0]).toMatchObject({ kind: 'answered' });
    void start();
    expect(sent).toHaveLength(66);
  });

  it('are answered even when the answer comes before sending has returned', async () => {
    const outcome = await calls.start(session, health, (frame) => {
      answer(frame.id);
    });
    expect(outcome).toMatchObject({ kind: 'answered', durationMs: 0 });
    expect(time.pendingCount).toBe(0);
  });
});
