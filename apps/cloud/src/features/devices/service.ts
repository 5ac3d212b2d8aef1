import type { Readable } from 'node:stream';
import {
  type AuditAction,
  type CreateDeviceRequest,
  type Device,
  type DeviceFacets,
  type DeviceFilter,
  type DevicePresence,
  type EventType,
  formatApiKey,
  type HardwareInfo,
  type ListDevicesQuery,
  type ListDevicesResponse,
  makeId,
  type NetworkInfo,
  type OrderedIds,
  type ProvisionResponse,
  secretBytes,
  type UpdateDeviceRequest,
} from '@edgeflow/contract';
import { type Clock, giveWay, type Random, type Timers, toRfc3339 } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { insertAudit } from '../audit/index.ts';
import { pardon } from '../clones/index.ts';
import { hashApiKey, issueCredentials, keyLife, livingCredentials } from '../credentials/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';
import { SharedAnswers } from '../shared-answers.ts';
import { exportDevices } from './export.ts';
import { readFacets } from './facets.ts';
import { isScan, listDevices } from './list.ts';
import { matchingIds, type ScanSource } from './scan.ts';
import { ScanTurns } from './scan-turns.ts';
import { deviceSearchText } from './search.ts';
import {
  countDevice,
  existingDevices,
  insertDevice,
  readDevice,
  setLifecycle,
  uncountDevice,
  updateDevice,
} from './store.ts';
import { type LivePresence, viewDevice, viewPresence } from './view.ts';

export interface DevicesOptions {
  readonly database: Database;
  readonly random: Random;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly nextId: OrderedIds;
  readonly events: Events;
  readonly live: LivePresence;
  readonly keyTtlDays: number;
  /** Called after the commit of whatever may end open tunnels. */
  readonly securityChanged: (deviceIds: readonly string[]) => void;
}

/** What operators do with devices. */
export class Devices {
  readonly #options: DevicesOptions;
  readonly #scans: ScanTurns;
  readonly #facets: SharedAnswers<DeviceFacets>;

  constructor(options: DevicesOptions) {
    this.#options = options;
    this.#scans = new ScanTurns(options.database.kind);
    this.#facets = new SharedAnswers(options.clock);
  }

  /** Makes an identity beforehand. The key exists in this answer and nowhere else. */
  async create(operator: Operator, request: CreateDeviceRequest): Promise<ProvisionResponse> {
    const { database, events, keyTtlDays, nextId, random } = this.#options;
    const apiKey = formatApiKey(random.bytes(secretBytes));
    const id = makeId('device', random.bytes);
    const { organizationId } = operator;
    const answer = await database.transaction(async (tx) => {
      if (!(await countDevice(tx, organizationId))) throw new ProblemError('device_limit_reached');
      const life = keyLife(tx.nowMs, keyTtlDays, random);
      const name = request.name ?? null;
      await insertDevice(tx, {
        id,
        organizationId,
        name,
        tags: request.tags,
        group: request.group ?? null,
        searchText: deviceSearchText(id, name, {}, {}),
      });
      const credentialId = nextId('credential');
      await issueCredentials(
        tx,
        [
          {
            id: credentialId,
            organizationId,
            deviceId: id,
            keyHash: hashApiKey(apiKey),
            origin: 'operator',
            ...life,
          },
        ],
        [],
      );
      await record(tx, operator, id, 'device.create', 'device.created');
      return { device_id: id, api_key: apiKey, expires_at: toRfc3339(life.expiresAtMs) };
    });
    events.poke();
    return answer;
  }

