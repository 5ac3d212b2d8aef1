import { type Json, type JsonObject, jsonObjectSchema, shadowBytesMax } from '@edgeflow/contract';
import { SingleFlight } from '@edgeflow/platform';
import type { Log } from '../log-port.ts';
import type { TunnelCredential } from '../tunnel/model.ts';
import { CommandError } from './runner.ts';
import type { ShadowClient } from './shadow.ts';

/**
 * Puts desired settings into effect, for the application around this agent.
 *
 * @returns what is in effect now, to be reported; undefined when there is nothing to report.
 */
export type ApplyDesired = (desired: JsonObject) => Promise<JsonObject | undefined>;

export interface DesiredDeps {
  readonly shadow: ShadowClient;
  readonly log: Log;
  /** Without one, wishes are remembered and nothing else happens. */
  readonly applyDesired: ApplyDesired | undefined;
  /** Small facts for the shadow, e.g. `agent_version`. */
  readonly facts: JsonObject;
}

/** Beyond this many members the oldest wishes are forgotten. */
const rememberedMax = 256;

/**
 * The device's side of its shadow: what the cloud desires, and what the device reports.
 *
 * Invariant: one exchange with the shadow at a time; a failed one is made up for at the next `connected`.
 */
export class Desired {
  readonly #deps: DesiredDeps;
  readonly #exchange = new SingleFlight<void>();
  readonly #remembered = new Map<string, Json>();
  #reportedFor: string | undefined;

  constructor(deps: DesiredDeps) {
    this.#deps = deps;
  }

  /** What the cloud has desired in this process's life, the newest value of each member. */
  get remembered(): JsonObject {
    return Object.fromEntries(this.#remembered);
  }

  /** On `connected`: fetches what was desired meanwhile, and once for each identity reports the facts. */
  onOnline(credential: TunnelCredential): Promise<void> {
    return this.#exchange.run(async () => {
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

  /** The command `update_desired`. @returns the members that changed. */
  async update(payload: Json, credential: TunnelCredential | undefined): Promise<JsonObject> {
    const desired = desiredOf(payload);
    if (desired === undefined)
      throw new CommandError('payload_malformed', 'the payload must be a JSON object');
    const reported = await this.#apply(desired);
    if (reported !== undefined && credential !== undefined)
      await this.#deps.shadow.report(credential, reported);
    return { keys: Object.keys(desired) };
  }

  async #catchUp(credential: TunnelCredential): Promise<void> {
    const { shadow, facts } = this.#deps;
    const { delta } = await shadow.read(credential);
    const applied = Object.keys(delta).length === 0 ? undefined : await this.#apply(delta);
    const isNew = this.#reportedFor !== credential.deviceId;
    const reported = { ...(isNew ? facts : {}), ...applied };
    if (Object.keys(reported).length > 0) await shadow.report(credential, reported);
    this.#reportedFor = credential.deviceId;
  }

  #apply(desired: JsonObject): Promise<JsonObject | undefined> {
    for (const [key, value] of Object.entries(desired)) {
      this.#remembered.delete(key);
      if (value !== null) this.#remembered.set(key, value);
    }
    for (const key of this.#remembered.keys()) {
      if (this.#remembered.size <= rememberedMax) break;
      this.#remembered.delete(key);
    }
    return this.#deps.applyDesired?.(desired) ?? Promise.resolve(undefined);
  }
}

/** The cloud sends `{"desired": {…}}`; an application may send the members alone. */
function desiredOf(payload: Json): JsonObject | undefined {
  const whole = jsonObjectSchema.safeParse(payload).data;
  const desired = jsonObjectSchema.safeParse(whole?.['desired']).data ?? whole;
  if (desired === undefined || JSON.stringify(desired).length > shadowBytesMax) return undefined;
  return desired;
}
