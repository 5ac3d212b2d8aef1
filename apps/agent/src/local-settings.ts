import { posix } from 'node:path';
import { type Files, writeAtomically } from '@edgeflow/platform';
import * as z from 'zod';
import type { AgentConfig } from './config.ts';
import { type CloudAddress, readCloudAddress } from './net/index.ts';

/**
 * What a person has changed through the local API, kept beside the identity. The file of settings is theirs and is
 * not edited; a change holds for as long as the setting that it overrides stays what it was.
 */
const changeSchema = z.object({
  enabled: z.object({ value: z.boolean(), instead_of: z.boolean() }).optional(),
  server_url: z.object({ value: z.string().max(1024), instead_of: z.string().nullable() }).optional(),
});

type Changes = z.infer<typeof changeSchema>;

/** Where this device connects, and whether it does. */
export interface EffectiveSettings {
  readonly isEnabled: boolean;
  readonly cloud: CloudAddress | undefined;
}

const fileName = 'local-settings.json';
const fileBytesMax = 16 * 1024;

/** The changes made through the local API. Invariant: what is in effect is what is durable. */
export class LocalSettings {
  readonly #files: Files;
  readonly #path: string;
  #changes: Changes = {};

  constructor(files: Files, stateFolder: string) {
    this.#files = files;
    this.#path = posix.join(stateFolder, fileName);
  }

  /** @returns whether the file could be read; one that cannot counts as empty, and the next change replaces it. */
  async load(): Promise<boolean> {
    const facts = await this.#files.stat(this.#path).catch(() => undefined);
    if (facts === undefined) return true;
    try {
      const text = Buffer.from(await this.#files.read(this.#path, fileBytesMax)).toString('utf8');
      this.#changes = changeSchema.parse(JSON.parse(text));
      return true;
    } catch {
      return false;
    }
  }

  effective(config: AgentConfig): EffectiveSettings {
    const { enabled, server_url: url } = this.#changes;
    const isEnabled = enabled?.instead_of === config.isEnabled ? enabled.value : config.isEnabled;
    if (url === undefined || url.instead_of !== (config.cloud?.url ?? null)) {
      return { isEnabled, cloud: config.cloud };
    }
    const reading = readCloudAddress(url.value);
    return { isEnabled, cloud: reading.ok ? reading.address : config.cloud };
  }

  /** Resolved means durable. @throws an error of the file system. */
  async change(config: AgentConfig, wanted: { isEnabled?: boolean; cloud?: CloudAddress }): Promise<void> {
    const next: Changes = { ...this.#changes };
    if (wanted.isEnabled !== undefined) {
      next.enabled = { value: wanted.isEnabled, instead_of: config.isEnabled };
    }
    if (wanted.cloud !== undefined) {
      next.server_url = { value: wanted.cloud.url, instead_of: config.cloud?.url ?? null };
    }
    await writeAtomically(this.#files, this.#path, Buffer.from(JSON.stringify(next)), 0o600);
    this.#changes = next;
  }
}
