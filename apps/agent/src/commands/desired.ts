import { type Json, type JsonObject, jsonObjectSchema } from '@edgeflow/contract';
import { Mutex, type Timers } from '@edgeflow/platform';
import * as z from 'zod';
import type { Log } from '../log-port.ts';
import type { TunnelCredential } from '../tunnel/model.ts';
import { CommandError, handlerSecondsMax } from './runner.ts';
import type { ShadowClient } from './shadow.ts';

/**
 * Puts desired settings into effect, for the application around this agent. May be called again with what is in
 * effect already.
 *
 * @param signal aborted when the time is up: the next change then takes its turn, whatever this call still does.
 * @returns what is in effect now, to be reported; undefined when there is nothing to report.
 */
export type ApplyDesired = (desired: JsonObject, signal: AbortSignal) => Promise<JsonObject | undefined>;

export interface DesiredDeps {
  readonly shadow: ShadowClient;
  readonly log: Log;
  readonly timers: Timers;
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
 * Invariants: changes are applied one at a time, each within its time; an older version of the shadow never follows a newer one; an
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
        await this.#withinTime((signal) => this.#catchUp(credential, signal));
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
  update(payload: Json, credential: TunnelCredential | undefined, signal: AbortSignal): Promise<JsonObject> {
    return this.#turns.run(async () => {
      if (signal.aborted) throw timedOut();
      const update = updateSchema.safeParse(payload).data;
      if (update === undefined)
        throw new CommandError('payload_malformed', 'the payload needs a desired object');
      if (credential === undefined) throw new CommandError('not_provisioned', 'the device is not connected');
      const { desired, version } = update;
      const { deviceId } = credential;
      const known = this.#latest?.deviceId === deviceId ? this.#latest.version : -1;
      if (version !== undefined && version < known) return { keys: [], superseded_by: known };
      this.#latest = { deviceId, version: version ?? known, desired };
      const reported = await this.#apply(desired, signal);
      if (reported !== undefined) await this.#deps.shadow.report(credential, reported, signal);
      return { keys: Object.keys(desired) };
    });
  }

  async #catchUp(credential: TunnelCredential, signal: AbortSignal): Promise<void> {
    const { shadow, facts } = this.#deps;
    const { delta, desired, version } = await shadow.read(credential, signal);
    const { deviceId } = credential;
    this.#latest = { deviceId, version, desired };
    const applied = Object.keys(delta).length === 0 ? undefined : await this.#apply(delta, signal);
    const reported = { ...(this.#reportedFor === deviceId ? {} : facts), ...applied };
    if (Object.keys(reported).length > 0) await shadow.report(credential, reported, signal);
    this.#reportedFor = deviceId;
  }

  /** @throws CommandError when the signal fires first, so that a callback that hangs does not keep its turn. */
  async #apply(desired: JsonObject, signal: AbortSignal): Promise<JsonObject | undefined> {
    const { applyDesired } = this.#deps;
    if (applyDesired === undefined) return undefined;
    if (signal.aborted) throw timedOut();
    const isUp = Promise.withResolvers<never>();
    const giveUp = (): void => {
      isUp.reject(timedOut());
    };
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([applyDesired(desired, signal), isUp.promise]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #withinTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    const { timers } = this.#deps;
    const timer = timers.after(handlerSecondsMax * 1000, () => {
      abort.abort(timedOut());
    });
    try {
      await work(abort.signal);
    } finally {
      timers.clear(timer);
    }
  }
}

function timedOut(): CommandError {
  return new CommandError('timed_out', 'the time for putting the desired settings into effect is up');
}
