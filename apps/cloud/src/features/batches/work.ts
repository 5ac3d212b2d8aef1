import type { OrderedIds } from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { type KeyRing, sealText } from '../../keyring/index.ts';
import type { BatchRow, BatchRowRow } from '../../storage/batch-tables.ts';
import type { Tx } from '../../storage/database.ts';
import { insertAudit } from '../audit/index.ts';
import { chooseGroups, countLiveShortCodes, drawCode, insertCodes } from '../codes/index.ts';
import { insertEvents } from '../events/index.ts';
import { codeGroupsLeast } from '../guessing/index.ts';
import { progressEvent, systemActor } from './records.ts';
import { type MadeRow, nextRows, revokeActive, setCodes, takeWork, updateBatch } from './store.ts';
import { sealOf } from './texts.ts';

/** Rows that one transaction does: it holds the database for some milliseconds, and others take turns with it. */
const rowsAtOnce = 250;
/** The texts of a batch that is ready are kept this long, unless somebody says that they are saved. */
const textsKeptMs = 3_600_000;

export interface WorkOptions {
  readonly keyRing: KeyRing;
  readonly random: Random;
  readonly nextId: OrderedIds;
  /** undefined: as short as is safe. */
  readonly codeGroups: number | undefined;
}

/**
 * Does the next rows of a batch: codes, their sealed texts and how far it has come, in one transaction. Wherever the
 * process ends, each row has its code or waits for it, and none is ever made twice.
 *
 * @returns whether there is more to do here: false too when another node works on it
 */
export async function workOnce(options: WorkOptions, tx: Tx, batchId: string): Promise<boolean> {
  const batch = await takeWork(tx, batchId);
  if (batch === undefined || batch.work === null) return false;
  const rows = await nextRows(tx, batch.id, batch.work_after, rowsAtOnce);
  const wanting = batch.work === 'make' ? rows : await rowsToReplace(tx, rows);
  await makeCodes(options, tx, batch, wanting);
  const done = batch.rows_done + rows.length;
  const isLast = done >= batch.rows_total;
  await updateBatch(tx, batch.id, {
    rows_done: done,
    work_after: rows.at(-1)?.number ?? batch.work_after,
    ...(isLast ? { work: null, texts_until_ms: tx.nowMs + textsKeptMs } : {}),
  });
  if (isLast) await recordEnd(tx, batch);
  await insertEvents(tx, [progressEvent(batch, tx.nowMs, isLast ? null : batch.work, done)]);
  return !isLast;
}

/** Rows whose code was not used until this moment. It is revoked with the commit that gives them another. */
async function rowsToReplace(tx: Tx, rows: readonly BatchRowRow[]): Promise<BatchRowRow[]> {
  const revoked = await revokeActive(
    tx,
    rows.flatMap(({ code_id }) => code_id ?? []),
  );
  return rows.filter(({ code_id }) => code_id !== null && revoked.has(code_id));
}

async function makeCodes(
  options: WorkOptions,
  tx: Tx,
  batch: BatchRow,
  rows: readonly BatchRowRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const groups = chooseGroups(batch.group_count ?? options.codeGroups, {
    count: batch.rows_total - batch.rows_done,
    ttlSeconds: batch.ttl_seconds,
    liveTwoGroupCodes: await countLiveShortCodes(tx),
    groupsLeast: await codeGroupsLeast(tx),
  });
  const made = rows.map((row) => ({ row, drawn: drawCode(options, specOf(batch, row, groups, tx.nowMs)) }));
  await insertCodes(
    tx,
    made.map(({ drawn }) => drawn.row),
  );
  const sealed = made.map(({ drawn, row }): MadeRow => {
    const { id, server_key_id: keyId } = drawn.row;
    const seal = sealOf({ keyId, organizationId: batch.organization_id, batchId: batch.id, codeId: id });
    const sealedText = sealText(options.keyRing, seal, drawn.code, options.random);
    return { number: row.number, codeId: id, sealedText };
  });
  await setCodes(tx, batch.id, sealed);
}

function specOf(
  batch: BatchRow,
  row: BatchRowRow,
  groups: number,
  nowMs: number,
): Parameters<typeof drawCode>[1] {
  return {
    organizationId: batch.organization_id,
    createdBy: batch.created_by,
    groups,
    name: batch.name,
    batchId: batch.id,
    deviceName: row.device_name,
    tags: JSON.parse(row.tags) as string[],
    deviceGroup: batch.device_group,
    macAddress: row.mac_address,
    serialNumber: row.serial_number,
    boardModel: batch.bind_board_model,
    targetDeviceId: null,
    nowMs,
    expiresAtMs: batch.expires_at_ms,
  };
}

async function recordEnd(tx: Tx, batch: BatchRow): Promise<void> {
  await insertAudit(tx, [
    {
      organizationId: batch.organization_id,
      atMs: tx.nowMs,
      actor: systemActor,
      action: batch.work === 'replace' ? 'batch.replaced' : 'batch.made',
      object: { kind: 'batch', id: batch.id },
      outcome: 'success',
      detail: { rows: batch.rows_total, edition: batch.edition },
    },
  ]);
}
