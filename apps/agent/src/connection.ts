import type { ConnectFrame, Json, JsonObject } from '@edgeflow/contract';
import type { Random, TimeSource } from '@edgeflow/platform';
import { builtInCommands } from './commands/built-in.ts';
import { type ApplyDesired, Desired } from './commands/desired.ts';
import type { Identify } from './commands/identify.ts';
import { type CommandHandler, CommandRunner } from './commands/runner.ts';
import { ShadowClient } from './commands/shadow.ts';
import type { SystemMetrics } from './commands/system-metrics.ts';
import type { CloudTransport } from './net/transport.ts';
import { type ConfiguredCode, LifeDriver, type LifeDriverDeps } from './provisioning/driver.ts';
import type { ProvisionReply } from './provisioning/model.ts';
import { type LifeView, viewOf } from './provisioning/view.ts';
import type { CallOutcome } from './tunnel/calls.ts';
import { TunnelDriver } from './tunnel/driver.ts';
import type { TunnelCredential, TunnelReport } from './tunnel/model.ts';

export interface ConnectionDeps extends Omit<LifeDriverDeps, 'tunnel' | 'transport'> {
  readonly time: TimeSource;
  readonly random: Random;
  readonly transport: CloudTransport;
  readonly hello: () => Pick<ConnectFrame, 'version' | 'instance' | 'boot_id'>;
  /** Another connection with this identity has taken the place of this one. */
  readonly onReplaced: () => void;
  readonly metrics: () => Promise<SystemMetrics>;
  /** What a person finds the device by. */
  readonly identify: Identify;
  /** What `health_check` answers beside the counters. */
  readonly health: () => JsonObject;
  /** Small facts for the shadow's `reported` half. */
  readonly facts: JsonObject;
  /** Put the cloud's wishes into effect; see {@link Desired}. */
  readonly applyDesired: ApplyDesired | undefined;
  /** Handlers of the host application, by action; they go before the built-in ones. */
  readonly commands: readonly (readonly [string, CommandHandler])[];
  /** A heartbeat was answered; `cloudTime` is what the cloud says its clock shows. */
  readonly onPong: (cloudTime: string | undefined) => void;
}

/** Everything between this device and one cloud: the identity's life, the tunnel, and the commands it carries. */
export class Connection {
  readonly #life: LifeDriver;
  readonly #tunnel: TunnelDriver;
  readonly #desired: Desired;
  readonly #identify: Identify;

  constructor(deps: ConnectionDeps) {
    const { time, random, log, transport } = deps;
    const shadow = new ShadowClient(transport);
    const { applyDesired, facts } = deps;
    this.#identify = deps.identify;
    this.#desired = new Desired({ shadow, log, timers: time.timers, applyDesired, facts });
    const builtIn = builtInCommands({
      health: () => ({ ...deps.health(), ...this.#tunnel.counters }),
      metrics: deps.metrics,
      identify: () => deps.identify.run(),
      shadow,
      desired: this.#desired,
      credential: () => this.#credential,
      offerKey: (apiKey, expiresAt) => this.#life.offerKey(apiKey, expiresAt),
    });
    this.#tunnel = new TunnelDriver({
      time,
      random,
      openTunnel: (listener) => transport.openTunnel(listener),
      hello: deps.hello,
      commands: new CommandRunner(new Map([...builtIn, ...deps.commands]), time.timers, log),
      log,
      onReport: (report) => {
        if (report.kind === 'offline' && report.problem.code === 'replaced') deps.onReplaced();
        this.#onReport(report);
      },
      onPong: deps.onPong,
    });
    this.#life = new LifeDriver({ ...deps, tunnel: this.#tunnel });
  }

  /** Reads what is stored and goes on from there. */
  start(): void {
    this.#life.start();
  }

  /** Close frame, finished writes, and then nothing more. */
  async stop(): Promise<void> {
    await Promise.all([this.#life.stop(), this.#tunnel.stop(), this.#identify.stop()]);
  }

  get view(): LifeView {
    return viewOf(this.#life.state, this.#tunnel.phase);
  }

  /** The key in use, for masking; undefined before there is one. Secret. */
  get apiKey(): string | undefined {
    const { tunnel, identity } = this.#life.state;
    return tunnel.using?.apiKey ?? identity?.api_key;
  }

  get hasIdentity(): boolean {
    return this.#life.state.identity !== undefined;
  }

  /** Whether the vault has been read and holds no identity; undefined before it has been read. */
  get isWithoutIdentity(): boolean | undefined {
    const { vault, identity } = this.#life.state;
    if (vault.kind === 'loading') return undefined;
    return vault.kind === 'open' && identity === undefined;
  }

  ask(code: string, force: boolean): Promise<ProvisionReply> {
    return this.#life.ask(code, force);
  }

  give(deviceId: string, apiKey: string): Promise<ProvisionReply> {
    return this.#life.give(deviceId, apiKey);
  }

  configureCode(code: ConfiguredCode): void {
    this.#life.configureCode(code);
  }

  wantTunnel(isWanted: boolean): void {
    this.#life.wantTunnel(isWanted);
  }

  /** Sends a command to the cloud: for an application around the agent, which by itself has nothing to ask. */
  call(action: string, payload: Json, timeoutMs: number): Promise<CallOutcome> {
    return this.#tunnel.call(action, payload, timeoutMs);
  }

  get #credential(): TunnelCredential | undefined {
    const { tunnel } = this.#life.state;
    return tunnel.status === 'online' ? tunnel.using : undefined;
  }

  #onReport(report: TunnelReport): void {
    this.#life.onTunnelReport(report);
    if (report.kind === 'online') void this.#desired.onOnline(report.credential);
  }
}
