import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskFolder } from '../../bench/support/folders.ts';
import { type AgentProcess, freePort, startAgent } from '../support/agent-process.ts';
import { type CloudProcess, startCloud } from '../support/cloud-process.ts';
import { parseLog } from '../support/processes.ts';
import { trusting } from '../support/story.ts';
import type { Folder, VaultLook } from './phase.ts';

const codesAtOnce = 100;
const pollMs = 20;
/** Everything must be well again within this, counted from the last start; a machine may have a lot to do. */
export const backOnlineMs = 120_000;
const lowPortsFrom = 12_000;
const lowPorts = 18_000;

/** A cloud on a folder on a real disk, and the devices that onboard with it. */
export class World {
  readonly folder: string;
  readonly #program: string;
  readonly #running = new Set<{ kill(): Promise<void> }>();
  readonly #codes: { id: string; code: string }[] = [];
  #cloud: CloudProcess | undefined;
  #devices = 0;
  #ports: { readonly PORT: string; readonly HTTP_PORT: string } | undefined;

  /** @param program of the agent */
  constructor(name: string, program: string) {
    this.#program = program;
    this.folder = mkdtempSync(join(diskFolder(), `edgeflow-kills-${name}-`));
    mkdirSync(join(this.folder, 'cloud'));
  }

  get cloud(): CloudProcess {
    if (this.#cloud === undefined) throw new Error('the cloud has not been started');
    return this.#cloud;
  }

  get databaseFile(): string {
    return join(this.folder, 'cloud', 'edgeflow.db');
  }

  /** Starts the cloud, or starts it again on the same folder and ports; resolves when it is ready. */
  async startCloud(): Promise<void> {
    this.#ports ??= { PORT: await lowPort(), HTTP_PORT: await lowPort() };
    this.#cloud = await startCloud({
      folder: join(this.folder, 'cloud'),
      environment: this.#ports,
      startMs: backOnlineMs,
    });
    this.#running.add(this.#cloud);
  }

  /** A device that has never run, with a code of its own. */
  async newDevice(): Promise<Device> {
    const { code, id } = this.#codes.pop() ?? (await this.#makeCodes());
    this.#devices += 1;
    const folder = join(this.folder, `device-${String(this.#devices)}`);
    mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });
    const settings = trusting(this.cloud, code);
    return new Device(
      id,
      { folder, port: await freePort(), settings, program: this.#program },
      this.#running,
    );
  }

  async #makeCodes(): Promise<{ id: string; code: string }> {
    const answer = await this.cloud.call('POST', '/api/v1/provisioning-codes', {
      count: codesAtOnce,
      groups: 3,
    });
    this.#codes.push(...(answer.json as { codes: { id: string; code: string }[] }).codes);
    const made = this.#codes.pop();
    if (made === undefined) throw new Error(`no code: ${answer.text}`);
    return made;
  }

  async end(): Promise<void> {
    await Promise.allSettled([...this.#running].map((one) => one.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One board: its folder outlives its processes. */
export class Device {
  readonly codeId: string;
  readonly #options: Parameters<typeof startAgent>[0];
  readonly #running: Set<{ kill(): Promise<void> }>;
  #agent: AgentProcess | undefined;
  #startedMs = 0;

  constructor(
    codeId: string,
    options: Parameters<typeof startAgent>[0],
    running: Set<{ kill(): Promise<void> }>,
  ) {
    this.codeId = codeId;
    this.#options = options;
    this.#running = running;
  }

  start(): void {
    this.#startedMs = performance.now();
    this.#agent = startAgent(this.#options);
    this.#running.add(this.#agent);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.#agent === undefined) return;
    await this.#agent.kill();
    this.#running.delete(this.#agent);
    this.#agent = undefined;
  }

  get sinceStartMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Number of lines that the process has said, to wait for one that comes after them. */
  get said(): number {
    return this.#agent?.lines.length ?? 0;
  }

  /** Waits until the process says that it is online, and resolves with the device id. */
  untilOnline(timeoutMs: number, afterLine = 0): Promise<string> {
    const agent = this.#agent;
    if (agent === undefined) throw new Error('the agent is not running');
    return agent.waitFor(
      'online',
      (line) => {
        const { device_id: id, status } = parseLog(line) ?? {};
        return status === 'online' && agent.lines.lastIndexOf(line) >= afterLine ? String(id) : undefined;
      },
      timeoutMs,
    );
  }

  /** Resolves when the claim secret appears on disk, or when time is up. */
  async untilClaim(timeoutMs: number): Promise<void> {
    const appeared = Promise.withResolvers<undefined>();
    const watcher = watch(this.#stateFolder, (_event, name) => {
      if (name === 'claim.vault') appeared.resolve(undefined);
    });
    const cut = new AbortController();
    if (this.look().hasClaim) appeared.resolve(undefined);
    await Promise.race([appeared.promise, sleep(timeoutMs, undefined, { signal: cut.signal })]);
    cut.abort();
    watcher.close();
  }

  /** Waits until nothing is left of the claim. */
  async untilForgotten(timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    while (this.look().hasClaim) {
      if (performance.now() > endMs) return false;
      await sleep(pollMs);
    }
    return true;
  }

  look(): Folder {
    return {
      hasClaim: existsSync(join(this.#stateFolder, 'claim.vault')),
      hasIdentity: existsSync(join(this.#stateFolder, 'identity.vault')),
    };
  }

  lookAtVault(): VaultLook {
    const bytes = readFileSync(join(this.#stateFolder, 'identity.vault'));
    return { bytes: bytes.length, digest: createHash('sha256').update(bytes).digest('hex') };
  }

  get #stateFolder(): string {
    return join(this.#options.folder, 'state');
  }
}

let tried = 0;

/** A port that no outgoing connection is given while its cloud is dead: below ip_local_port_range(7), ip(7). */
async function lowPort(): Promise<string> {
  tried += 1;
  return String(await freePort(lowPortsFrom + ((process.pid * 16 + tried) % lowPorts)));
}
