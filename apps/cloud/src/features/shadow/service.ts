import { type JsonObject, type Shadow, shadowBytesMax, type ShadowUpdate } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceRow, ShadowRow } from '../../storage/tables.ts';
import { type Actor, insertAudit } from '../audit/index.ts';
import { readDevice } from '../devices/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';
import { mergeHalf, type ShadowHalf, viewShadow } from './merge.ts';

export interface ShadowsOptions {
  readonly database: Database;
  readonly events: Events;
  /** Tells a connected device its new desired state; a device that is offline reads it when it connects. */
  readonly announce: (deviceId: string, shadow: Shadow) => void;
}

/** The device shadow: what operators desire, what the device reports. */
export class Shadows {
  readonly #options: ShadowsOptions;

  constructor(options: ShadowsOptions) {
    this.#options = options;
  }

  async readAsOperator(operator: Operator, id: string): Promise<Shadow> {
    const device = await readDevice(this.#options.database, operator.organizationId, id);
    if (device === undefined) throw new ProblemError('device_not_found');
    return this.readAsDevice(device);
  }

  async readAsDevice(device: DeviceRow): Promise<Shadow> {
    const { database } = this.#options;
    const row = await readShadow(database, device.id);
    return view(row ?? emptyShadow(device, device.created_at_ms));
  }

  /** Writes `desired`, and tells the device at once if it is connected. */
  async writeDesired(operator: Operator, id: string, update: ShadowUpdate): Promise<Shadow> {
    if (update.reported !== undefined) {
      throw new ProblemError('forbidden', { detail: 'Only the device itself writes "reported".' });
    }
    const desired = requireHalf(update.desired, 'desired');
    const shadow = await this.#write(
      operator.organizationId,
      id,
      update.version,
      { desired },
      operator.actor,
    );
    this.#options.announce(id, shadow);
    return shadow;
  }

  /** Writes `reported` for the device whose key it came with. */
  async writeReported(device: DeviceRow, update: ShadowUpdate): Promise<Shadow> {
    if (update.desired !== undefined) {
      throw new ProblemError('forbidden', { detail: 'Only an operator writes "desired".' });
    }
    const reported = requireHalf(update.reported, 'reported');
    return this.#write(device.organization_id, device.id, update.version, { reported }, undefined);
  }

  async #write(
    organizationId: string,
    deviceId: string,
    version: number | undefined,
    change: { readonly desired?: JsonObject; readonly reported?: JsonObject },
    operator: Actor | undefined,
  ): Promise<Shadow> {
    const shadow = await this.#options.database.transaction(async (tx) => {
      const device = await readDevice(tx, organizationId, deviceId);
      if (device === undefined) throw new ProblemError('device_not_found');
      const before = (await readShadow(tx, deviceId)) ?? emptyShadow(device, tx.nowMs);
      if (version !== undefined && version !== before.version) {
        throw new ProblemError('version_conflict', {
          detail: `The shadow is at version ${String(before.version)}, not ${String(version)}.`,
        });
      }
      const row = merged(before, change, tx.nowMs);
      await writeShadow(tx, row);
      await record(tx, row, operator);
      return view(row);
    });
    this.#options.events.poke();
    return shadow;
  }
}

function merged(
  before: ShadowRow,
  change: { readonly desired?: JsonObject; readonly reported?: JsonObject },
  nowMs: number,
): ShadowRow {
  const now = toRfc3339(nowMs);
  const desired = mergeHalf(half(before.desired, before.desired_times), change.desired ?? {}, now);
  const reported = mergeHalf(half(before.reported, before.reported_times), change.reported ?? {}, now);
  return {
    ...before,
    version: before.version + 1,
    desired: bounded(desired.document, 'desired'),
    reported: bounded(reported.document, 'reported'),
    desired_times: JSON.stringify(desired.times),
    reported_times: JSON.stringify(reported.times),
    updated_at_ms: nowMs,
  };
}

/** Operators' changes are audited; a device's reports are its daily speech and only make an event. */
async function record(tx: Tx, row: ShadowRow, operator: Actor | undefined): Promise<void> {
  const { device_id: deviceId, organization_id: organizationId, version } = row;
  if (operator !== undefined) {
    const object = { kind: 'device', id: deviceId };
    await insertAudit(tx, [
      {
        organizationId,
        atMs: tx.nowMs,
        actor: operator,
        action: 'shadow.write',
        object,
        outcome: 'success',
        detail: { version },
      },
    ]);
  }
  const half_ = operator === undefined ? 'reported' : 'desired';
  const data = { device_id: deviceId, version, half: half_ };
  await insertEvents(tx, [
    { organizationId, atMs: tx.nowMs, type: 'shadow.updated', objectId: deviceId, data },
  ]);
}

function requireHalf(half_: JsonObject | undefined, name: string): JsonObject {
  if (half_ !== undefined) return half_;
  throw new ProblemError('request_malformed', {
    detail: `The body holds no "${name}".`,
    errors: [{ field: name, message: 'is required' }],
  });
}

function bounded(document: JsonObject, name: string): string {
  const text = JSON.stringify(document);
  if (Buffer.byteLength(text) > shadowBytesMax) {
    throw new ProblemError('body_too_large', {
      detail: `"${name}" would hold more than ${String(shadowBytesMax)} bytes.`,
    });
  }
  return text;
}

async function readShadow(source: Database | Tx, deviceId: string): Promise<ShadowRow | undefined> {
  return source.db.selectFrom('shadows').selectAll().where('device_id', '=', deviceId).executeTakeFirst();
}

/** The device's row is held, so nobody else writes between the read and this. */
async function writeShadow(tx: Tx, row: ShadowRow): Promise<void> {
  await sql`insert into shadows (device_id, organization_id, version, desired, reported, desired_times,
      reported_times, updated_at_ms)
    values (${row.device_id}, ${row.organization_id}, ${row.version}, ${row.desired}, ${row.reported},
      ${row.desired_times}, ${row.reported_times}, ${row.updated_at_ms})
    on conflict (device_id) do update set version = excluded.version, desired = excluded.desired,
      reported = excluded.reported, desired_times = excluded.desired_times,
      reported_times = excluded.reported_times, updated_at_ms = excluded.updated_at_ms`.execute(tx.db);
}

function emptyShadow(device: DeviceRow, updatedAtMs: number): ShadowRow {
  return {
    device_id: device.id,
    organization_id: device.organization_id,
    version: 0,
    desired: '{}',
    reported: '{}',
    desired_times: '{}',
    reported_times: '{}',
    updated_at_ms: updatedAtMs,
  };
}

function half(document: string, times: string): ShadowHalf {
  return { document: JSON.parse(document) as JsonObject, times: JSON.parse(times) as Record<string, string> };
}

function view(row: ShadowRow): Shadow {
  return viewShadow(
    row.device_id,
    row.version,
    half(row.desired, row.desired_times),
    half(row.reported, row.reported_times),
    toRfc3339(row.updated_at_ms),
  );
}
