import type { AlertEndpoint } from '@edgeflow/contract';
import { type BackoffLimits, fullJitterMs, type Random } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';
import type { Logger } from '../../logging.ts';
import type { Mailer } from '../../mail/mailer.ts';
import type { Poster } from '../../outbound/index.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { type Actor, insertAudit } from '../audit/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import { type AlertMessage, mailOf } from './message.ts';
import { endWaiting, settle } from './outbox.ts';
import { signedHeaders } from './secrets.ts';
import type { AlertDeliveryRow, AlertEndpointRow } from '../../storage/alert-tables.ts';

/** Attempts at one message: with these delays about a day, on average. */
const attemptsMax = 18;
const backoff: BackoffLimits = { firstMs: 60_000, mostMs: 4 * 3_600_000 };
/** An endpoint to which nothing could be delivered for so long is switched off. */
const failingMsMax = 20 * 3_600_000;
/** 410: whoever answers so wants no more (Standard Webhooks). */
const goneStatus = 410;

export interface SenderOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly random: Random;
  readonly events: Events;
  readonly logger: Logger;
  readonly poster: Poster;
  /** undefined: this cloud sends none. */
  readonly mailer: Mailer | undefined;
  readonly version: string;
}

/** How an attempt ended; `error` in words for whoever looks after the endpoint. */
type Attempt =
  { readonly ok: true } | { readonly ok: false; readonly error: string; readonly isGone: boolean };

const system: Actor = { kind: 'system', id: 'alerts', address: null, requestId: null };

/** Makes one attempt at a delivery that was claimed, and settles it. Endpoints are locked before their deliveries. */
export async function attempt(options: SenderOptions, delivery: AlertDeliveryRow): Promise<void> {
  const { database, events, logger } = options;
  const endpoint = await database.db
    .selectFrom('alert_endpoints')
    .selectAll()
    .where('id', '=', delivery.endpoint_id)
    .executeTakeFirst();
  if (endpoint === undefined || endpoint.disabled_at_ms !== null) {
    const reason = endpoint === undefined ? 'the endpoint was deleted' : 'the endpoint is switched off';
    await database.transaction((tx) => endWaiting(tx, delivery.endpoint_id, reason));
    return;
  }
  const result = await send(options, endpoint, delivery);
  const isDisabled = await database.transaction((tx) =>
    result.ok ? succeed(tx, delivery) : fail(tx, options.random, endpoint, delivery, result),
  );
  if (!isDisabled) return;
  events.poke();
  logger.warn({ endpoint_id: endpoint.id }, 'an alert endpoint was switched off: nothing could be delivered');
}

async function send(
  options: SenderOptions,
  endpoint: AlertEndpointRow,
  delivery: AlertDeliveryRow,
): Promise<Attempt> {
  try {
    return endpoint.kind === 'webhook'
      ? await postTo(options, endpoint, delivery)
      : await mailTo(options, endpoint.target, delivery);
  } catch (error) {
    options.logger.warn({ err: error, endpoint_id: endpoint.id }, 'an alert could not be sent');
    return {
      ok: false,
      error: 'the mail server did not take it, or the message could not be made',
      isGone: false,
    };
  }
}

async function postTo(
  { database, keyRing, poster, version }: SenderOptions,
  endpoint: AlertEndpointRow,
  { body, id }: AlertDeliveryRow,
): Promise<Attempt> {
  const signed = signedHeaders(keyRing, endpoint, { id, body }, await database.nowMs());
  const headers = { ...signed, 'content-type': 'application/json', 'user-agent': `EdgeFlow/${version}` };
  const outcome = await poster.post(endpoint.target, headers, body);
  if (outcome.kind === 'failed') return { ok: false, error: outcome.reason, isGone: false };
  const { status } = outcome;
  if (status >= 200 && status < 300) return { ok: true };
  const redirects = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return { ok: false, error: `it answered ${String(status)}${redirects}`, isGone: status === goneStatus };
}

async function mailTo({ mailer }: SenderOptions, to: string, { body }: AlertDeliveryRow): Promise<Attempt> {
  if (mailer === undefined) return { ok: false, error: 'this cloud sends no e-mail', isGone: false };
  await mailer.send({ to, ...mailOf(JSON.parse(body) as AlertMessage) });
  return { ok: true };
}

/** @returns whether the endpoint was switched off: it was not */
async function succeed(tx: Tx, delivery: AlertDeliveryRow): Promise<false> {
  await tx.db
    .updateTable('alert_endpoints')
    .set({ last_delivered_at_ms: tx.nowMs, failing_since_ms: null, last_error: null })
    .where('id', '=', delivery.endpoint_id)
    .execute();
  await settle(tx, delivery, { state: 'delivered', finished_at_ms: tx.nowMs, last_error: null });
  return false;
}

/** @returns whether the endpoint was switched off */
async function fail(
  tx: Tx,
  random: Random,
  endpoint: AlertEndpointRow,
  delivery: AlertDeliveryRow,
  { error, isGone }: { readonly error: string; readonly isGone: boolean },
): Promise<boolean> {
  const isLast = delivery.attempts >= attemptsMax || isGone;
  const sinceMs = endpoint.failing_since_ms ?? tx.nowMs;
  await tx.db
    .updateTable('alert_endpoints')
    .set({ failing_since_ms: sinceMs, last_error: error })
    .where('id', '=', endpoint.id)
    .execute();
  await settle(
    tx,
    delivery,
    isLast
      ? { state: 'failed', finished_at_ms: tx.nowMs, last_error: error }
      : { next_at_ms: tx.nowMs + fullJitterMs(backoff, delivery.attempts - 1, random), last_error: error },
  );
  if (!isGone && !(isLast && tx.nowMs - sinceMs >= failingMsMax)) return false;
  await disable(tx, endpoint, isGone ? 'It answered 410: it wants no more alerts.' : `For a day: ${error}.`);
  return true;
}

async function disable(
  tx: Tx,
  endpoint: AlertEndpointRow,
  reason: AlertEndpoint['disabled_reason'],
): Promise<void> {
  const { id, organization_id: organizationId } = endpoint;
  await tx.db
    .updateTable('alert_endpoints')
    .set({ disabled_at_ms: tx.nowMs, disabled_reason: reason })
    .where('id', '=', id)
    .execute();
  await endWaiting(tx, id, 'the endpoint was switched off');
  const about = { organizationId, atMs: tx.nowMs } as const;
  const object = { kind: 'alert_endpoint', id };
  await insertAudit(tx, [
    {
      ...about,
      actor: system,
      action: 'alert_endpoint.disable',
      object,
      outcome: 'success',
      detail: { reason },
    },
  ]);
  const data = { endpoint_id: id, reason };
  await insertEvents(tx, [{ ...about, type: 'alert.endpoint_disabled', objectId: id, data }]);
}
