import {
  type Code,
  type CreateCodesRequest,
  type CreatedCode,
  displayCode,
  type ListCodesQuery,
  type ListCodesResponse,
  makeId,
  makeProvisioningCode,
  type OrderedIds,
  parseProvisioningCode,
  type UpdateCodeRequest,
} from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { KeyRing } from '../../keyring/index.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { concernsOneItem } from '../../storage/failures.ts';
import { storableJson } from '../../storage/text.ts';
import { insertAudit } from '../audit/index.ts';
import { readDevice } from '../devices/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import { codeGroupsLeast } from '../guessing/index.ts';
import type { Operator } from '../identity/index.ts';
import { mayBeReprovisioned } from '../provisioning/index.ts';
import { chooseGroups } from './decide.ts';
import { rebindCode } from './rebind.ts';
import { countLiveShortCodes, insertCodes, listCodes, type NewCode, readCode, revokeCode } from './store.ts';
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
      codes: page.rows.map((row) => viewCode(row, nowMs)),
      total: page.total,
      limit: query.limit,
      offset: query.offset ?? 0,
      next_cursor: page.nextCursor,
    };
  }

  async read(operator: Operator, id: string): Promise<Code> {
    const { database } = this.#options;
    const row = await readCode(database, operator.organizationId, id);
    if (row === undefined) throw new ProblemError('code_not_found');
    return viewCode(row, await database.nowMs());
  }

  /** Binds an active code to other hardware, or to none. */
  async rebind(operator: Operator, id: string, request: UpdateCodeRequest): Promise<void> {
    await rebindCode(this.#options, operator, id, request);
  }

  /** Revokes a code that has not been used. Revoking twice is harmless. */
  async revoke(operator: Operator, id: string): Promise<Code> {
    const { organizationId } = operator;
    const view = await this.#options.database.transaction(async (tx) => {
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
      return viewCode(row, tx.nowMs);
    });
    this.#options.events.poke();
    return view;
  }

  async #make(tx: Tx, operator: Operator, request: CreateCodesRequest): Promise<CreatedCode[]> {
    await requireTarget(tx, operator.organizationId, request.device_id);
    const ttlSeconds = request.ttl_seconds ?? this.#options.codeTtlSeconds;
    const groups = chooseGroups(request.groups ?? this.#options.codeGroups, {
      count: request.count,
      ttlSeconds,
      liveTwoGroupCodes: await countLiveShortCodes(tx),
      groupsLeast: await codeGroupsLeast(tx),
    });
    const { organizationId } = operator;
    const batch = request.count > 1 ? makeId('batch', this.#options.random.bytes) : null;
    const made = Array.from({ length: request.count }, () =>
      this.#draw(operator, request, { groups, batch, ttlSeconds, nowMs: tx.nowMs }),
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
    return made.map(({ row, code }) => ({ ...viewCode(unused(row), tx.nowMs), code }));
  }

  #draw(
    operator: Operator,
    request: CreateCodesRequest,
    batch: {
      readonly groups: number;
      readonly batch: string | null;
      readonly ttlSeconds: number;
      readonly nowMs: number;
    },
  ): { row: NewCode; code: string } {
    const { keyRing, nextId, random } = this.#options;
    const code = makeProvisioningCode(batch.groups, random.bytes);
    const symbols = parseProvisioningCode(code);
    if (symbols === undefined || displayCode(symbols) !== code)
      throw new Error('a made code does not read back');
    const row: NewCode = {
      id: nextId('code'),
      organization_id: operator.organizationId,
      code_hash: keyRing.hashCode(keyRing.currentId, symbols),
      server_key_id: keyRing.currentId,
      group_count: batch.groups,
      name: request.name ?? null,
      batch_id: batch.batch,
      device_name: request.device_name ?? null,
      tags: storableJson(request.tags),
      device_group: request.group ?? null,
      bind_mac_address: request.bind?.mac_address ?? null,
      bind_serial_number: request.bind?.serial_number ?? null,
      bind_board_model: request.bind?.board_model ?? null,
      target_device_id: request.device_id ?? null,
      created_at_ms: batch.nowMs,
      created_by: operator.id,
      expires_at_ms: Math.floor((batch.nowMs + batch.ttlSeconds * 1000) / 1000) * 1000,
    };
    return { row, code };
  }
}

/** A new key only for a device that is there and is not revoked. */
async function requireTarget(tx: Tx, organizationId: string, deviceId: string | undefined): Promise<void> {
  if (deviceId === undefined) return;
  const device = await readDevice(tx, organizationId, deviceId);
  if (device === undefined) throw new ProblemError('device_not_found');
  if (!mayBeReprovisioned(device)) throw new ProblemError('target_unavailable');
}

function unused(row: NewCode): Parameters<typeof viewCode>[0] {
  return {
    ...row,
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
