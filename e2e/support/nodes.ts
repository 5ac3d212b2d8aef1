import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { spkiPin } from '../../apps/cloud/src/tls/pins.ts';
import { makeAuthority, makePair } from '../../apps/cloud/src/tls/test-support.ts';
import { type CloudProcess, startCloud } from './cloud-process.ts';
import { startNode } from './processes.ts';

/** Real cloud processes on one database in the PostgreSQL of this run of the tests. */
export interface Nodes {
  readonly clouds: readonly CloudProcess[];
  /** The database, by nobody's code but PostgreSQL's. */
  readonly database: pg.Client;
  end(): Promise<void>;
}

/**
 * @param administrator `postgresUrl` of the test run
 * @param folder of the caller, for keys and certificates
 */
export async function startNodes(administrator: string, folder: string, count: number): Promise<Nodes> {
  const url = await makeDatabase(administrator);
  const own = join(folder, url.pathname.slice(1));
  mkdirSync(own);
  const { environment, issuer } = await givenCertificate(own);
  const shared = {
    ...environment,
    DATABASE_URL: url.href,
    EDGEFLOW_CLOUD_SECRET_FILE: join(own, 'server-keys.json'),
  };
  const making = startNode('keys', ['apps/cloud/src/main.ts', 'keys', 'create'], shared);
  const [code] = (await once(making.child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`no keys were made:\n${making.lines.join('\n')}`);
  const clouds: CloudProcess[] = [];
  // One after the other: the first one makes the schema. They share the token of the folder.
  for (let started = 0; started < count; started += 1) {
    clouds.push(await startCloud({ folder: own, environment: shared, issuer }));
  }
  const database = new pg.Client({ connectionString: url.href });
  await database.connect();
  return {
    clouds,
    database,
    end: async () => {
      await Promise.allSettled(clouds.map((cloud) => cloud.stop()));
      await database.end();
    },
  };
}

let made = 0;

async function makeDatabase(administrator: string): Promise<URL> {
  made += 1;
  const name = `nodes_${String(process.pid)}_${String(made)}`;
  const client = new pg.Client({ connectionString: administrator });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(administrator);
  url.pathname = `/${name}`;
  return url;
}

/** A certificate for 127.0.0.1 that is given to clouds, as settings, and whom it is by. */
export async function givenCertificate(folder: string): Promise<{
  readonly environment: Readonly<Record<string, string>>;
  readonly issuer: { readonly caFile: string; readonly pin: string };
}> {
  const authority = await makeAuthority(Date.now());
  const { chain, key } = await makePair(authority, Date.now());
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const caFile = file('ca.pem', authority.certificatePem);
  return {
    environment: { TLS_CERT_FILE: file('chain.pem', chain), TLS_KEY_FILE: file('key.pem', key) },
    issuer: { caFile, pin: spkiPin(new X509Certificate(authority.certificatePem)) },
  };
}
