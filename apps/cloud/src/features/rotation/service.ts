import type { ProvisionResponse, RotateKeyOffered } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { Tx } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { dayMs, endCredentials, livingCredentials, moveExpiry, rotateAfter } from '../credentials/index.ts';
import { readDevice } from '../devices/index.ts';
import type { Operator } from '../identity/index.ts';
import { eventOf, issueKey, recordKey } from './issue.ts';
import { askAgainMs, Offers, type OffersOptions } from './offers.ts';
import { forgetEarlierKey, requestDueRotations, wantRotation } from './store.ts';

/** Rotations started by one sweep, so that a fleet does not rotate in one minute. */
const sweepLimit = 100;

export interface RotationOptions extends OffersOptions {
  readonly securityChanged: (deviceIds: readonly string[]) => void;
}

/**
 * New keys for devices that have one.
 *
 * Over the tunnel the key is made at the moment it is sent, for the cloud keeps only hashes: an offer that was lost
 * is replaced by a new one at the next connection. The old key lives until the new one has authenticated.
 */
export class Rotation {
  readonly #options: RotationOptions;
  readonly #offers: Offers;

  constructor(options: RotationOptions) {
    this.#options = options;
    this.#offers = new Offers(options);
  }

  /** Asks for a rotation over the tunnel: now, or when the device connects. */
  async request(operator: Operator, id: string): Promise<RotateKeyOffered> {
    const { events, securityChanged } = this.#options;
    const isHere = await this.#want(operator, id);
    events.poke();
    const offer = isHere ? await this.#offers.now(id) : undefined;
    if (!isHere) securityChanged([id]);
    return {
      device_id: id,
      status: 'offered',
      delivered: offer !== undefined,
      key_id: offer?.credentialId ?? null,
      expires_at: offer === undefined ? null : toRfc3339(offer.expiresAtMs),
    };
  }

  /** @returns whether the request has been taken up for a tunnel on this node, and who asked makes the offer */
  async #want(operator: Operator, id: string): Promise<boolean> {
    const { database, tunnel } = this.#options;
    const takenUp: { atMs?: number } = {};
    try {
      await database.transaction(async (tx) => {
        const row = await requireActive(tx, operator, id);
        if (row.clone_suspected_at_ms !== null) throw new ProblemError('rotation_suspended');
        await requireNoOtherIssue(tx, row);
        await wantRotation(tx, id);
        await recordKey(tx, row, operator.actor, 'key.rotation_request');
        // Before anybody can read the request, or the watch would make an offer of its own.
        if (tunnel.takeUp(id, tx.nowMs)) takenUp.atMs = tx.nowMs;
      });
    } catch (error) {
      // It may be durable all the same, and then the watch must find that nobody has taken it up.
      if (takenUp.atMs !== undefined) tunnel.putBack(id, takenUp.atMs);
      throw error;
    }
    return takenUp.atMs !== undefined;
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
      const made = await issueKey(tx, row, 'operator', this.#options);
      await forgetEarlierKey(tx, row);
      const event = eventOf(row, tx.nowMs, 'device.key_rotated', made.credentialId);
      await recordKey(tx, row, operator.actor, 'key.replace', made.credentialId, event);
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
      await recordKey(tx, row, operator.actor, 'key.extend', undefined, event);
      return extended;
    });
    events.poke();
    securityChanged([id]);
    return toRfc3339(expiresAtMs);
  }

  /** A device with a rotation to come has connected with its old key. */
  deviceConnected(deviceId: string): void {
    this.#offers.queue(deviceId);
  }

  /** A rotation has been asked for, on this node or another. Heard again and again, it is offered once. */
  wanted(deviceId: string, wantedAtMs: number): void {
    if (this.#options.tunnel.takeUp(deviceId, wantedAtMs)) this.#offers.queue(deviceId);
  }

  /** Asks for the rotations that have fallen due; call it every minute. The security watch brings them to the tunnels. */
  async sweep(): Promise<void> {
    const { database, securityChanged } = this.#options;
    const due = await database.transaction((tx) => requestDueRotations(tx, sweepLimit, askAgainMs));
    if (due.length > 0) securityChanged(due);
  }

  /** Makes no more offers. */
  stop(): void {
    this.#offers.stop();
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
