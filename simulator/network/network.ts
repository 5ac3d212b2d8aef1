import { TransportError } from '../../apps/agent/src/net/transport.ts';
import type { Draw } from '../world/draw.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { Link, type LinkPlan, type LinkWatch } from './link.ts';
import { answerAsPortal } from './portal.ts';
import type { SimulatedSocket } from './socket.ts';

export interface Listener {
  readonly process: SimulatedProcess;
  accept(socket: SimulatedSocket): void;
}

/** Delays of the network's faults, in milliseconds: beyond what either end waits for. */
const lateMsMost = 120_000;
const breakMsMost = 30_000;
const cutBytesMost = 1_500;
const latencyTypicalMs = 40;

/** The one way between devices and the cloud, and everything that goes wrong on it. */
export class Network {
  readonly #world: World;
  readonly #draw: Draw;
  readonly #watch: LinkWatch;
  #listener: Listener | undefined;
  #links = 0;
  readonly #made = new Set<Link>();

  constructor(world: World, watch: LinkWatch) {
    this.#world = world;
    this.#draw = world.draw.fork();
    this.#watch = watch;
  }

  listen(listener: Listener): void {
    this.#listener = listener;
    listener.process.atDeath(() => {
      if (this.#listener === listener) this.#listener = undefined;
    });
  }

  /** The world ends: lets go of what node:http keeps of every socket. */
  discard(): void {
    for (const { client, server } of this.#made) {
      for (const socket of [client, server]) {
        socket.fence();
        socket.on('error', () => undefined);
        socket.destroy();
      }
    }
    this.#made.clear();
  }

  /** Connections are refused; those that there are go on. */
  unlistenAll(): void {
    this.#listener = undefined;
  }

  /**
   * Connects a device's process to the cloud.
   *
   * @throws TransportError as the agent's own connector does.
   */
  async connect(process: SimulatedProcess, address: string, signal: AbortSignal): Promise<Link> {
    const who = process.name;
    const latencyMs = this.#latency();
    await this.#wait(process, latencyMs(), signal);
    if (this.#world.strikes('dns_failed', who, this.#draw)) {
      throw new TransportError('name_not_resolved', 'The name cloud.example does not resolve.');
    }
    if (this.#world.strikes('captive_portal', who, this.#draw)) return this.#portal(process, address);
    const listener = this.#listener;
    if (listener === undefined) {
      if (!this.#world.isHealing) this.#world.count('connection_refused', who);
      throw new TransportError('cloud_unreachable', 'cloud.example refused the connection (ECONNREFUSED).');
    }
    const link = this.#make(address, this.#plan(who));
    if (this.#world.strikes('request_duplicated', `link ${link.number}`, this.#draw))
      this.#sendTwice(link, address);
    this.#accept(link, listener);
    process.atDeath((isPowerLost) => {
      link.died('client', isPowerLost);
    });
    this.#world.trace.note(who, `link ${link.number}`);
    await this.#wait(process, latencyMs(), signal, () => link.client.destroy());
    return link;
  }

  #make(address: string, plan: LinkPlan): Link {
    this.#links += 1;
    const link = new Link(this.#links, address, this.#world.time, plan, this.#watch);
    this.#made.add(link);
    return link;
  }

  #accept(link: Link, listener: Listener): void {
    listener.process.atDeath(() => {
      link.died('server', false);
    });
    listener.accept(link.server);
  }

  /** A middlebox that answers everything by itself. */
  #portal(process: SimulatedProcess, address: string): Link {
    const link = this.#make(address, calm(this.#latency()));
    answerAsPortal(link.server, this.#draw.chance(0.3));
    process.atDeath((isPowerLost) => {
      link.died('client', isPowerLost);
    });
    return link;
  }

  /** What the client writes on this link reaches the cloud once more, on a connection of its own. */
  #sendTwice(link: Link, address: string): void {
    link.recorded = [];
    this.#world.time.after(this.#draw.between(0, lateMsMost), () => {
      const bytes = Buffer.concat(link.recorded ?? []);
      link.recorded = undefined;
      const listener = this.#listener;
      // A tunnel's bytes mean nothing without its handshake: only requests are repeated.
      if (listener === undefined || bytes.length === 0 || bytes.includes('Upgrade')) return;
      const copy = this.#make(address, calm(this.#latency()));
      copy.client.on('error', () => undefined).resume();
      this.#accept(copy, listener);
      copy.client.write(bytes);
    });
  }

  #plan(who: string): LinkPlan {
    const draw = this.#draw;
    const strikes = (kind: Parameters<World['strikes']>[0]): boolean => this.#world.strikes(kind, who, draw);
    const latencyMs = this.#latency();
    const isSilent = draw.chance(0.3);
    const upDelayMs = strikes('bytes_delayed') ? draw.between(5_000, lateMsMost) : 0;
    const closeDelayMs = strikes('close_told_late') ? draw.between(100, lateMsMost) : 0;
    const isOff = (): boolean => this.#world.isHealing;
    const plan = { latencyMs, upDelayMs, closeDelayMs, cut: undefined, end: undefined, isOff };
    if (strikes('request_lost')) return { ...plan, cut: { direction: 'up', afterBytes: 0, isSilent } };
    if (strikes('reply_lost')) return { ...plan, cut: { direction: 'down', afterBytes: 0, isSilent } };
    if (strikes('cut_mid_frame')) {
      const direction = draw.chance(0.5) ? 'up' : 'down';
      return { ...plan, cut: { direction, afterBytes: 1 + draw.whole(cutBytesMost), isSilent } };
    }
    const afterMs = draw.between(0, breakMsMost);
    if (strikes('connection_reset')) return { ...plan, end: { afterMs, isSilent: false } };
    if (strikes('connection_silent')) return { ...plan, end: { afterMs, isSilent: true } };
    return plan;
  }

  #latency(): () => number {
    const typicalMs = this.#world.isHealing
      ? latencyTypicalMs / 4
      : this.#draw.between(1, latencyTypicalMs * 2);
    return () => 1 + this.#draw.delayMs(typicalMs);
  }

  /** @throws the signal's reason. */
  #wait(process: SimulatedProcess, ms: number, signal: AbortSignal, undo?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        process.timers.clear(timer);
        undo?.();
        reject(signal.reason instanceof Error ? signal.reason : new Error('given up'));
      };
      const timer = process.timers.after(ms, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function calm(latencyMs: () => number): LinkPlan {
  return { latencyMs, upDelayMs: 0, closeDelayMs: 0, cut: undefined, end: undefined, isOff: () => true };
}
