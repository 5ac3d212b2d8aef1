import {
  type CommandFrame,
  type ConnectFrame,
  type Frame,
  frameBytesMax,
  type Json,
  readFrame,
} from '@edgeflow/contract';
import type { Random, TimeSource } from '@edgeflow/platform';
import type { CommandRunner } from '../commands/runner.ts';
import { delayMs } from '../delay.ts';
import type { Log } from '../log-port.ts';
import { MachineRunner, NamedTimers } from '../machine-runner.ts';
import type { TunnelListener, TunnelSocket } from '../net/transport.ts';
import { SparseLines } from '../sparse-lines.ts';
import { type CallOutcome, Calls } from './calls.ts';
import { initialTunnelState, stepTunnel } from './machine.ts';
import type {
  TunnelCredential,
  TunnelEffect,
  TunnelEvent,
  TunnelReport,
  TunnelState,
  TunnelTimer,
} from './model.ts';
import { responseText } from './response-text.ts';
import { SendWindow } from './send-window.ts';

export interface TunnelDriverDeps {
  readonly time: TimeSource;
  readonly random: Random;
  readonly openTunnel: (listener: TunnelListener) => TunnelSocket;
  /** What the `connect` frame says beside the credential. */
  readonly hello: () => Pick<ConnectFrame, 'version' | 'instance' | 'boot_id'>;
  readonly commands: Pick<CommandRunner, 'run'>;
  readonly log: Log;
  readonly onReport: (report: TunnelReport) => void;
  readonly onPong: (cloudTime: string | undefined) => void;
}

/** What went by without effect, since the process started. */
export interface TunnelCounters {
  readonly malformedFrames: number;
  readonly unknownFrames: number;
  /** Answers that were not sent because the socket did not drain, or was gone. */
  readonly droppedAnswers: number;
}

interface Link {
  readonly number: number;
  readonly socket: TunnelSocket;
  readonly window: SendWindow;
}

/** Performs what the tunnel's machine asks for, and carries commands and answers while it is online. */
export class TunnelDriver {
  readonly #deps: TunnelDriverDeps;
  readonly #machine: MachineRunner<TunnelState, TunnelEvent, TunnelEffect>;
  readonly #timers: NamedTimers<TunnelTimer>;
  readonly #calls: Calls;
  readonly #malformed: SparseLines;
  readonly #dropped: SparseLines;
  #link: Link | undefined;
  #counters: TunnelCounters = { malformedFrames: 0, unknownFrames: 0, droppedAnswers: 0 };
  #onStopped: (() => void)[] = [];

