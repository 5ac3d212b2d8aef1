import {
  formatApiKey,
  makeId,
  type ProvisionResponse,
  type RotateKeyOffered,
  secretBytes,
} from '@edgeflow/contract';
import { type Random, type Timers, toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { lockDevices } from '../../storage/device-locks.ts';
import type { CredentialRow, DeviceRow } from '../../storage/tables.ts';
import { type Actor, insertAudit } from '../audit/index.ts';
import {
  dayMs,
  endCredentials,
  endOffer,
  hashApiKey,
  issueCredentials,
  keyLife,
  livingCredentials,
  moveExpiry,
  rotateAfter,
} from '../credentials/index.ts';
import { readDevice } from '../devices/index.ts';
import { type EventFact, type Events, insertEvents } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';
import { OfferQueue } from './offer-queue.ts';
import {
  forgetEarlierKey,
  noteCannotRotate,
  noteCanRotate,
  requestDueRotations,
  wantRotation,
} from './store.ts';

/** How long a device may take to store an offered key and say so. */
const offerTimeoutMs = 30_000;
/** Rotations started by one sweep, so that a fleet does not rotate in one minute. */
const sweepLimit = 100;
/** A device that declined an offer, or never answered it, is asked again after this long. */
const askAgainMs = dayMs;

/** The way to a device's tunnel, as much of it as rotation needs. */
export interface RotationTunnel {
  isOpen(deviceId: string): boolean;
  /** True once for each request and connection of the device on this node: whoever hears it makes the offer. */
  takeUp(deviceId: string, wantedAtMs: number): boolean;
  offer(
    deviceId: string,
    payload: { readonly api_key: string; readonly expires_at: string },
    timeoutMs: number,
  ): Promise<'accepted' | 'unable' | 'no_answer'>;
}

export interface RotationOptions {
  readonly database: Database;
  readonly random: Random;
  readonly timers: Timers;
  readonly events: Events;
  readonly tunnel: RotationTunnel;
  readonly keyTtlDays: number;
  readonly securityChanged: (deviceIds: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

interface Offer {
  readonly credentialId: string;
  readonly apiKey: string;
  readonly expiresAtMs: number;
}

const system: Actor = { kind: 'system', id: 'rotation', address: null, requestId: null };

/**
 * New keys for devices that have one.
 *
 * Over the tunnel the key is made at the moment it is sent, for the cloud keeps only hashes: an offer that was lost
 * is replaced by a new one at the next connection. The old key lives until the new one has authenticated.
 */
export class Rotation {
  readonly #options: RotationOptions;
  readonly #queue: OfferQueue;

  constructor(options: RotationOptions) {
    this.#options = options;
    this.#queue = new OfferQueue(options.timers, (deviceId) => {
      if (options.tunnel.isOpen(deviceId)) this.#offer(deviceId).catch(options.onFailure);
    });
  }

  /** Asks for a rotation over the tunnel: now, or when the device connects. */
  async request(operator: Operator, id: string): Promise<RotateKeyOffered> {
    const { database, events, securityChanged, tunnel } = this.#options;
    const isHere = await database.transaction(async (tx) => {
      const row = await requireActive(tx, operator, id);
      if (row.clone_suspected_at_ms !== null) throw new ProblemError('rotation_suspended');
      await requireNoOtherIssue(tx, row);
      await wantRotation(tx, id);
      await this.#record(tx, row, operator.actor, 'key.rotation_request');
      // Before anybody can read the request, or the watch would make an offer of its own.
      return tunnel.takeUp(id, tx.nowMs);
    });
    events.poke();
    const offer = isHere ? await this.#offer(id) : undefined;
    if (!isHere) securityChanged([id]);
    return {
      device_id: id,
      status: 'offered',
      delivered: offer !== undefined,
      key_id: offer?.credentialId ?? null,
      expires_at: offer === undefined ? null : toRfc3339(offer.expiresAtMs),
    };
  }

  /**
   * Replaces the key at once. The old one dies with the commit, and with it a quarantine and a suspicion of clones; the
   * new one exists in this answer and nowhere else.
   */
  async replace(operator: Operator, id: string): Promise<ProvisionResponse> {
    const { database, events, securityChanged } = this.#options;
    const offer = await database.transaction(async (tx) => {
      const row = await requireLifecycle(tx, operator, id, ['active', 'quarantined']);
      await endCredentials(tx, id);
      const made = await this.#issue(tx, row, 'operator');
      await forgetEarlierKey(tx, row);
      const event = eventOf(row, tx.nowMs, 'device.key_rotated', made.credentialId);
      await this.#record(tx, row, operator.actor, 'key.replace', made.credentialId, event);
      return made;
    });
    events.poke();
    securityChanged([id]);
    return { device_id: id, api_key: offer.apiKey, expires_at: toRfc3339(offer.expiresAtMs) };
  }

  /** Moves the expiry of the living keys to `days` after it, or after now where it has passed. */
  async extend(operator: Operator, id: string, days: number): Promise<string> {
    const { database, events, random, securityChanged } = this.#options;
    const expiresAtMs = await database.transaction(async (tx) => {
      const row = await requireActive(tx, operator, id);
      const living = await livingCredentials(tx, [id]);
      if (living.length === 0)
        throw new ProblemError('device_state_conflict', { detail: 'The device has no key.' });
      const latest = Math.max(tx.nowMs, ...living.map((credential) => credential.expires_at_ms));
      const extended = Math.floor((latest + days * dayMs) / 1000) * 1000;
      for (const credential of living) {
        await moveExpiry(tx, credential.id, {
          expiresAtMs: extended,
          rotateAfterMs: rotateAfter(tx.nowMs, extended, random),
        });
      }
      await tx.db
        .updateTable('devices')
        .set({ security_changed_at_ms: tx.nowMs })
        .where('id', '=', id)
        .execute();
      const event = eventOf(row, tx.nowMs, 'device.key_extended', living[0]?.id ?? '');
      await this.#record(tx, row, operator.actor, 'key.extend', undefined, event);
      return extended;
    });
    events.poke();
    securityChanged([id]);
    return toRfc3339(expiresAtMs);
  }

  /** A device with a rotation to come has connected with its old key. */
  deviceConnected(deviceId: string): void {
    this.#queue.add(deviceId);
  }

  /** A rotation has been asked for, on this node or another. Heard again and again, it is offered once. */
  wanted(deviceId: string, wantedAtMs: number): void {
    if (this.#options.tunnel.takeUp(deviceId, wantedAtMs)) this.#queue.add(deviceId);
  }

  /** Asks for the rotations that have fallen due; call it every minute. The security watch brings them to the tunnels. */
  async sweep(): Promise<void> {
    const { database, securityChanged } = this.#options;
    const due = await database.transaction((tx) => requestDueRotations(tx, sweepLimit, askAgainMs));
    if (due.length > 0) securityChanged(due);
  }

  /** Makes no more offers. */
  stop(): void {
    this.#queue.stop();
  }

  /** Makes a key, sends it, and deals with the answer in the background. Resolves once it is on its way. */
  async #offer(deviceId: string): Promise<Offer | undefined> {
    const { database, events, tunnel } = this.#options;
    const offer = await database.transaction(async (tx) => {
      const row = await readWanting(tx, deviceId);
      if (row === undefined) return undefined;
      const made = await this.#issue(tx, row, 'rotation');
      const event = eventOf(row, tx.nowMs, 'device.key_offered', made.credentialId);
      await this.#record(tx, row, system, 'key.offer', made.credentialId, event);
      return made;
    });
    if (offer === undefined) return undefined;
    events.poke();
    const payload = { api_key: offer.apiKey, expires_at: toRfc3339(offer.expiresAtMs) };
    tunnel
      .offer(deviceId, payload, offerTimeoutMs)
      .then((answer) => this.#answered(deviceId, offer, answer))
      .catch(this.#options.onFailure);
    return offer;
  }

  async #answered(
    deviceId: string,
    offer: Offer,
    answer: 'accepted' | 'unable' | 'no_answer',
  ): Promise<void> {
    // Without an answer the device may hold the key or not: it stays good until a newer offer replaces it.
    if (answer === 'no_answer') return;
    const { database, events } = this.#options;
    await database.transaction(async (tx) => {
      const row = await lockDevice(tx, deviceId);
      if (row === undefined) return;
      if (answer === 'accepted') {
        await noteCanRotate(tx, deviceId);
        return;
      }
      // A newer offer may have taken its place, and then only the answer to that one says anything.
      if (!(await endOffer(tx, offer.credentialId))) return;
      await noteCannotRotate(tx, deviceId, askAgainMs);
      const event = eventOf(row, tx.nowMs, 'device.cannot_rotate', offer.credentialId);
      await this.#record(tx, row, system, 'key.offer_refused', offer.credentialId, event);
    });
    events.poke();
  }

  async #issue(tx: Tx, row: DeviceRow, origin: CredentialRow['origin']): Promise<Offer> {
    const { keyTtlDays, random } = this.#options;
    const apiKey = formatApiKey(random.bytes(secretBytes));
    const credentialId = makeId('credential', random.bytes);
    const life = keyLife(tx.nowMs, keyTtlDays, random);
    await issueCredentials(
      tx,
      [
        {
          id: credentialId,
          organizationId: row.organization_id,
          deviceId: row.id,
          keyHash: hashApiKey(apiKey),
          origin,
          ...life,
        },
      ],
      [row.id],
    );
    return { credentialId, apiKey, expiresAtMs: life.expiresAtMs };
  }

  async #record(
    tx: Tx,
    row: DeviceRow,
    actor: Actor,
    action: string,
    keyId?: string,
    event?: EventFact,
  ): Promise<void> {
    const object = { kind: 'device', id: row.id };
    const detail = keyId === undefined ? {} : { key_id: keyId };
    const organizationId = row.organization_id;
    await insertAudit(tx, [
      { organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success', detail },
    ]);
    if (event !== undefined) await insertEvents(tx, [event]);
  }
}

function requireActive(tx: Tx, operator: Operator, id: string): Promise<DeviceRow> {
  return requireLifecycle(tx, operator, id, ['active']);
}

async function requireLifecycle(
  tx: Tx,
  operator: Operator,
  id: string,
  allowed: readonly DeviceRow['lifecycle'][],
): Promise<DeviceRow> {
  const row = await readDevice(tx, operator.organizationId, id);
  if (row === undefined) throw new ProblemError('device_not_found');
  if (!allowed.includes(row.lifecycle)) {
    throw new ProblemError('device_state_conflict', {
      detail: `The device is ${row.lifecycle}; restore it first.`,
    });
  }
  return row;
}

/** A key that a code has given out must stay good until it is used: a rotation would end it. */
async function requireNoOtherIssue(tx: Tx, row: DeviceRow): Promise<void> {
  const living = await livingCredentials(tx, [row.id]);
  if (living.some((credential) => credential.state === 'issued' && credential.origin !== 'rotation')) {
    throw new ProblemError('device_state_conflict', {
      detail: 'The device has been given a key that it has not used yet; it will when it connects.',
    });
  }
}

async function lockDevice(tx: Tx, id: string): Promise<DeviceRow | undefined> {
  const [row] = await lockDevices(tx, sql`(${id})`);
  return row;
}

/** The device, if a rotation of it is still wanted and nothing else has issued it a key. */
async function readWanting(tx: Tx, id: string): Promise<DeviceRow | undefined> {
  const row = await lockDevice(tx, id);
  if (row?.lifecycle !== 'active' || row.rotation_wanted_at_ms === null) return undefined;
  if (row.clone_suspected_at_ms !== null) return undefined;
  const living = await livingCredentials(tx, [id]);
  const blocked = living.some((one) => one.state === 'issued' && one.origin !== 'rotation');
  return blocked || !living.some((one) => one.state === 'active') ? undefined : row;
}

function eventOf(row: DeviceRow, atMs: number, type: EventFact['type'], keyId: string): EventFact {
  const data = { device_id: row.id, key_id: keyId };
  return { organizationId: row.organization_id, atMs, type, objectId: row.id, data };
}
