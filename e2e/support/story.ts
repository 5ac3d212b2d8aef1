import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentOptions, type AgentProcess, freePort, startAgent } from './agent-process.ts';
import { type CloudProcess, startCloud } from './cloud-process.ts';

/** One cloud and its devices in a temporary folder; everything ends with {@link Story.end}. */
export class Story {
  readonly folder = mkdtempSync(join(tmpdir(), 'edgeflow-e2e-'));
  /** Every text that must be in no log and in no file but the vault's ciphertext. */
  readonly secrets = new Set<string>();
  readonly #logs: (readonly string[])[] = [];
  readonly #running = new Set<{ stop(): Promise<number | null> }>();
  #devices = 0;

  async cloud(environment: Readonly<Record<string, string>> = {}): Promise<CloudProcess> {
    const folder = join(this.folder, 'cloud');
    mkdirSync(folder, { recursive: true });
    const cloud = await startCloud({ folder, environment });
    this.#logs.push(cloud.lines);
    this.#running.add(cloud);
    this.secrets.add(cloud.token);
    return cloud;
  }

  /** A folder for a new device, and a port for its local API. */
  async device(): Promise<{ folder: string; port: number }> {
    this.#devices += 1;
    const folder = join(this.folder, `device-${String(this.#devices)}`);
    mkdirSync(folder);
    return { folder, port: await freePort() };
  }

  agent(
    device: { readonly folder: string; readonly port: number },
    settings: Readonly<Record<string, string>>,
    more: Pick<AgentOptions, 'args' | 'nodeFlags' | 'program' | 'environment'> = {},
  ): AgentProcess {
    const agent = startAgent({ ...device, settings, ...more });
    this.#logs.push(agent.lines);
    this.#running.add(agent);
    return agent;
  }

  /** Makes a code; its text counts as a secret from now on. */
  async code(cloud: CloudProcess, request: object = {}): Promise<{ id: string; code: string }> {
    const answer = await cloud.call('POST', '/api/v1/provisioning-codes', request);
    if (answer.status !== 201) throw new Error(`no code: ${answer.text}`);
    const [made] = (answer.json as { codes: { id: string; code: string }[] }).codes;
    if (made === undefined) throw new Error('no code');
    this.secrets.add(made.code);
    return made;
  }

  /** Everything that every process has said. */
  logs(): string {
    return this.#logs.map((lines) => lines.join('\n')).join('\n');
  }

  async end(): Promise<void> {
    await Promise.allSettled([...this.#running].map((running) => running.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The settings of an agent that trusts this cloud by its pin. */
export function trusting(cloud: CloudProcess, code?: string): Record<string, string> {
  return {
    EDGEFLOW_SAAS_URL: cloud.url,
    EDGEFLOW_SAAS_TLS_PIN: cloud.pin,
    ...(code === undefined ? {} : { EDGEFLOW_PROVISIONING_CODE: code }),
  };
}

/** The bytes of every file below a folder, as `strings` would look at them. */
export function allBytes(folder: string): string {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join('\n');
}
