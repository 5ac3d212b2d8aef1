import type { JsonObject } from '@edgeflow/contract';
import { Mutex, randomHex, type TimerHandle } from '@edgeflow/platform';
import type { AgentDeps } from './agent-deps.ts';
import { readSystemMetrics } from './commands/system-metrics.ts';
import type { AgentConfig } from './config.ts';
import { Connection } from './connection.ts';
import { delayMs, backoff } from './delay.ts';
import type { DeviceFacts, Identity } from './identity/index.ts';
import { type Inventory, readInventory } from './inventory/index.ts';
import type { EffectiveSettings, LocalSettings } from './local-settings.ts';
import { type CloudAddress, readCloudAddress } from './net/index.ts';
import { problemOf } from './provisioning/answer.ts';
import type { ConfiguredCode } from './provisioning/driver.ts';
import type { Problem } from './provisioning/model.ts';
import type { LifeView } from './provisioning/view.ts';
import { openVault, type OpenVault, type StateDeps } from './state.ts';
import type { Status } from './status.ts';

export interface KeeperDeps extends AgentDeps {
  readonly state: StateDeps;
  readonly settings: LocalSettings;
  readonly status: Status;
}

/** How often the settings are read again while a device waits for a code or is rejected. */
const settingsPollSeconds = 5;

/**
 * Keeps the one connection that the settings in effect ask for, and makes another when they change.
 *
 * Invariants: at most one connection exists, so that one process never presents itself twice; a code and credentials
 * from the settings are used only with the cloud that the same settings name.
 */
