import { Mutex, type TimerHandle } from '@edgeflow/platform';
import type { AgentDeps } from './agent-deps.ts';
import { readBootId } from './boot-id.ts';
import { Identify } from './commands/identify.ts';
import { readSystemMetrics } from './commands/system-metrics.ts';
import type { AgentConfig, ConfigResult, SettingProblem } from './config.ts';
import { Connection } from './connection.ts';
import { configuredCode, noCloud, placeOf, shadowFacts, storedCloud } from './connection-settings.ts';
import { delayMs, backoff } from './delay.ts';
import type { Identity, Notice, VaultReading } from './identity/index.ts';
import { Instance } from './instance.ts';
import { type Inventory, readInventory } from './inventory/index.ts';
import type { KnownTime } from './known-time.ts';
import type { EffectiveSettings, LocalSettings } from './local-settings.ts';
import type { CloudAddress } from './net/index.ts';
import { tellNotices } from './provisioning/disk.ts';
import type { Problem } from './provisioning/model.ts';
import type { LifeView } from './provisioning/view.ts';
import { openVault, type OpenVault, type StateDeps } from './state.ts';
import type { Status } from './status.ts';

export interface KeeperDeps extends AgentDeps {
  readonly state: StateDeps;
  readonly settings: LocalSettings;
  readonly status: Status;
  readonly known: KnownTime;
}

/** How often the settings are read again while a device is not online. */
const settingsPollSeconds = 5;

/**
 * Keeps the one connection that the settings in effect ask for, and makes another when they change.
 *
 * Invariants: at most one connection exists, so that one process never presents itself twice; a code and credentials
 * from the settings are used only with the cloud that the same settings name.
 */
