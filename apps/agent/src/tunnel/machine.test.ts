import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delay } from '../delay.ts';
import { initialTunnelState, stepTunnel } from './machine.ts';
import type { TunnelCredential, TunnelEffect, TunnelEvent, TunnelReport, TunnelState } from './model.ts';

const first: TunnelCredential = { deviceId: 'dev_first', apiKey: 'efk_first' };
const second: TunnelCredential = { deviceId: 'dev_second', apiKey: 'efk_second' };

/** Plays events from the start; tells where that ends and what the last event brought about. */
function play(...events: TunnelEvent[]): { state: TunnelState; effects: readonly TunnelEffect[] } {
  let step: { state: TunnelState; effects: readonly TunnelEffect[] } = {
    state: initialTunnelState,
    effects: [],
  };
  for (const event of events) step = stepTunnel(step.state, event);
  return step;
}

const use = (credential: TunnelCredential): TunnelEvent => ({ type: 'use', credential });
const opened = (link: number): TunnelEvent => ({ type: 'opened', link });
const connected = (link: number, deviceId = first.deviceId): TunnelEvent => ({
  type: 'connected',
  link,
  deviceId,
});
const closed = (link: number, code: number, reason = ''): TunnelEvent => ({
  type: 'closed',
  link,
  code,
  reason,
});
const retry: TunnelEvent = { type: 'timer', timer: 'retry' };
const heartbeat: TunnelEvent = { type: 'timer', timer: 'heartbeat' };
const deadline: TunnelEvent = { type: 'timer', timer: 'deadline' };
const online: TunnelEvent[] = [use(first), opened(1), connected(1)];

function reports(effects: readonly TunnelEffect[]): TunnelReport[] {
  return effects.filter((effect) => effect.type === 'report').map(({ report }) => report);
}

function retryDelay(effects: readonly TunnelEffect[]): Delay | undefined {
  return effects.filter((e) => e.type === 'set_timer').find(({ timer }) => timer === 'retry')?.delay;
}

type SetTimer = Extract<TunnelEffect, { type: 'set_timer' }>;

describe('connecting', () => {
  it('sends the connect frame when the socket has opened, and nothing before', () => {
    expect(play(use(first)).effects.map(({ type }) => type)).not.toContain('send_connect');
    expect(play(use(first), opened(1)).effects).toContainEqual({
      type: 'send_connect',
      link: 1,
      credential: first,
    });
  });

  it('is online only after connected, and pings at once', () => {
    expect(play(use(first), opened(1)).state.phase).toBe('authenticating');
    const { state, effects } = play(...online);
    expect(state.phase).toBe('online');
    expect(effects).toContainEqual({ type: 'send_ping', link: 1 });
    expect(reports(effects)).toEqual([{ kind: 'online', credential: first }]);
  });

  it('gives up on a cloud that does not answer the connect frame within 15 seconds', () => {
    const waiting = play(use(first), opened(1)).effects.find((e): e is SetTimer => e.type === 'set_timer');
    expect(waiting).toEqual({ type: 'set_timer', timer: 'deadline', delay: { leastMs: 15_000 } });
    const { state, effects } = play(use(first), opened(1), deadline);
    expect(state.phase).toBe('backing_off');
    expect(effects).toContainEqual({ type: 'terminate', link: 1 });
  });

  it('ends the link at once that was connected as another device, before it opens the next', () => {
    const { state, effects } = play(use(first), opened(1), connected(1, 'dev_other'));
    expect(state.phase).toBe('backing_off');
    expect(effects[0]).toEqual({ type: 'terminate', link: 1 });
  });

  it('ignores whatever a former link still says', () => {
    const state = play(use(first), closed(1, 1006), retry).state;
    for (const late of [opened(1), connected(1), closed(1, 4401)]) {
      expect(stepTunnel(state, late)).toEqual({ state, effects: [] });
    }
  });
});

