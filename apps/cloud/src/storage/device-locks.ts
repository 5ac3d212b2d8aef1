import { type RawBuilder, sql } from 'kysely';
import type { Tx } from './database.ts';
import { jsonTexts } from './json-texts.ts';
import type { DeviceRow } from './tables.ts';

/**
 * THE order of locks, by which transactions on several nodes never wait for each other in a ring: a change to many
 * devices that is under way, batches, provisioning codes, organizations, devices; then, of devices that are held,
 * credentials, shadows, notes and connections; then advisory locks, that of the events last. Rows of one table are
 * locked by id, ascending. An `update` of several rows locks them in the order of
 * its plan, which is anybody's guess: hold them first.
 *
 * Whoever changes a device's credentials holds the device, so what is read of them after the lock stays true until the
 * commit. Nothing is locked with SQLite, where the transaction owns the database.
 */

/**
 * Devices as they are, and stay until the commit, in the order of their ids.
 *
 * @param ids what may follow `id in`
 */
export async function lockDevices(tx: Tx, ids: RawBuilder<unknown>): Promise<DeviceRow[]> {
  return (await select<DeviceRow>(tx, sql`*`, ids)).rows;
}

/** The same for whoever needs no more than the lock. */
export async function holdDevices(tx: Tx, ids: readonly string[]): Promise<void> {
  if (tx.kind === 'sqlite' || ids.length === 0) return;
  await select(tx, sql`id`, jsonTexts(tx.kind, ids));
}

function select<Row>(tx: Tx, columns: RawBuilder<unknown>, ids: RawBuilder<unknown>) {
  return sql<Row>`select ${columns} from devices where id in ${ids} order by id ${tx.forUpdate}`.execute(
    tx.db,
  );
}