  constructor(deps: TunnelDriverDeps) {
    this.#deps = deps;
    this.#timers = new NamedTimers(deps.time.timers);
    this.#calls = new Calls(deps.time.timers, deps.random);
    this.#malformed = new SparseLines(deps.time.clock);
    this.#dropped = new SparseLines(deps.time.clock);
    this.#machine = new MachineRunner(initialTunnelState, stepTunnel, (effect) => {
      this.#perform(effect);
    });
  }

  get phase(): TunnelState['phase'] {
    return this.#machine.state.phase;
  }

  get counters(): TunnelCounters {
    return this.#counters;
  }

  /** Connects with this credential, now. */
  use(credential: TunnelCredential): void {
    this.#machine.dispatch({ type: 'use', credential });
  }

  /** The credential for the next slow attempt of a tunnel that has been rejected. */
  useLater(credential: TunnelCredential): void {
    this.#machine.dispatch({ type: 'use_later', credential });
  }

  /** Sends the close frame and waits, at most two seconds, for the other end's. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStopped.push(resolve);
      this.#machine.dispatch({ type: 'stop' });
    });
  }

  /** Sends a command to the cloud and waits for its answer. Never rejects. */
  call(action: string, payload: Json, timeoutMs: number): Promise<CallOutcome> {
    return this.#calls.open(timeoutMs, (id) => {
      const text = JSON.stringify({ type: 'command', id, action, payload });
      return (
        this.#isOnline && Buffer.byteLength(text) <= frameBytesMax && this.#sendInWindow(this.#link, text)
      );
    });
  }

  get #isOnline(): boolean {
    return this.#machine.state.phase === 'online';
  }

  #perform(effect: TunnelEffect): void {
    switch (effect.type) {
      case 'open':
        this.#open(effect.link);
        break;
      case 'send_connect':
        this.#sendConnect(effect.credential);
        break;
      case 'send_ping':
        if (this.#link !== undefined) this.#ping(this.#link);
        break;
      case 'close':
        this.#link?.socket.close(effect.code, effect.reason);
        this.#calls.failAll();
        break;
      case 'terminate':
        this.#dropLink()?.socket.terminate();
        break;
      case 'set_timer':
        this.#timers.set(effect.timer, delayMs(effect.delay, this.#deps.random), () => {
          this.#machine.dispatch({ type: 'timer', timer: effect.timer });
        });
        break;
      case 'clear_timers':
        this.#timers.clearAll();
        break;
      case 'report':
        this.#report(effect.report);
        break;
    }
  }

  #open(number: number): void {
    const dispatch = (event: TunnelEvent): void => {
      this.#machine.dispatch(event);
    };
    const socket = this.#deps.openTunnel({
      onOpen: () => {
        dispatch({ type: 'opened', link: number });
      },
      onText: (text) => {
        this.#onText(number, text);
      },
      onClose: ({ code, reason, failure }) => {
        if (this.#link?.number === number) this.#dropLink();
        const problem =
          failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } };
        dispatch({ type: 'closed', link: number, code, reason, ...problem });
      },
    });
    this.#link = { number, socket, window: new SendWindow() };
  }

  #dropLink(): Link | undefined {
    const link = this.#link;
    this.#link = undefined;
    this.#calls.failAll();
    return link;
  }

  #sendConnect(credential: TunnelCredential): void {
    const frame: ConnectFrame = {
      type: 'connect',
      device_id: credential.deviceId,
      api_key: credential.apiKey,
      ...this.#deps.hello(),
    };
    this.#link?.socket.send(JSON.stringify(frame));
  }

  #ping(link: Link): void {
    link.window.onPing();
    link.socket.send('{"type":"ping"}');
  }

  #report(report: TunnelReport): void {
    this.#deps.onReport(report);
    if (report.kind !== 'stopped') return;
    for (const resolve of this.#onStopped.splice(0)) resolve();
  }

  #onText(number: number, text: string): void {
    const link = this.#link;
    if (link?.number !== number) return;
    const reading = readFrame(text);
    switch (reading.kind) {
      case 'frame':
        this.#onFrame(link, reading.frame);
        break;
      case 'malformed':
      case 'not_a_frame':
        this.#onMalformed(reading.problem);
        break;
      case 'unknown_type':
        this.#count('unknownFrames');
        this.#deps.log.debug({ type: reading.type }, 'ignored a frame of a type this version does not know');
        break;
    }
  }

  #onMalformed(problem: string): void {
    this.#count('malformedFrames');
    const frames = this.#malformed.count();
    if (frames === undefined) return;
    this.#deps.log.warn(
      { problem, frames },
      'ignored malformed frames of the cloud; the problem is the last one’s',
    );
  }

  #onFrame(link: Link, frame: Frame): void {
    const { number } = link;
    switch (frame.type) {
      case 'connected':
        this.#machine.dispatch({ type: 'connected', link: number, deviceId: frame.device_id });
        break;
      case 'error':
        this.#machine.dispatch({ type: 'error_frame', link: number, text: frame.error });
        break;
      case 'pong':
        link.window.onPong();
        this.#machine.dispatch({ type: 'pong', link: number });
        if (this.#isOnline) this.#deps.onPong(frame.timestamp);
        break;
      case 'command':
        if (this.#isOnline) void this.#answer(link, frame);
        break;
      case 'response':
        this.#calls.onResponse(frame);
        break;
      case 'connect':
      case 'ping':
        this.#count('unknownFrames');
        break;
    }
  }

  #count(counter: keyof TunnelCounters): void {
    this.#counters = { ...this.#counters, [counter]: this.#counters[counter] + 1 };
  }

  async #answer(link: Link, frame: CommandFrame): Promise<void> {
    const answer = await this.#deps.commands.run(frame.action, frame.payload ?? {});
    const isSent =
      this.#link === link && this.#isOnline && this.#sendInWindow(link, responseText(frame.id, answer));
    if (!isSent) {
      this.#onDropped(frame.action);
    }
    answer.afterSent?.();
  }

  #onDropped(action: string): void {
    this.#count('droppedAnswers');
    const answers = this.#dropped.count();
    if (answers === undefined) return;
    this.#deps.log.warn(
      { action, answers },
      'answers to commands could not be sent; the action is the last one’s',
    );
  }

  #sendInWindow(link: Link | undefined, text: string): boolean {
    if (link === undefined || !link.window.take(Buffer.byteLength(text))) return false;
    link.socket.send(text);
    if (link.window.wantsPing) this.#ping(link);
    return true;
  }
}