describe('backoff', () => {
  it('doubles with each failure, with full jitter, up to 60 seconds, and never ends', () => {
    let state: TunnelState = play(use(first)).state;
    const ceilings: (number | undefined)[] = [];
    for (let link = 1; link <= 40; link += 1) {
      const step = stepTunnel(state, closed(link, 1006));
      const jitter = retryDelay(step.effects)?.jitter;
      ceilings.push(jitter && Math.min(jitter.mostMs, jitter.firstMs * 2 ** jitter.attempt));
      state = stepTunnel(step.state, retry).state;
      expect(state.phase).toBe('connecting');
    }
    expect(ceilings.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(ceilings.at(-1)).toBe(60_000);
  });

  it('starts over once a connection has lasted 60 seconds, and not sooner', () => {
    const shaky = [use(first), closed(1, 1006), retry, closed(2, 1006), retry, opened(3), connected(3)];
    expect(retryDelay(play(...shaky, closed(3, 1001)).effects)?.jitter?.attempt).toBe(2);
    const steady: TunnelEvent = { type: 'timer', timer: 'steady' };
    expect(retryDelay(play(...shaky, steady, closed(3, 1001)).effects)?.jitter?.attempt).toBe(0);
    expect(play(...shaky).effects).toContainEqual({
      type: 'set_timer',
      timer: 'steady',
      delay: { leastMs: 60_000 },
    });
  });

  it.each([1000, 1001, 1006, 1009, 4400, 4408, 4409, 4410, 4999])('follows a close with %i', (code) => {
    const { state, effects } = play(...online, closed(1, code));
    expect(state.phase).toBe('backing_off');
    expect(reports(effects)).toEqual([expect.objectContaining({ kind: 'offline' })]);
  });

  it.each([
    ['retry after 90 seconds', 90_000],
    ['7', 7000],
    ['7200', 7_200_000],
    ['999999999', 86_400_000],
    ['soon', 60_000],
  ])('waits as long as 4429 says: %s', (reason, leastMs) => {
    const delay = retryDelay(play(...online, closed(1, 4429, reason)).effects);
    expect(delay?.leastMs).toBe(leastMs);
  });

  it('is told that another device uses its identity, by the code and the next step of the catalogue', () => {
    const said: TunnelEvent = { type: 'error_frame', link: 1, text: 'clone_suspected: Another device …' };
    const { effects } = play(use(first), opened(1), said, closed(1, 4429, '300'));
    expect(retryDelay(effects)?.leastMs).toBe(300_000);
    expect(reports(effects)).toMatchObject([
      { problem: { code: 'clone_suspected', message: expect.stringContaining(' 300 seconds') } },
    ]);
    const other: TunnelEvent = { ...said, text: 'key_rejected: no' };
    expect(reports(play(use(first), opened(1), other, closed(1, 4429, '9')).effects)).toMatchObject([
      { problem: { code: 'unavailable' } },
    ]);
  });

  it('says so when another connection with its identity took its place', () => {
    const { effects } = play(...online, closed(1, 4409, 'replaced by a newer connection'));
    expect(reports(effects)).toMatchObject([{ kind: 'offline', problem: { code: 'replaced' } }]);
    expect(retryDelay(effects)?.jitter).toBeDefined();
  });

  it('names the wait that is kept, not the one that was asked for', () => {
    const { effects } = play(...online, closed(1, 4429, '999999999'));
    const [report] = reports(effects);
    expect(report).toMatchObject({ problem: { message: expect.stringContaining(' 86400 seconds') } });
  });

  it('says what the transport found when the connection could not be made', () => {
    const failure = { code: 'name_not_resolved', message: 'cloud.example does not resolve.' } as const;
    const { effects } = play(use(first), { type: 'closed', link: 1, code: 1006, reason: '', failure });
    expect(reports(effects)).toEqual([{ kind: 'offline', problem: failure }]);
  });
});

describe('heartbeats', () => {
  it('go out every 30 seconds', () => {
    expect(play(...online).effects).toContainEqual({
      type: 'set_timer',
      timer: 'heartbeat',
      delay: { leastMs: 30_000 },
    });
    const { effects } = play(...online, { type: 'pong', link: 1 }, heartbeat);
    expect(effects).toContainEqual({ type: 'send_ping', link: 1 });
  });

  it('reconnect after two missed pongs', () => {
    expect(play(...online, heartbeat).state.phase).toBe('online');
    const { state, effects } = play(...online, heartbeat, heartbeat);
    expect(state.phase).toBe('backing_off');
    expect(effects).toContainEqual({ type: 'terminate', link: 1 });
    expect(reports(effects)).toEqual([
      { kind: 'offline', problem: expect.objectContaining({ code: 'tunnel_silent' }) },
    ]);
  });

  it('forgive one missed pong', () => {
    const beats: TunnelEvent[] = [heartbeat, { type: 'pong', link: 1 }, heartbeat];
    expect(play(...online, ...beats, ...beats).state.phase).toBe('online');
  });
});

describe('refusals', () => {
  it.each([
    [4401, '', undefined, 'key_rejected'],
    [4401, 'device_revoked', undefined, 'key_rejected'],
    [4403, '', undefined, 'device_revoked'],
    [4403, 'device_quarantined', undefined, 'device_quarantined'],
    [4403, '', 'device_quarantined: look at the dashboard', 'device_quarantined'],
    [4404, '', undefined, 'device_deleted'],
  ])('%i with reason "%s" and frame "%s" is %s', (code, reason, text, expected) => {
    const frame: TunnelEvent[] = text === undefined ? [] : [{ type: 'error_frame', link: 1, text }];
    const { state, effects } = play(use(first), opened(1), ...frame, closed(1, code, reason));
    expect(state.phase).toBe('rejected');
    expect(reports(effects)).toEqual([
      { kind: 'rejected', credential: first, problem: expect.objectContaining({ code: expected }) },
    ]);
  });

  it('are tried again after five to ten minutes, with the same credential', () => {
    const refused = play(use(first), opened(1), closed(1, 4401));
    const delay = retryDelay(refused.effects);
    expect(delay?.leastMs).toBe(300_000);
    expect(delay?.jitter).toMatchObject({ firstMs: 300_000, mostMs: 300_000 });
    expect(stepTunnel(refused.state, retry).state).toMatchObject({ phase: 'connecting', credential: first });
  });

  it('are followed at once by another credential, or later, as told', () => {
    const refused = [use(first), opened(1), closed(1, 4401)];
    expect(play(...refused, use(second)).state).toMatchObject({
      phase: 'connecting',
      credential: second,
      link: 2,
    });
    const later = play(...refused, { type: 'use_later', credential: second });
    expect(later).toEqual({ state: expect.objectContaining({ phase: 'rejected' }), effects: [] });
    expect(stepTunnel(later.state, retry).state).toMatchObject({ credential: second });
  });
});

describe('changing the credential', () => {
  it('closes the old link first, so that what was sent on it arrives', () => {
    const closing = play(...online, use(second));
    expect(closing.effects).toContainEqual(expect.objectContaining({ type: 'close', link: 1, code: 1000 }));
    expect(closing.effects.map(({ type }) => type)).not.toContain('open');
    const after = stepTunnel(closing.state, closed(1, 1000));
    expect(after.effects).toContainEqual({ type: 'open', link: 2 });
    expect(after.state).toMatchObject({ phase: 'connecting', credential: second });
  });

  it('does not wait for ever for the old link', () => {
    const { effects } = play(...online, use(second), deadline);
    expect(effects.map(({ type }) => type)).toEqual(expect.arrayContaining(['terminate', 'open']));
  });

  it('to the same one changes nothing', () => {
    const { state } = play(...online);
    expect(stepTunnel(state, use({ ...first }))).toEqual({ state, effects: [] });
  });
});

describe('stopping', () => {
  it('sends close frame 1000 and is done when the cloud has answered it', () => {
    const stopping = play(...online, { type: 'stop' });
    expect(stopping.effects).toContainEqual(expect.objectContaining({ type: 'close', code: 1000 }));
    expect(reports(stopping.effects)).toEqual([]);
    expect(reports(stepTunnel(stopping.state, closed(1, 1000)).effects)).toEqual([{ kind: 'stopped' }]);
  });

  it('takes two seconds at most', () => {
    const stopping = play(...online, { type: 'stop' });
    expect(stopping.effects).toContainEqual({
      type: 'set_timer',
      timer: 'deadline',
      delay: { leastMs: 2000 },
    });
    expect(reports(stepTunnel(stopping.state, deadline).effects)).toEqual([{ kind: 'stopped' }]);
  });

  it.each([
    ['idle', []],
    ['connecting', [use(first)]],
    ['backing off', [use(first), closed(1, 1006)]],
    ['rejected', [use(first), opened(1), closed(1, 4403)]],
  ])('is done at once while %s', (_name, events) => {
    const { state, effects } = play(...events, { type: 'stop' });
    expect(state.phase).toBe('idle');
    expect(reports(effects)).toEqual([{ kind: 'stopped' }]);
  });
});

describe('any order of events', () => {
  const credential = fc.constantFrom(first, second);
  const link = fc.integer({ min: 0, max: 12 });
  const event: fc.Arbitrary<TunnelEvent> = fc.oneof(
    credential.map(use),
    credential.map((c): TunnelEvent => ({ type: 'use_later', credential: c })),
    fc.constant<TunnelEvent>({ type: 'stop' }),
    link.map(opened),
    fc.tuple(link, fc.constantFrom('dev_first', 'dev_second')).map(([l, d]) => connected(l, d)),
    link.map((l): TunnelEvent => ({ type: 'pong', link: l })),
    fc.tuple(link, fc.constantFrom(1000, 1006, 4401, 4403, 4409, 4429)).map(([l, c]) => closed(l, c, '5')),
    fc
      .constantFrom('deadline', 'retry', 'heartbeat', 'steady')
      .map((timer): TunnelEvent => ({ type: 'timer', timer })),
  );

  it('keeps one link, sends only on the open one, and always has something to wait for', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = initialTunnelState;
        const openLinks = new Set<number>();
        const timers = new Set<string>();
        for (const next of events) {
          // As a driver would: a closed socket is gone, and only a running timer fires.
          if (next.type === 'closed') openLinks.delete(next.link);
          if (next.type === 'timer' && !timers.delete(next.timer)) continue;
          const step = stepTunnel(state, next);
          state = step.state;
          for (const effect of step.effects) apply(effect, openLinks, timers);
          expect(openLinks.size).toBeLessThanOrEqual(1);
          const isWaiting = timers.has('retry') || timers.has('deadline') || timers.has('heartbeat');
          expect(isWaiting).toBe(state.phase !== 'idle');
        }
      }),
      { numRuns: 2000 },
    );
  });

  function apply(effect: TunnelEffect, openLinks: Set<number>, timers: Set<string>): void {
    switch (effect.type) {
      case 'open':
        openLinks.add(effect.link);
        break;
      case 'terminate':
        openLinks.delete(effect.link);
        break;
      case 'close':
        // A malformed link is closed and left; the transport ends it.
        if (effect.code !== 1000) openLinks.delete(effect.link);
        break;
      case 'send_connect':
      case 'send_ping':
        expect(openLinks).toContain(effect.link);
        break;
      case 'set_timer':
        timers.add(effect.timer);
        break;
      case 'clear_timers':
        timers.clear();
        break;
      case 'report':
        break;
    }
  }
});