  /** @param isGone whether whoever asked has gone away: a search for nobody ends early */
  async list(
    operator: Operator,
    query: ListDevicesQuery,
    isGone: () => boolean,
  ): Promise<ListDevicesResponse> {
    const { database, live } = this.#options;
    const read = () => listDevices(this.#scanSource(isGone), operator.organizationId, query);
    const page = isScan(query) ? await this.#scans.run(read) : await read();
    const credentials = await livingCredentials(
      database,
      page.rows.map((row) => row.id),
    );
    const byDevice = Map.groupBy(credentials, (credential) => credential.device_id);
    return {
      devices: page.rows.map((row) => viewDevice(row, byDevice.get(row.id) ?? [], live)),
      total: page.total,
      limit: query.limit,
      offset: query.offset ?? 0,
      next_cursor: page.nextCursor,
    };
  }

  /** What the devices can be narrowed down to, found once for all who ask within a moment. */
  facets({ organizationId }: Operator): Promise<DeviceFacets> {
    // Somebody else may wait for it when who asked first has gone.
    const source = this.#scanSource(() => false);
    return this.#facets.ask(organizationId, () => this.#scans.run(() => readFacets(source, organizationId)));
  }

  /**
   * The devices that are named, of those that exist, or all that a filter lets through: their ids, as they are now.
   */
  async select(
    { organizationId }: Operator,
    which: { readonly ids: readonly string[] } | { readonly filter: DeviceFilter },
  ): Promise<string[]> {
    const { database } = this.#options;
    if ('ids' in which) return existingDevices(database, organizationId, which.ids);
    const source = this.#scanSource(() => false);
    return this.#scans.run(() => matchingIds(source, { organizationId, filter: which.filter }));
  }

  /** All devices that a filter lets through, as CSV. Destroyed, it reads no more. */
  export({ organizationId }: Operator, filter: DeviceFilter, isGone: () => boolean): Readable {
    const { live } = this.#options;
    const source = this.#scanSource(isGone);
    return exportDevices({ source, turns: this.#scans, organizationId, filter, live });
  }

  async read(operator: Operator, id: string): Promise<Device> {
    return this.#view(this.#options.database, await this.#require(operator, id));
  }

  async presence(operator: Operator, id: string): Promise<DevicePresence> {
    const row = await this.#require(operator, id);
    return viewPresence(row, await livingCredentials(this.#options.database, [id]), this.#options.live);
  }

  async update(operator: Operator, id: string, change: UpdateDeviceRequest): Promise<Device> {
    return this.#change(operator, id, async (tx, row) => {
      const name = change.name === undefined ? row.name : change.name;
      const hardware = JSON.parse(row.hardware_info) as HardwareInfo;
      const network = JSON.parse(row.network_info) as NetworkInfo;
      await updateDevice(tx, id, change, deviceSearchText(id, name, hardware, network));
      await record(tx, operator, id, 'device.update', 'device.updated');
    });
  }

  /** Refuses the device until it is restored. */
  async revoke(operator: Operator, id: string): Promise<Device> {
    return this.#changeSecurity(operator, id, async (tx, row) => {
      if (row.lifecycle === 'revoked') return;
      await setLifecycle(tx, id, 'revoked');
      await record(tx, operator, id, 'device.revoke', 'device.revoked');
    });
  }

  /** Refuses the device until it is restored or gets a new key. */
  async quarantine(operator: Operator, id: string): Promise<Device> {
    return this.#changeSecurity(operator, id, async (tx, row) => {
      if (row.lifecycle === 'quarantined') return;
      if (row.lifecycle !== 'active')
        throw new ProblemError('device_state_conflict', {
          detail: `The device is ${row.lifecycle} already.`,
        });
      await setLifecycle(tx, id, 'quarantined');
      await record(tx, operator, id, 'device.quarantine', 'device.quarantined');
    });
  }

  /** Undoes a revocation or quarantine, and dismisses a suspicion of clones: the same key works again. */
  async restore(operator: Operator, id: string): Promise<Device> {
    return this.#changeSecurity(operator, id, async (tx, row) => {
      const isRefused = row.lifecycle !== 'active';
      if (!isRefused && row.clone_suspected_at_ms === null) return;
      if (isRefused) await setLifecycle(tx, id, 'active');
      await pardon(tx, row);
      await record(tx, operator, id, 'device.restore', 'device.restored');
    });
  }

  /** Leaves a tombstone, so that the device's own key still learns what happened. */
  async delete(operator: Operator, id: string): Promise<void> {
    const { database, events, securityChanged } = this.#options;
    await database.transaction(async (tx) => {
      await uncountDevice(tx, operator.organizationId);
      const row = await readDevice(tx, operator.organizationId, id);
      if (row === undefined) throw new ProblemError('device_not_found');
      await setLifecycle(tx, id, 'deleted');
      await record(tx, operator, id, 'device.delete', 'device.deleted');
    });
    events.poke();
    securityChanged([id]);
  }

  async #changeSecurity(
    operator: Operator,
    id: string,
    work: (tx: Tx, row: DeviceRow) => Promise<void>,
  ): Promise<Device> {
    const view = await this.#change(operator, id, work);
    this.#options.securityChanged([id]);
    return view;
  }

  async #change(
    operator: Operator,
    id: string,
    work: (tx: Tx, row: DeviceRow) => Promise<void>,
  ): Promise<Device> {
    const view = await this.#options.database.transaction(async (tx) => {
      const row = await readDevice(tx, operator.organizationId, id);
      if (row === undefined) throw new ProblemError('device_not_found');
      await work(tx, row);
      return this.#view(tx, (await readDevice(tx, operator.organizationId, id)) ?? row);
    });
    this.#options.events.poke();
    return view;
  }

  #scanSource(isGone: () => boolean): ScanSource {
    const { database, timers } = this.#options;
    return { database, isGone, pause: () => giveWay(timers) };
  }

  async #require(operator: Operator, id: string): Promise<DeviceRow> {
    const row = await readDevice(this.#options.database, operator.organizationId, id);
    if (row === undefined) throw new ProblemError('device_not_found');
    return row;
  }

  async #view(source: Database | Tx, row: DeviceRow): Promise<Device> {
    return viewDevice(row, await livingCredentials(source, [row.id]), this.#options.live);
  }
}

async function record(
  tx: Tx,
  operator: Operator,
  id: string,
  action: AuditAction,
  event: EventType,
): Promise<void> {
  const { organizationId, actor } = operator;
  const object = { kind: 'device', id };
  await insertAudit(tx, [{ organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success' }]);
  const data = { device_id: id };
  await insertEvents(tx, [{ organizationId, atMs: tx.nowMs, type: event, objectId: id, data }]);
}
