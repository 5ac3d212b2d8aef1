import type { Database, Tx } from '../../storage/database.ts';

/** Where a running cloud is reached, so that the command line beside it makes links that lead there. */
export interface Addresses {
  /** From this machine: plain HTTP where it is served. */
  readonly localUrl: string;
  readonly publicUrl: string;
}

const facts = { localUrl: 'local_url', publicUrl: 'public_url' } as const;

export async function rememberAddresses(database: Database, addresses: Addresses): Promise<void> {
  await database.transaction(async (tx) => {
    await remember(tx, facts.localUrl, addresses.localUrl);
    await remember(tx, facts.publicUrl, addresses.publicUrl);
  });
}

/** Of the cloud that started last on this database; undefined when none ever did. */
export async function knownAddresses(database: Database): Promise<Addresses | undefined> {
  const rows = await database.db.selectFrom('server_facts').selectAll().execute();
  const valueOf = (name: string): string | undefined => rows.find((row) => row.name === name)?.value;
  const [localUrl, publicUrl] = [valueOf(facts.localUrl), valueOf(facts.publicUrl)];
  return localUrl === undefined || publicUrl === undefined ? undefined : { localUrl, publicUrl };
}

/** What follows `#` stays in the browser. */
export function setupLink(url: string, secret: string): string {
  return `${url}/setup#${secret}`;
}

export function signInLink(url: string, secret: string): string {
  return `${url}/sign-in#${secret}`;
}

async function remember(tx: Tx, name: string, value: string): Promise<void> {
  await tx.db
    .insertInto('server_facts')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