export class ConnectionKeeper {
  readonly #deps: KeeperDeps;
  readonly #instance: Instance;
  readonly #turns = new Mutex();
  #config: AgentConfig;
  #inventory: Inventory | undefined;
  #vault: OpenVault | undefined;
  #vaultProblem: Problem | undefined;
  /** What the vault said when it was last read for a connection. */
  #stored: VaultReading<Identity> | undefined;
  #vaultAttempts = 0;
  #connection: Connection | undefined;
  #cloud: CloudAddress | undefined;
  #poll: TimerHandle | undefined;
  #retry: TimerHandle | undefined;
  #isStopped = false;
  #told = '';
  #warnings: readonly SettingProblem[];
  #toldSettings = '';

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
    this.#config = deps.config;
    this.#warnings = deps.warnings;
    this.#instance = new Instance(deps.random, deps.time.clock);
  }

  get config(): AgentConfig {
    return this.#config;
  }

  /** About the settings as last read: also why a change of them is not in effect. */
  get warnings(): readonly SettingProblem[] {
    return this.#warnings;
  }

  get effective(): EffectiveSettings {
    return this.#deps.settings.effective(this.#config);
  }

  /** The cloud of the connection, or the one the settings name. */
  get cloud(): CloudAddress | undefined {
    return this.#cloud ?? this.effective.cloud;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** What is durable, also while switched off. Secret. */
  get identity(): Identity | undefined {
    return this.#vault?.identities.current;
  }

  /** About what is stored, from when it was read. */
  get notices(): readonly Notice[] {
    return this.#stored?.kind === 'opened' ? this.#stored.notices : [];
  }

  /** The vault has been read, and there is no identity in it. False while that is not known. */
  get isWithoutIdentity(): boolean {
    return this.#connection?.isWithoutIdentity ?? this.#stored?.kind === 'absent';
  }

  /** undefined while switched off. */
  get view(): LifeView | undefined {
    if (!this.effective.isEnabled) return undefined;
    if (this.#connection !== undefined) return this.#connection.view;
    const stored = this.identity;
    const isRead = this.#vault !== undefined && this.#vaultProblem === undefined;
    const problem = isRead ? noCloud(this.#config) : this.#vaultProblem;
    return {
      status: stored === undefined ? 'unprovisioned' : 'offline',
      phase: isRead ? 'no_cloud' : 'opening_vault',
      problem,
      deviceId: stored?.device_id ?? null,
      keyExpiresAt: stored?.expires_at ?? null,
    };
  }

  /** Whether a connection to `wanted`, or to the cloud in use, can be made: the vault is open, and a cloud is named. */
  canConnectTo(wanted: CloudAddress | undefined): boolean {
    return this.#vault !== undefined && (wanted ?? this.cloud) !== undefined;
  }

  /** The stored identity's id and key (secret), also while switched off. */
  get stored(): { readonly deviceId: string | null; readonly apiKey: string | undefined } {
    const apiKey = this.#connection?.apiKey ?? this.identity?.api_key;
    return { deviceId: this.#connection?.view.deviceId ?? this.identity?.device_id ?? null, apiKey };
  }

  start(): Promise<void> {
    this.#poll = this.#deps.time.timers.every(settingsPollSeconds * 1000, () => {
      void this.#reread();
    });
    return this.#turns.run(() => this.#open());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const { timers } = this.#deps.time;
    if (this.#poll !== undefined) timers.clear(this.#poll);
    await this.#turns.run(() => this.#disconnect());
  }

  /** The settings in effect have changed: connects as they say now. */
  reconnect(): Promise<void> {
    return this.#turns.run(async () => {
      await this.#disconnect();
      await this.#connect();
    });
  }

  /** A vault whose key is damaged or missing may be mended at any time, so this is tried again for ever. */
  async #open(): Promise<void> {
    const { state, root, files, host, version } = this.#deps;
    const { stateFolder } = state;
    this.#inventory = await readInventory({ files, root, host: host(), agentVersion: version, stateFolder });
    const { notes, machineId, board } = this.#inventory;
    for (const note of notes) this.#deps.log.info({}, note);
    const opening = await openVault(state, { machineId, board });
    if (opening.kind === 'open') {
      this.#vault = opening.vault;
      await this.#connect();
    } else this.#openLater(opening.problem);
  }

  #openLater(problem: Problem): void {
    const { time, random } = this.#deps;
    this.#vaultProblem = problem;
    this.#onChange();
    if (this.#isStopped) return;
    this.#retry = time.timers.after(delayMs(backoff(this.#vaultAttempts), random), () => {
      void this.#turns.run(async () => {
        // A change of the settings may have been quicker, and there is only ever one connection.
        if (this.#connection === undefined) await this.#open();
      });
    });
    this.#vaultAttempts += 1;
  }

  async #connect(): Promise<void> {
    const vault = this.#vault;
    if (vault === undefined || this.#isStopped) return;
    const { files, root } = this.#deps;
    const { isEnabled, cloud: named } = this.effective;
    // Also while nothing is to be connected: the local API shows what is stored, and the stored one may name a cloud.
    const stored = await vault.identities.load();
    this.#stored = stored;
    const cloud = named ?? storedCloud(vault);
    this.#cloud = cloud;
    this.#forgetRetry();
    if (isEnabled && cloud !== undefined) {
      // From here on the connection reads, reports and tries again.
      this.#vaultProblem = undefined;
      this.#connection = this.#makeConnection(vault, cloud, await readBootId(files, root));
      this.#connection.start();
    } else if (stored.kind === 'unreadable') {
      const { detail: message, nextStep } = stored;
      this.#openLater({ code: 'vault_unreadable', message, nextStep });
      return;
    } else {
      this.#vaultProblem = undefined;
      if (stored.kind === 'opened') tellNotices(this.#deps.log, stored.notices);
    }
    this.#vaultAttempts = 0;
    this.#onChange();
  }

  async #disconnect(): Promise<void> {
    this.#forgetRetry();
    await this.#connection?.stop();
    // What was known before that connection may be out of date.
    if (this.#connection !== undefined) this.#stored = undefined;
    this.#connection = undefined;
  }

  #forgetRetry(): void {
    if (this.#retry !== undefined) this.#deps.time.timers.clear(this.#retry);
    this.#retry = undefined;
  }

  #makeConnection(vault: OpenVault, cloud: CloudAddress, bootId: string | undefined): Connection {
    const { time, random, log, version, status, known, files, root, probe, state } = this.#deps;
    const config = this.#config;
    const isNamed = config.cloud?.url === cloud.url;
    const credentials = isNamed ? config.credentials : undefined;
    const { stateFolder } = state;
    return new Connection({
      ...vault,
      time,
      random,
      log,
      transport: this.#deps.makeTransport(cloud, config, known),
      readInfo: () => this.#readInfo(),
      settings: {
        cloud: cloud.url,
        board: this.#inventory?.board,
        explicit: credentials && { cloud: cloud.url, ...credentials },
      },
      code: isNamed ? configuredCode(config) : { code: undefined, problem: undefined },
      hello: () => ({
        version,
        instance: this.#instance.name,
        ...(bootId === undefined ? {} : { boot_id: bootId }),
      }),
      onReplaced: () => {
        this.#instance.onReplaced();
      },
      metrics: () => readSystemMetrics({ files, root, probe, stateFolder }),
      identify: new Identify({ files, timers: time.timers, log, root }),
      health: () => ({ status: 'ok', agent_version: version, uptime_seconds: status.uptimeSeconds }),
      facts: shadowFacts(version, this.#inventory),
      applyDesired: this.#deps.applyDesired,
      commands: this.#deps.commands ?? [],
      onPong: (cloudTime) => {
        status.onPong();
        known.onCloudTime({ cloudMs: Date.parse(cloudTime ?? ''), ageMs: 0, certificate: undefined });
      },
      onChange: () => {
        this.#onChange();
      },
    });
  }

  async #readInfo() {
    const { files, root, host, version } = this.#deps;
    const inventory = await readInventory({ files, root, host: host(), agentVersion: version });
    return { hardware_info: { ...inventory.hardware_info }, network_info: { ...inventory.network_info } };
  }

  /** Whatever a person corrects in the settings reaches a device that is not online without a restart. */
  async #reread(): Promise<void> {
    if (this.view?.status === 'online') return;
    const result = await this.#deps.reloadConfig();
    if (this.#isStopped) return;
    this.#noteSettings(result);
    if (!result.ok) return;
    const before = this.#config;
    this.#config = result.config;
    if (placeOf(before) !== placeOf(result.config)) {
      this.#deps.log.info({}, 'the settings have changed: connecting as they say now');
      await this.reconnect();
    } else if (this.#cloud?.url === result.config.cloud?.url) {
      this.#connection?.configureCode(configuredCode(result.config));
    }
  }

  /** Settings that cannot be read are told once; the ones before them stay in effect. */
  #noteSettings(result: ConfigResult): void {
    const problems = result.ok ? [] : result.problems;
    this.#warnings = [...problems, ...result.warnings];
    const told = problems.map(({ message }) => message).join(' ');
    if (told === this.#toldSettings) return;
    this.#toldSettings = told;
    for (const { message, nextStep } of problems) {
      this.#deps.log.warn({ next_step: nextStep }, `the changed settings are not in effect: ${message}`);
    }
  }

  /** Keeps the status document up to date, and tells the log what is news. */
  #onChange(): void {
    const { status, log } = this.#deps;
    const { view } = this;
    const problem = view?.problem;
    if (status.onProblem(problem) && problem !== undefined) {
      log.warn({ code: problem.code, next_step: problem.nextStep }, problem.message);
    }
    const off = { status: 'disabled', phase: 'disabled', deviceId: null } as const;
    const { status: name, phase, deviceId } = view ?? off;
    const told = `${name} ${phase} ${deviceId ?? ''}`;
    if (told === this.#told) return;
    this.#told = told;
    log.info({ status: name, phase, device_id: deviceId }, 'status');
  }
}
