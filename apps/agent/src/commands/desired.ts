import { type Json, type JsonObject, jsonObjectSchema } from '@edgeflow/contract';
import { Mutex } from '@edgeflow/platform';
import { z } from 'zod';
import type { Log } from '../log-port.ts';
import type { TunnelCredential } from '../tunnel/model.ts';
import { CommandError } from './runner.ts';
import type { ShadowClient } from './shadow.ts';

/**
 * Puts desired settings into effect, for the application around this agent. May be called again with what is in
 * effect already.
 *
 * @returns what is in effect now, to be reported; undefined when there is nothing to report.
 */
export type ApplyDesired = (desired: JsonObject) => Promise<JsonObject | undefined>;

export interface DesiredDeps {
  readonly shadow: ShadowClient;
  readonly log: Log;
  /** Without one, what is desired is remembered and nothing else happens. */
  readonly applyDesired: ApplyDesired | undefined;
  /** Small facts for the shadow, e.g. `agent_version`. */
  readonly facts: JsonObject;
}

/** The whole `desired` half, and the version of the shadow it is from. */
const updateSchema = z.object({ desired: jsonObjectSchema, version: z.number().int().optional() });

/**
 * The device's side of its shadow: what the cloud desires, and what the device reports.
 *
 * Invariants: changes are applied one at a time; an older version of the shadow never follows a newer one; an
 * exchange that fails is made up for at the next `connected`.
 */
export class Desired {
  readonly #deps: DesiredDeps;
  readonly #turns = new Mutex();
  #latest: { readonly deviceId: string; readonly version: number; readonly desired: JsonObject } | undefined;
  #reportedFor: string | undefined;

  constructor(deps: DesiredDeps) {
    this.#deps = deps;
  }

  /** What the cloud desires, as far as this process has heard. */
  get latest(): JsonObject {
    return this.#latest?.desired ?? {};
  }

  /** On `connected`: catches up with what was desired meanwhile, and once for each identity reports the facts. */
  onOnline(credential: TunnelCredential): Promise<void> {
    return this.#turns.run(async () => {
      try {
        await this.#catchUp(credential);
      } catch (error) {
        const problem = error instanceof CommandError ? error.message : 'unknown failure';
        this.#deps.log.warn(
          { problem },
          'the shadow could not be exchanged; the next connection tries again',
        );
      }
    });
  }

  /** The command `update_desired`. @returns the members that the cloud desires. */
  update(payload: Json, credential: TunnelCredential | undefined): Promise<JsonObject> {
    return this.#turns.run(async () => {
      const update = updateSchema.safeParse(payload).data;
      if (update === undefined)
        throw new CommandError('payload_malformed', 'the payload needs a desired object');
      if (credential === undefined) throw new CommandError('not_provisioned', 'the device is not connected');
      const { desired, version } = update;
      const { deviceId } = credential;
      const known = this.#latest?.deviceId === deviceId ? this.#latest.version : -1;
      if (version !== undefined && version < known) return { keys: [], superseded_by: known };
      this.#latest = { deviceId, version: version ?? known, desired };
      const reported = await this.#deps.applyDesired?.(desired);
      if (reported !== undefined) await this.#deps.shadow.report(credential, reported);
      return { keys: Object.keys(desired) };
    });
  }

  async #catchUp(credential: TunnelCredential): Promise<void> {
    const { shadow, facts, applyDesired } = this.#deps;
    const { delta, desired, version } = await shadow.read(credential);
    const { deviceId } = credential;
    this.#latest = { deviceId, version, desired };
    const applied = Object.keys(delta).length === 0 ? undefined : await applyDesired?.(delta);
    const reported = { ...(this.#reportedFor === deviceId ? {} : facts), ...applied };
    if (Object.keys(reported).length > 0) await shadow.report(credential, reported);
    this.#reportedFor = deviceId;
  }
}
