import {
  type Code,
  type CreateCodesRequest,
  type CreatedCode,
  type ListCodesQuery,
  type ListCodesResponse,
  makeId,
  type OrderedIds,
  type UpdateCodeRequest,
} from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { KeyRing } from '../../keyring/index.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { concernsOneItem } from '../../storage/failures.ts';
import type { CodeRow } from '../../storage/tables.ts';
import { insertAudit } from '../audit/index.ts';
import { deviceNames, readDevice } from '../devices/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import { codeGroupsLeast } from '../guessing/index.ts';
import { type Operator, operatorNames } from '../identity/index.ts';
import { codeDefaults } from '../organization/index.ts';
import { mayBeReprovisioned } from '../provisioning/index.ts';
import { chooseGroups, codeExpiry } from './decide.ts';
import { drawCode } from './draw.ts';
import { listCodes } from './list.ts';
import { rebindCode } from './rebind.ts';
import { countLiveShortCodes, insertCodes, type NewCode, readCode, revokeCode } from './store.ts';
import { viewCode } from './view.ts';

/** Fresh codes are drawn this often when one of a batch exists already. */
const drawsMax = 3;

export interface CodesOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly random: Random;
  readonly nextId: OrderedIds;
  readonly events: Events;
  readonly codeTtlSeconds: number;
  /** undefined: as short as is safe. */
  readonly codeGroups: number | undefined;
}

/** What operators do with provisioning codes. */
export class Codes {
  readonly #options: CodesOptions;

  constructor(options: CodesOptions) {
    this.#options = options;
  }

  /** Makes codes; their texts exist in this answer and nowhere else. */
  async create(operator: Operator, request: CreateCodesRequest): Promise<CreatedCode[]> {
    for (let draw = 1; ; draw += 1) {
      try {
        const made = await this.#options.database.transaction((tx) => this.#make(tx, operator, request));
        this.#options.events.poke();
        return made;
      } catch (error) {
        if (draw >= drawsMax || !concernsOneItem(error)) throw error;
      }
    }
  }

  async list(operator: Operator, query: ListCodesQuery): Promise<ListCodesResponse> {
    const { database } = this.#options;
    const nowMs = await database.nowMs();
    const page = await listCodes(database, operator.organizationId, query, nowMs);
    return {
      codes: await this.#view(operator.organizationId, page.rows, nowMs),
      total: page.total,
      total_is_exact: page.isTotalExact,
      limit: query.limit,
      offset: query.offset ?? 0,
      next_cursor: page.nextCursor,
    };
  }

  async read(operator: Operator, id: string): Promise<Code> {
    const { database } = this.#options;
    const row = await readCode(database, operator.organizationId, id);
    if (row === undefined) throw new ProblemError('code_not_found');
    return this.#viewOne(row, await database.nowMs());
  }

