import type { Database } from './database.ts';

const factPrefix = 'server_key_check:';

/** As much of the key ring as the check needs. */
export interface CheckedRing {
  readonly ids: readonly string[];
  checkValue(keyId: string): string;
}

export class WrongKeyRingError extends Error {
  constructor(problem: string) {
    super(
      `${problem} Start with the key ring that this database was made with (EDGEFLOW_CLOUD_SECRET_FILE): ` +
        'with another one no code and no repeat of a registration would be recognised.',
    );
    this.name = 'WrongKeyRingError';
  }
}

/** Whether nothing has ever been stored: the first start makes an organization. */
export async function isEmpty(database: Database): Promise<boolean> {
  const row = await database.db.selectFrom('organizations').select('id').limit(1).executeTakeFirst();
  return row === undefined;
}

/**
 * Compares the key ring with what the database was made with, and notes keys that are new. A database that has rows
 * and no fitting ring is refused: another key would make every row unreadable without a sound.
 */
export async function checkKeyRing(database: Database, ring: CheckedRing): Promise<void> {
  const empty = await isEmpty(database);
  await database.transaction(async (tx) => {
    const rows = await tx.db
      .selectFrom('server_facts')
      .selectAll()
      .where('name', 'like', `${factPrefix}%`)
      .execute();
    if (rows.length === 0 && !empty) throw new WrongKeyRingError('The database holds no check value.');
    for (const { name, value } of rows) {
      const id = name.slice(factPrefix.length);
      if (!ring.ids.includes(id)) throw new WrongKeyRingError(`The key ring lacks the key "${id}".`);
      if (ring.checkValue(id) !== value) throw new WrongKeyRingError(`The key "${id}" is not the right one.`);
    }
    const known = new Set(rows.map(({ name }) => name));
    const fresh = ring.ids.filter((id) => !known.has(factPrefix + id));
    if (fresh.length === 0) return;
    await tx.db
      .insertInto('server_facts')
      .values(fresh.map((id) => ({ name: factPrefix + id, value: ring.checkValue(id) })))
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
  });
}

/** Devices that are not deleted, over all organizations: for the first lines after start-up. */
export async function countDevices(database: Database): Promise<number> {
  const { total } = await database.db
    .selectFrom('organizations')
    .select((row) => row.fn.sum<number | null>('device_count').as('total'))
    .executeTakeFirstOrThrow();
  return total ?? 0;
}
