import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiProblem } from '../api/problem.ts';
import type { LiveEvent, readStream, StreamHandlers } from './stream.ts';
import { LiveTab, type LiveState } from './tab.ts';

/** One stream that a tab has opened, in the hand of the test. */
interface Opened {
  readonly lastId: string | undefined;
  readonly handlers: StreamHandlers;
  readonly end: (error?: unknown) => void;
  readonly signal: AbortSignal;
}

interface Tab {
  readonly tab: LiveTab;
  readonly streams: Opened[];
  readonly states: LiveState[];
  readonly events: string[];
  readonly opened: () => number;
  readonly signedOut: () => boolean;
  /** As when the network, or the person, comes back. */
  readonly comeBack: () => void;
}

const event = (object: string): LiveEvent => ({ type: 'device.online', at: '', object, data: {} });

describe('tabs of one person', () => {
  let name = '';
  let number = 0;
  let tabs: Tab[] = [];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    name = `test ${String((number += 1))}`;
  });
  afterEach(() => {
    for (const { tab } of tabs) tab.stop();
    tabs = [];
    vi.useRealTimers();
  });

  function open(more: { readonly alone?: boolean; readonly locks?: LockManager } = {}): Tab {
    const streams: Opened[] = [];
    const states: LiveState[] = [];
    const events: string[] = [];
    let opened = 0;
    let signedOut = false;
    let comeBack = (): void => undefined;
    const read: typeof readStream = (lastId, handlers, signal) =>
      new Promise((resolve, reject) => {
        const end = (error?: unknown): void => {
          if (error === undefined) resolve();
          else reject(error instanceof Error ? error : new Error('ended'));
        };
        signal.addEventListener('abort', () => end(new Error('aborted')));
        streams.push({ lastId, handlers, end, signal });
      });
    const alone = more.alone === true;
    const tab = new LiveTab(
      name,
      {
        locks: alone ? undefined : (more.locks ?? navigator.locks),
        makeChannel: alone ? undefined : (channel) => new BroadcastChannel(channel),
        read,
        isVisible: () => true,
        onReturn: (call) => {
          comeBack = call;
          return () => undefined;
        },
      },
      {
        onEvent: ({ object }) => events.push(object),
        onState: (state) => states.push(state),
        onOpened: () => (opened += 1),
        onSignedOut: () => (signedOut = true),
      },
    );
    tab.start();
    const made = {
      tab,
      streams,
      states,
      events,
      opened: () => opened,
      signedOut: () => signedOut,
      comeBack: () => comeBack(),
    };
    tabs.push(made);
    return made;
  }

  /** The stream with this number, once the tab has opened it. */
  async function stream(tab: Tab, index = 0): Promise<Opened> {
    await vi.waitFor(() => expect(tab.streams.length).toBeGreaterThan(index));
    const found = tab.streams[index];
    if (found === undefined) throw new Error('no stream');
    return found;
  }

  it('share one stream: the second hears what the first reads', async () => {
    const first = open();
    const { handlers } = await stream(first);
    const second = open();
    handlers.onOpen();
    handlers.onEvent(event('dev_1'));
    await vi.waitFor(() => expect(second.events).toEqual(['dev_1']));
    expect([first.events, first.states, second.states]).toEqual([['dev_1'], ['live'], ['live']]);
    expect([second.streams.length, second.opened()]).toEqual([0, 1]);
  });

  it('tell one that comes later how it stands', async () => {
    const first = open();
    (await stream(first)).handlers.onOpen();
    const second = open();
    await vi.waitFor(() => expect(second.states).toEqual(['live']));
  });

  it('go on after the last event when the one that read is closed', async () => {
    const first = open();
    const { handlers } = await stream(first);
    const second = open();
    handlers.onOpen();
    handlers.onId('41');
    handlers.onId('42');
    handlers.onEvent(event('dev_1'));
    await vi.waitFor(() => expect(second.events).toHaveLength(1));
    first.tab.stop();
    const next = await stream(second);
    expect(next.lastId).toBe('42');
    next.handlers.onOpen();
    expect(second.opened()).toBe(2);
  });

  it('pause once an attempt has failed, try again with growing waits, and resume where they were', async () => {
    const only = open();
    const first = await stream(only);
    first.handlers.onOpen();
    first.handlers.onId('7');
    vi.setSystemTime(Date.now() + 10_000);
    first.end();
    await vi.waitFor(() => expect(only.states).toEqual(['live', 'connecting']));
    await vi.advanceTimersByTimeAsync(0);
    (await stream(only, 1)).end(new TypeError('network'));
    await vi.waitFor(() => expect(only.states.at(-1)).toBe('paused'));
    await vi.advanceTimersByTimeAsync(700);
    expect(only.streams).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(300);
    const third = await stream(only, 2);
    expect(third.lastId).toBe('7');
    third.handlers.onOpen();
    expect(only.states).toEqual(['live', 'connecting', 'paused', 'live']);
  });

  it('try at once when the network or the person comes back', async () => {
    const only = open({ alone: true });
    (await stream(only)).end(new TypeError('network'));
    await vi.waitFor(() => expect(only.states).toEqual(['paused']));
    only.comeBack();
    await stream(only, 1);
  });

  it('break a stream that was silent while the machine slept', async () => {
    const only = open({ alone: true });
    const first = await stream(only);
    first.handlers.onOpen();
    first.handlers.onHeard();
    vi.setSystemTime(Date.now() + 30_000);
    only.comeBack();
    expect(first.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    await stream(only, 1);
  });

  it('take the lead from one that says nothing any more', async () => {
    const frozen = open();
    (await stream(frozen)).handlers.onOpen();
    const second = open();
    await vi.waitFor(() => expect(second.states).toEqual(['live']));
    await vi.advanceTimersByTimeAsync(50_000);
    await stream(second);
    await vi.waitFor(() => expect(frozen.streams[0]?.signal.aborted).toBe(true));
  });

  it('leave a lead that is heard of alone', async () => {
    const first = open();
    const { handlers } = await stream(first);
    handlers.onOpen();
    const second = open();
    await vi.waitFor(() => expect(second.states).toEqual(['live']));
    for (let minutes = 0; minutes < 8; minutes += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      handlers.onEvent(event('dev_1'));
      await vi.waitFor(() => expect(second.events).toHaveLength(minutes + 1));
    }
    expect(second.streams).toEqual([]);
  });

  it('stop asking when nobody is signed in', async () => {
    const only = open();
    const refusal = { status: 401, code: 'token_rejected', title: '' } as ApiProblem['document'];
    (await stream(only)).end(new ApiProblem(refusal));
    await vi.waitFor(() => expect(only.signedOut()).toBe(true));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(only.streams).toHaveLength(1);
  });

  it('each read for themselves where a browser refuses every lock', async () => {
    let asked = 0;
    const locks = {
      query: () => navigator.locks.query(),
      request: () => {
        asked += 1;
        return Promise.reject(new DOMException('storage is blocked', 'SecurityError'));
      },
    };
    const [first, second] = [open({ locks }), open({ locks })];
    (await stream(first)).handlers.onOpen();
    await stream(second);
    await vi.advanceTimersByTimeAsync(120_000);
    expect([asked, first.streams.length, second.streams.length]).toEqual([2, 1, 1]);
  });

  it('each read for themselves where a browser cannot share', async () => {
    const [first, second] = [open({ alone: true }), open({ alone: true })];
    await Promise.all([stream(first), stream(second)]);
  });
});
