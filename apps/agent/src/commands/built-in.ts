import { connectFrameSchema, type JsonObject, rotateKeyPayloadSchema } from '@edgeflow/contract';
import * as z from 'zod';
import type { TunnelCredential } from '../tunnel/model.ts';
import type { Desired } from './desired.ts';
import type { Identified } from './identify.ts';
import { CommandError, type CommandHandler } from './runner.ts';
import type { ShadowClient } from './shadow.ts';
import type { SystemMetrics } from './system-metrics.ts';

export interface BuiltInDeps {
  /** How the agent is; no secrets. */
  readonly health: () => JsonObject;
  readonly metrics: () => Promise<SystemMetrics>;
  readonly identify: () => Promise<Identified>;
  readonly shadow: ShadowClient;
  readonly desired: Desired;
  /** The credential of the tunnel that is online, or undefined. */
  readonly credential: () => TunnelCredential | undefined;
  /** Keeps an offered key durably; see `LifeDriver.offerKey`. */
  readonly offerKey: (
    apiKey: string,
    expiresAt: string,
  ) => Promise<{
    readonly problem: { readonly code: string; readonly message: string } | undefined;
    readonly answered: () => void;
  }>;
}

/** The actions every agent knows. A host application adds its own to the table, or replaces one of these. */
export function builtInCommands(deps: BuiltInDeps): [string, CommandHandler][] {
  return [
    ['health_check', async () => ({ data: deps.health() })],
    ['get_system_metrics', async () => ({ data: await deps.metrics() })],
    ['identify', async () => ({ data: await deps.identify() })],
    ['get_shadow', getShadow(deps)],
    ['update_desired', updateDesired(deps)],
    ['rotate_key', rotateKey(deps)],
  ];
}

function getShadow({ shadow, credential }: BuiltInDeps): CommandHandler {
  return async (_payload, { signal }) => {
    const own = credential();
    if (own === undefined) throw new CommandError('not_provisioned', 'the device is not connected');
    return { data: await shadow.read(own, signal) };
  };
}

function updateDesired({ desired, credential }: BuiltInDeps): CommandHandler {
  return async (payload, { signal }) => ({ data: await desired.update(payload, credential(), signal) });
}

/** A key that no `connect` frame could carry is not worth keeping. */
const offerSchema = rotateKeyPayloadSchema.extend({
  api_key: connectFrameSchema.shape.api_key,
  expires_at: z.string().max(64),
});

/** The answer tells the cloud that the key is safe; the device reconnects with it only after that has left. */
function rotateKey({ offerKey }: BuiltInDeps): CommandHandler {
  return async (payload) => {
    const offer = offerSchema.safeParse(payload).data;
    if (offer === undefined) throw new CommandError('payload_malformed', 'api_key and expires_at are needed');
    const { problem, answered } = await offerKey(offer.api_key, offer.expires_at);
    if (problem === undefined) return { data: {}, afterSent: answered };
    answered();
    throw new CommandError(problem.code, problem.message);
  };
}
