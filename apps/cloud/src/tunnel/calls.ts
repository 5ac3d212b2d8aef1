import { type CommandFrame, makeId, type ResponseFrame } from '@edgeflow/contract';
import type { Clock, Random, TimerHandle, Timers } from '@edgeflow/platform';
import type { Call, CallOutcome } from '../features/commands/index.ts';

/** Commands that wait for the answer of one device; more are refused as offline would be. */
const waitingPerDeviceMax = 64;

interface Waiting {
  readonly settle: (outcome: CallOutcome) => void;
  readonly timer: TimerHandle;
  readonly startedMs: number;
}

/**
 * Commands on their way, by the connection that carries them.
 *
 * Invariants: every call settles exactly once: answered, timed out, or offline when its connection ends; an answer
 * counts only from the connection that was asked.
 */
export class Calls<Session extends object> {
  readonly #random: Random;
  readonly #time: { readonly clock: Clock; readonly timers: Timers };
  /** Only connections with a call in flight have an entry. */
  readonly #bySession = new Map<Session, Map<string, Waiting>>();

  constructor(random: Random, time: { readonly clock: Clock; readonly timers: Timers }) {
    this.#random = random;
    this.#time = time;
  }

  start(session: Session, call: Call, send: (frame: CommandFrame) => void): Promise<CallOutcome> {
    const waiting = this.#bySession.get(session) ?? new Map<string, Waiting>();
    if (waiting.size >= waitingPerDeviceMax) return Promise.resolve({ kind: 'offline' });
    this.#bySession.set(session, waiting);
    const id = makeId('command', this.#random.bytes);
    return new Promise((resolve) => {
      const { clock, timers } = this.#time;
      const timer = timers.after(call.timeoutMs, () => {
        this.#take(session, id)?.settle({ kind: 'timeout', id });
      });
      waiting.set(id, { settle: resolve, timer, startedMs: clock.monotonic() });
      const payload = call.payload === undefined ? {} : { payload: call.payload };
      send({ type: 'command', id, action: call.action, ...payload });
    });
  }

  /** @returns whether somebody had asked */
  answered(session: Session, response: ResponseFrame): boolean {
    const waiting = this.#take(session, response.id);
    if (waiting === undefined) return false;
    const durationMs = Math.round(this.#time.clock.monotonic() - waiting.startedMs);
    waiting.settle({ kind: 'answered', id: response.id, response, durationMs });
    return true;
  }

  /** The connection has ended: nobody will answer. */
  ended(session: Session): void {
    const waiting = this.#bySession.get(session);
    if (waiting === undefined) return;
    for (const id of [...waiting.keys()]) this.#take(session, id)?.settle({ kind: 'offline' });
  }

  #take(session: Session, id: string): Waiting | undefined {
    const ofSession = this.#bySession.get(session);
    const waiting = ofSession?.get(id);
    if (ofSession === undefined || waiting === undefined) return undefined;
    this.#time.timers.clear(waiting.timer);
    ofSession.delete(id);
    if (ofSession.size === 0) this.#bySession.delete(session);
    return waiting;
  }
}