  /** Binds an active code to other hardware, or to none. */
  async rebind(operator: Operator, id: string, request: UpdateCodeRequest): Promise<void> {
    await rebindCode(this.#options, operator, id, request);
  }

  /** Revokes a code that has not been used. Revoking twice is harmless. */
  async revoke(operator: Operator, id: string): Promise<Code> {
    const { organizationId } = operator;
    const { nowMs, row } = await this.#options.database.transaction(async (tx) => {
      const revoked = await revokeCode(tx, organizationId, id);
      const row = await readCode(tx, organizationId, id);
      if (row === undefined) throw new ProblemError('code_not_found');
      if (row.state === 'used') throw new ProblemError('code_not_revocable');
      if (revoked) {
        const object = { kind: 'code', id };
        await insertAudit(tx, [
          {
            organizationId,
            atMs: tx.nowMs,
            actor: operator.actor,
            action: 'code.revoke',
            object,
            outcome: 'success',
          },
        ]);
        await insertEvents(tx, [
          { organizationId, atMs: tx.nowMs, type: 'code.revoked', objectId: id, data: { code_id: id } },
        ]);
      }
      return { row, nowMs: tx.nowMs };
    });
    this.#options.events.poke();
    return this.#viewOne(row, nowMs);
  }

  async #viewOne(row: CodeRow, nowMs: number): Promise<Code> {
    const [view] = await this.#view(row.organization_id, [row], nowMs);
    if (view === undefined) throw new Error('a row has no view');
    return view;
  }

  async #view(organizationId: string, rows: readonly CodeRow[], nowMs: number): Promise<Code[]> {
    const { database } = this.#options;
    const makers = [...new Set(rows.map((row) => row.created_by))];
    const users = rows.flatMap((row) => row.used_device_id ?? []);
    const [operators, devices] = await Promise.all([
      operatorNames(database, organizationId, makers),
      deviceNames(database, organizationId, users),
    ]);
    return rows.map((row) => {
      const device = row.used_device_id === null ? null : (devices.get(row.used_device_id) ?? null);
      return viewCode(row, { maker: operators.get(row.created_by) ?? null, device }, nowMs);
    });
  }

  async #make(tx: Tx, operator: Operator, request: CreateCodesRequest): Promise<CreatedCode[]> {
    await requireTarget(tx, operator.organizationId, request.device_id);
    const defaults = await codeDefaults(tx, operator.organizationId);
    const ttlSeconds = request.ttl_seconds ?? defaults.ttlSeconds ?? this.#options.codeTtlSeconds;
    const groups = chooseGroups(request.groups ?? defaults.groups ?? this.#options.codeGroups, {
      count: request.count,
      ttlSeconds,
      liveTwoGroupCodes: await countLiveShortCodes(tx),
      groupsLeast: await codeGroupsLeast(tx),
    });
    const { organizationId } = operator;
    const batch = request.count > 1 ? makeId('batch', this.#options.random.bytes) : null;
    const made = Array.from({ length: request.count }, () =>
      drawCode(this.#options, {
        organizationId,
        createdBy: operator.id,
        groups,
        name: request.name ?? null,
        batchId: batch,
        deviceName: request.device_name ?? null,
        tags: request.tags,
        deviceGroup: request.group ?? null,
        macAddress: request.bind?.mac_address ?? null,
        serialNumber: request.bind?.serial_number ?? null,
        boardModel: request.bind?.board_model ?? null,
        targetDeviceId: request.device_id ?? null,
        nowMs: tx.nowMs,
        expiresAtMs: codeExpiry(tx.nowMs, ttlSeconds),
      }),
    );
    await insertCodes(
      tx,
      made.map(({ row }) => row),
    );
    const first = made[0]?.row.id ?? '';
    const detail = { count: request.count, batch, reprovisions: request.device_id ?? null };
    const object = batch === null ? { kind: 'code', id: first } : { kind: 'batch', id: batch };
    await insertAudit(tx, [
      {
        organizationId,
        atMs: tx.nowMs,
        actor: operator.actor,
        action: 'code.create',
        object,
        outcome: 'success',
        detail,
      },
    ]);
    await insertEvents(tx, [
      { organizationId, atMs: tx.nowMs, type: 'code.created', objectId: object.id, data: detail },
    ]);
    const names = { maker: operator.label, device: null };
    return made.map(({ row, code }) => ({ ...viewCode(unused(row), names, tx.nowMs), code }));
  }
}

/** A new key only for a device that is there and is not revoked. */
async function requireTarget(tx: Tx, organizationId: string, deviceId: string | undefined): Promise<void> {
  if (deviceId === undefined) return;
  const device = await readDevice(tx, organizationId, deviceId);
  if (device === undefined) throw new ProblemError('device_not_found');
  if (!mayBeReprovisioned(device)) throw new ProblemError('target_unavailable');
}

function unused(row: NewCode): CodeRow {
  return {
    ...row,
    search_text: null,
    state: 'active',
    revoked_at_ms: null,
    used_at_ms: null,
    used_address: null,
    used_device_id: null,
    used_credential_id: null,
    claimant_hash: null,
    answer_expires_at_ms: null,
    failed_attempts: 0,
    last_failed_at_ms: null,
    last_failed_reason: null,
  };
}
