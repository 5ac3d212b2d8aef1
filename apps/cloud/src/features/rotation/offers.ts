import { type Timers, toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { lockDevices } from '../../storage/device-locks.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import type { Actor } from '../audit/index.ts';
import { dayMs, endOffer, livingCredentials } from '../credentials/index.ts';
import type { Events } from '../events/index.ts';
import { eventOf, issueKey, type KeyIssuing, type NewKey, recordKey } from './issue.ts';
import { OfferQueue } from './offer-queue.ts';
import { noteCannotRotate, noteCanRotate } from './store.ts';

/** How long a device may take to store an offered key and say so. */
const offerTimeoutMs = 30_000;
/** A device that declined an offer, or never answered it, is asked again after this long. */
export const askAgainMs = dayMs;

/** The way to a device's tunnel, as much of it as rotation needs. */
export interface RotationTunnel {
  isOpen(deviceId: string): boolean;
  /** True once for each request and connection of the device on this node: whoever hears it makes the offer. */
  takeUp(deviceId: string, wantedAtMs: number): boolean;
  /** Whoever took it up does not know whether it was made: if it was, the next who hears of it makes the offer. */
  putBack(deviceId: string, wantedAtMs: number): void;
  offer(
    deviceId: string,
    payload: { readonly api_key: string; readonly expires_at: string },
    timeoutMs: number,
  ): Promise<'accepted' | 'unable' | 'no_answer'>;
}

export interface OffersOptions extends KeyIssuing {
  readonly database: Database;
  readonly timers: Timers;
  readonly events: Events;
  readonly tunnel: RotationTunnel;
  readonly onFailure: (error: unknown) => void;
}

const system: Actor = { kind: 'system', id: 'rotation', address: null, requestId: null };

/**
 * Offers of keys over the tunnels of this node.
 *
 * The key is made at the moment it is sent, for the cloud keeps only hashes: an offer that was lost on the way is
 * replaced by a new one at the next connection, and one that failed before it was sent is made again.
 */
export class Offers {
  readonly #options: OffersOptions;
  readonly #queue: OfferQueue;

  constructor(options: OffersOptions) {
    this.#options = options;
    this.#queue = new OfferQueue(options.timers, async (deviceId) => {
      if (options.tunnel.isOpen(deviceId)) await this.#offer(deviceId);
    });
  }

  /** Makes an offer to a device with an open tunnel and a rotation to come, in its turn. */
  queue(deviceId: string): void {
    this.#queue.add(deviceId);
  }

  /** Makes the offer at once. Where that fails, it is made in a while. */
  async now(deviceId: string): Promise<NewKey | undefined> {
    try {
      return await this.#offer(deviceId);
    } catch {
      this.#queue.failed(deviceId);
      return undefined;
    }
  }

  /** Makes no more offers. */
  stop(): void {
    this.#queue.stop();
  }

  /**
   * Makes a key, sends it, and deals with the answer in the background. Resolves once it is on its way; rejects, and
   * has said so, where that failed.
   */
  async #offer(deviceId: string): Promise<NewKey | undefined> {
    const { database, events, onFailure, tunnel } = this.#options;
    const work = (tx: Tx): Promise<NewKey | undefined> => this.#make(tx, deviceId);
    const offer = await database.transaction(work).catch((error: unknown) => {
      onFailure(error);
      throw error;
    });
    if (offer === undefined) return undefined;
    events.poke();
    const payload = { api_key: offer.apiKey, expires_at: toRfc3339(offer.expiresAtMs) };
    tunnel
      .offer(deviceId, payload, offerTimeoutMs)
      .then((answer) => this.#answered(deviceId, offer, answer))
      .catch(onFailure);
    return offer;
  }

  async #make(tx: Tx, deviceId: string): Promise<NewKey | undefined> {
    const row = await readWanting(tx, deviceId);
    if (row === undefined) return undefined;
    const made = await issueKey(tx, row, 'rotation', this.#options);
    const event = eventOf(row, tx.nowMs, 'device.key_offered', made.credentialId);
    await recordKey(tx, row, system, 'key.offer', made.credentialId, event);
    return made;
  }

  async #answered(
    deviceId: string,
    offer: NewKey,
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
      await recordKey(tx, row, system, 'key.offer_refused', offer.credentialId, event);
    });
    events.poke();
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
