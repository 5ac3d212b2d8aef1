import { isSignedOut } from '../api/query-client.ts';
import { after, every, nowMs } from '../platform.ts';
import { type LiveEvent, type readStream, silenceMs, type StreamHandlers } from './stream.ts';

/** live: everything that happens is heard. connecting: not yet, or not again yet. paused: an attempt has failed. */
export type LiveState = 'connecting' | 'live' | 'paused';

/** What tabs say to each other. Only the tab that holds the lock reads the stream. */
type Message =
  | { readonly kind: 'hello' | 'alive' }
  | { readonly kind: 'event'; readonly event: LiveEvent }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'state'; readonly state: LiveState }
  | { readonly kind: 'opened' };

export interface TabSurroundings {
  /** Undefined where the browser has none (plain HTTP off loopback): then every tab reads its own stream. */
  readonly locks: LockManager | undefined;
  readonly makeChannel: ((name: string) => BroadcastChannel) | undefined;
  readonly read: typeof readStream;
  /** Calls whenever the network or the person is back; the answer takes it back. */
  readonly onReturn: (call: () => void) => () => void;
  /** Whether a person may be looking. */
  readonly isVisible: () => boolean;
}

export interface TabListener {
  readonly onEvent: (event: LiveEvent) => void;
  readonly onState: (state: LiveState) => void;
  /** A stream has begun: whatever was read before may be stale. */
  readonly onOpened: () => void;
  readonly onSignedOut: () => void;
}

const backoffMsMin = 1_000;
const backoffMsMax = 15_000;
/** A stream that lasted this long may be opened again at once. */
const steadyMs = 5_000;
const checkMs = 5_000;

/**
 * One stream of events for all tabs of one person in one organization.
 *
 * The tab that holds a Web Lock reads the stream and tells the others; when it is closed, the browser gives the lock
 * to the next, which resumes where the last one was. A leader that says nothing for longer than any stream may be
 * silent hangs (a frozen tab): whoever is looked at takes the lock from it.
 */
export class LiveTab {
  readonly #name: string;
  readonly #surroundings: TabSurroundings;
  readonly #listener: TabListener;
  readonly #stopped = new AbortController();
  #channel: BroadcastChannel | undefined;
  #lastId: string | undefined;
  #state: LiveState = 'connecting';
  #leads = false;
  #heardAtMs = nowMs();
  /** Ends the wait before the next attempt. */
  #hurry: (() => void) | undefined;
  /** Breaks the stream that is open. */
  #breakStream: (() => void) | undefined;
  #undo: (() => void)[] = [];

  constructor(name: string, surroundings: TabSurroundings, listener: TabListener) {
    this.#name = name;
    this.#surroundings = surroundings;
    this.#listener = listener;
  }

  start(): void {
    const { locks, makeChannel, onReturn } = this.#surroundings;
    this.#undo.push(onReturn(() => this.#returned()));
    if (locks === undefined || makeChannel === undefined) {
      void this.#leadAlone();
      return;
    }
    this.#channel = makeChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#hear(data as Message);
    this.#say({ kind: 'hello' });
    this.#undo.push(every(checkMs, () => this.#check(locks)));
    void this.#campaign(locks, false);
  }

  stop(): void {
    this.#stopped.abort();
    for (const undo of this.#undo.splice(0)) undo();
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Waits for the lock, leads while it has it, and waits again if it was taken away. */
  async #campaign(locks: LockManager, steal: boolean): Promise<void> {
    const { signal } = this.#stopped;
    // A stolen lock is asked for without a signal: the standard forbids both.
    const options = steal ? { steal } : { signal };
    while (!signal.aborted) {
      const leading = new AbortController();
      const lock = { granted: false };
      try {
        await locks.request(this.#name, options, async () => {
          lock.granted = true;
          this.#leads = true;
          await this.#lead(AbortSignal.any([signal, leading.signal]));
        });
        return;
      } catch {
        // The lock was taken by another tab, or this one has stopped.
        leading.abort();
        this.#leads = false;
        if (steal) return;
        // A browser that grants no locks (a profile that stores nothing) would refuse again at once, and for ever.
        if (!lock.granted) return this.#leadAlone();
      }
    }
  }

  /** For itself: where there are no locks, every tab reads its own stream. */
  async #leadAlone(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#channel?.close();
    this.#channel = undefined;
    this.#leads = true;
    await this.#lead(this.#stopped.signal);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ;) {
      const startedMs = nowMs();
      const outcome = await this.#readOnce(signal);
      if (signal.aborted || outcome === 'signed out') return;
      // One that ends as soon as it is open must not be opened again and again.
      const lasted = outcome === 'opened' && nowMs() - startedMs >= steadyMs;
      failures = lasted ? 0 : failures + 1;
      this.#setState(outcome === 'opened' ? 'connecting' : 'paused');
      await this.#pause(lasted ? 0 : Math.min(backoffMsMin * 2 ** (failures - 1), backoffMsMax), signal);
    }
  }

  /** One stream, from its opening to its end. */
  async #readOnce(signal: AbortSignal): Promise<'opened' | 'failed' | 'signed out'> {
    const broken = new AbortController();
    this.#breakStream = () => broken.abort();
    const stream = { opened: false };
    const handlers: StreamHandlers = {
      onOpen: () => {
        stream.opened = true;
        this.#setState('live');
        this.#say({ kind: 'opened' });
        this.#listener.onOpened();
      },
      onId: (id) => {
        this.#lastId = id;
        this.#say({ kind: 'id', id });
      },
      onEvent: (event) => {
        this.#say({ kind: 'event', event });
        this.#listener.onEvent(event);
      },
      onHeard: () => {
        this.#heardAtMs = nowMs();
        this.#say({ kind: 'alive' });
      },
    };
    try {
      await this.#surroundings.read(this.#lastId, handlers, AbortSignal.any([signal, broken.signal]));
    } catch (error) {
      if (isSignedOut(error)) {
        this.#listener.onSignedOut();
        return 'signed out';
      }
    }
    return stream.opened ? 'opened' : 'failed';
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#hurry = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = after(ms, done);
      this.#hurry = done;
      signal.addEventListener('abort', done);
    });
  }

  /** The network, or the person, is back. A stream that was open before a sleep may be dead without knowing it. */
  #returned(): void {
    this.#hurry?.();
    if (this.#leads && this.#state === 'live' && nowMs() - this.#heardAtMs > silenceMs / 2)
      this.#breakStream?.();
  }

  /** Whether the tab that leads still says something. */
  #check(locks: LockManager): void {
    if (this.#leads || !this.#surroundings.isVisible()) return;
    if (nowMs() - this.#heardAtMs <= silenceMs + checkMs) return;
    this.#heardAtMs = nowMs();
    void this.#campaign(locks, true);
  }

  #hear(message: Message): void {
    if (message.kind !== 'hello') this.#heardAtMs = nowMs();
    switch (message.kind) {
      case 'hello':
        if (this.#leads) this.#say({ kind: 'state', state: this.#state });
        break;
      case 'event':
        this.#listener.onEvent(message.event);
        break;
      case 'id':
        this.#lastId = message.id;
        break;
      case 'state':
        this.#show(message.state);
        break;
      case 'opened':
        this.#listener.onOpened();
        break;
      case 'alive':
        break;
    }
  }

  #setState(state: LiveState): void {
    this.#say({ kind: 'state', state });
    this.#show(state);
  }

  #show(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listener.onState(state);
  }

  #say(message: Message): void {
    this.#channel?.postMessage(message);
  }
}