export class ConnectionKeeper {
  readonly #deps: KeeperDeps;
  readonly #instance: string;
  readonly #turns = new Mutex();
  #config: AgentConfig;
  #inventory: Inventory | undefined;
  #vault: OpenVault | undefined;
  #vaultProblem: Problem | undefined;
  #vaultAttempts = 0;
  #connection: Connection | undefined;
  #cloud: CloudAddress | undefined;
  #poll: TimerHandle | undefined;
  #retry: TimerHandle | undefined;
  #isStopped = false;
  #told = '';

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
    this.#config = deps.config;
    this.#instance = randomHex(deps.random, 16);
  }

  get config(): AgentConfig {
    return this.#config;
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

  /** undefined while switched off. */
  get view(): LifeView | undefined {
    if (!this.effective.isEnabled) return undefined;
    if (this.#connection !== undefined) return this.#connection.view;
    const stored = this.identity;
    const problem = this.#vaultProblem ?? (this.#vault === undefined ? undefined : noCloud(this.#config));
    return {
      status: stored === undefined ? 'unprovisioned' : 'offline',
      phase: this.#vault === undefined ? 'opening_vault' : 'no_cloud',
      problem,
      deviceId: stored?.device_id ?? null,
      keyExpiresAt: stored?.expires_at ?? null,
    };
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
    if (this.#retry !== undefined) timers.clear(this.#retry);
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
    const { state, root, files, host, version, time, random } = this.#deps;
    const { stateFolder } = state;
    this.#inventory = await readInventory({ files, root, host: host(), agentVersion: version, stateFolder });
    for (const note of this.#inventory.notes) this.#deps.log.info({}, note);
    const opening = await openVault(state, deviceFacts(this.#inventory));
    if (opening.kind === 'open') {
      this.#vaultProblem = undefined;
      this.#vault = opening.vault;
      await this.#connect();
      return;
    }
    this.#vaultProblem = opening.problem;
    this.#onChange();
    if (this.#isStopped) return;
    this.#retry = time.timers.after(delayMs(backoff(this.#vaultAttempts), random), () => {
      void this.#turns.run(() => this.#open());
    });
    this.#vaultAttempts += 1;
  }

  async #connect(): Promise<void> {
    const vault = this.#vault;
    if (vault === undefined || this.#isStopped) return;
    const { isEnabled, cloud: named } = this.effective;
    // Also while nothing is to be connected: the local API shows what is stored, and the stored one may name a cloud.
    if (!isEnabled || named === undefined) await vault.identities.load();
    const cloud = named ?? storedCloud(vault);
    this.#cloud = cloud;
    if (isEnabled && cloud !== undefined) {
      this.#connection = this.#makeConnection(vault, cloud, await this.#bootId());
      this.#connection.start();
    }
    this.#onChange();
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    await connection?.stop();
    this.#connection = undefined;
  }

  #makeConnection(vault: OpenVault, cloud: CloudAddress, bootId: string | undefined): Connection {
    const { time, random, log, version, status, files, root, probe, state } = this.#deps;
    const config = this.#config;
    const isNamed = config.cloud?.url === cloud.url;
    const credentials = isNamed ? config.credentials : undefined;
    const { stateFolder } = state;
    return new Connection({
      ...vault,
      time,
      random,
      log,
      transport: this.#deps.makeTransport(cloud, config),
      readInfo: () => this.#readInfo(),
      settings: {
        cloud: cloud.url,
        board: this.#inventory?.board,
        explicit: credentials && { cloud: cloud.url, ...credentials },
      },
      code: isNamed ? configuredCode(config) : { code: undefined, problem: undefined },
      hello: { version, instance: this.#instance, ...(bootId === undefined ? {} : { boot_id: bootId }) },
      metrics: () => readSystemMetrics({ files, root, probe, stateFolder }),
      health: () => ({ status: 'ok', agent_version: version, uptime_seconds: status.uptimeSeconds }),
      facts: this.#facts(),
      applyDesired: this.#deps.applyDesired,
      commands: this.#deps.commands ?? [],
      onPong: () => {
        status.onPong();
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

  #facts(): JsonObject {
    const { version } = this.#deps;
    const kernel = this.#inventory?.hardware_info.kernel ?? '';
    return { agent_version: version, ...(kernel === '' ? {} : { kernel }) };
  }

  /** random(4): the same until the machine starts again. */
  async #bootId(): Promise<string | undefined> {
    const { files, root } = this.#deps;
    const path = `${root.replace(/\/+$/, '')}/proc/sys/kernel/random/boot_id`;
    const bytes = await files.read(path, 256).catch(() => undefined);
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1').trim();
    return /^[0-9a-f-]{1,64}$/.test(text) ? text : undefined;
  }

  /** A changed code, or a changed cloud, reaches a device that is not at work without a restart. */
  async #reread(): Promise<void> {
    if (this.#connection?.awaitsCode === false || !this.effective.isEnabled) return;
    const result = await this.#deps.reloadConfig();
    if (!result.ok || this.#isStopped) return;
    const before = this.#config;
    this.#config = result.config;
    if (placeOf(before) !== placeOf(result.config)) {
      this.#deps.log.info({}, 'the settings have changed: connecting as they say now');
      await this.reconnect();
    } else if (this.#cloud?.url === result.config.cloud?.url) {
      this.#connection?.configureCode(configuredCode(result.config));
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

/** What makes another connection necessary when it changes. Holds secrets. */
function placeOf({ isEnabled, cloud, trust, credentials, proxy }: AgentConfig): string {
  const via = proxy.proxy?.label;
  return JSON.stringify([isEnabled, cloud?.url, trust.caPem, trust.pins, credentials, via, proxy.exceptions]);
}

function configuredCode({ code }: AgentConfig): ConfiguredCode {
  if (code.kind === 'given') return { code: code.code, problem: undefined };
  if (code.kind === 'none') return { code: undefined, problem: undefined };
  return { code: undefined, problem: settingProblem(code.problem) };
}

function noCloud({ code }: AgentConfig): Problem {
  if (code.kind === 'unusable') return settingProblem(code.problem);
  const { nextStep } = problemOf('not_provisioned');
  const message = 'No setting names a cloud.';
  return { code: 'settings_invalid', message, nextStep: `Set EDGEFLOW_SAAS_URL. ${nextStep}` };
}

function settingProblem({ message, nextStep }: { message: string; nextStep: string }): Problem {
  return { code: 'settings_invalid', message, nextStep };
}

function storedCloud({ identities }: OpenVault): CloudAddress | undefined {
  const stored = identities.current?.cloud;
  const reading = stored === undefined ? undefined : readCloudAddress(stored);
  return reading?.ok === true ? reading.address : undefined;
}

function deviceFacts({ machineId, board }: Inventory): DeviceFacts {
  return { machineId, board };
}
