import type { Random } from '@edgeflow/platform';
import { Webhook } from 'standardwebhooks';
import { type KeyRing, openSealed, sealText } from '../../keyring/index.ts';
import type { AlertEndpointRow } from '../../storage/alert-tables.ts';

/** Standard Webhooks asks for 24 to 64. */
const secretBytes = 32;

/** What messages of one webhook are signed with: `whsec_` and base64. */
export function makeSecret(random: Random): string {
  return `whsec_${Buffer.from(random.bytes(secretBytes)).toString('base64')}`;
}

export function sealSecret(
  keyRing: KeyRing,
  keyId: string,
  owner: string,
  secret: string,
  random: Random,
): string {
  return sealText(keyRing, { keyId, purpose: 'webhook-secrets', owner }, secret, random);
}

type Sealed = Pick<
  AlertEndpointRow,
  'id' | 'server_key_id' | 'secret' | 'old_secret' | 'old_secret_until_ms'
>;

/**
 * The headers of a message (Standard Webhooks): signed with the endpoint's secret and, for a day after it was changed,
 * with the one before as well.
 */
export function signedHeaders(
  keyRing: KeyRing,
  endpoint: Sealed,
  message: { readonly id: string; readonly body: string },
  nowMs: number,
): Record<string, string> {
  const { id: owner, old_secret: oldSecret, secret, server_key_id: keyId } = endpoint;
  if (keyId === null || secret === null) throw new Error('a webhook has no secret');
  const at = new Date(nowMs);
  const isOldGood = (endpoint.old_secret_until_ms ?? 0) > nowMs;
  const sealed = isOldGood && oldSecret !== null ? [secret, oldSecret] : [secret];
  const signatures = sealed.map((one) => {
    const opened = openSealed(keyRing, { keyId, purpose: 'webhook-secrets', owner }, one);
    return new Webhook(opened).sign(message.id, at, message.body);
  });
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}
