import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemFiles, systemRandom } from '@edgeflow/platform';
import {
  ClaimStore,
  codeMark,
  IdentityStore,
  loadLocalToken,
  prepareStateFolder,
  resolveVaultKey,
  systemFolderLock,
  Vault,
  withNextKey,
} from './index.ts';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'edgeflow-identity-'));
  folder = join(parent, 'state');
});

afterEach(() => rm(parent, { recursive: true }));

const secrets = {
  key: 'efk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG012345',
  next: 'efk_ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponml543210',
  code: 'PROV-A1B2-C3D4',
};
const cloud = 'https://cloud.example:8443';
const device = { machineId: { value: 'a'.repeat(32), persistent: true } };

/** The start of an agent, in the order that `index.ts` gives. */
async function start() {
  expect(await prepareStateFolder(systemFiles, folder)).toMatchObject({ kind: 'ready' });
  const lock = await systemFolderLock(systemFiles).acquire(folder);
  const found = await resolveVaultKey({ files: systemFiles, random: systemRandom, stateFolder: folder });
  if (lock.kind !== 'held' || found.kind !== 'ready') throw new Error(`${lock.kind}, ${found.kind}`);
  const vault = new Vault({
    ...{ files: systemFiles, random: systemRandom, stateFolder: folder, device, root: parent },
    keys: found.keys,
  });
  const identities = new IdentityStore(vault, systemClock);
  const claims = new ClaimStore(vault, systemRandom, systemClock);
  return { lock, vault, identities, claims, reading: await identities.load() };
}

/** A device's whole life: a claim, an identity, a rotation, a second claim, and a file that was damaged. */
async function live(): Promise<string[]> {
  const agent = await start();
  const first = await agent.claims.open({ cloud, code: secrets.code });
  if (first.kind !== 'ready') throw new Error(first.kind);
  await agent.identities.adopt({
    ...{ cloud, device_id: 'dev_abc123xyz', api_key: secrets.key, expires_at: null, source: 'provisioned' },
    code_mark: codeMark(systemRandom, secrets.code),
  });
  await agent.claims.finish(first.claim);
  await agent.identities.update((identity) =>
    withNextKey(identity, { api_key: secrets.next, expires_at: null }),
  );
  await writeFile(join(folder, 'claim.vault'), '{"format":"edgeflow-vault"');
  const second = await agent.claims.open({ cloud, code: secrets.code });
  await loadLocalToken({ files: systemFiles, random: systemRandom, stateFolder: folder });
  agent.lock.release();
  if (second.kind !== 'ready') throw new Error(second.kind);
  return [first.claim.claim_secret, second.claim.claim_secret];
}

describe('a state folder on a real disk', () => {
  it('is 0700, and everything in it 0600', async () => {
    await live();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const modes: Record<string, string> = {};
    for (const name of await readdir(folder)) {
      modes[name] = ((await stat(join(folder, name))).mode & 0o777).toString(8);
    }
    expect(modes).toEqual({
      'agent.lock': '600',
      'claim.vault': '600',
      'claim.vault.unreadable-1': '600',
      'identity.vault': '600',
      'local-token': '600',
      'vault.key': '600',
    });
  });

  it('holds no key, no code and no claim secret that a search of its bytes would find', async () => {
    const claimSecrets = await live();
    const names = await readdir(folder);
    const bytes = Buffer.concat(await Promise.all(names.map((name) => readFile(join(folder, name)))));
    const hunted = [...Object.values(secrets), 'A1B2C3D4', ...claimSecrets, 'dev_abc123xyz', 'a'.repeat(32)];
    for (const secret of hunted) {
      for (const spelling of ['latin1', 'hex', 'base64', 'utf16le'] as const) {
        const text = Buffer.from(secret, spelling === 'utf16le' ? 'utf16le' : 'latin1');
        const pattern =
          spelling === 'utf16le' ? text : Buffer.from(text.toString(spelling).replace(/.?.?=*$/, ''));
        expect(bytes.includes(pattern)).toBe(false);
      }
    }
    expect(bytes.includes('edgeflow-vault')).toBe(true);
  });

  it('gives the identity and the pending claim back to the next start', async () => {
    await live();
    const agent = await start();
    expect(agent.reading).toMatchObject({
      kind: 'opened',
      value: { api_key: secrets.key, next: { api_key: secrets.next } },
      notices: [],
    });
    expect(await agent.claims.open({ cloud, code: secrets.code })).toMatchObject({ verdict: 'resume' });
    agent.lock.release();
  });

  it('whose files were opened to others is closed again by the next save', async () => {
    await live();
    await chmod(join(folder, 'identity.vault'), 0o666);
    const agent = await start();
    await agent.identities.update((identity) => ({ ...identity, next: undefined }));
    agent.lock.release();
    expect((await stat(join(folder, 'identity.vault'))).mode & 0o777).toBe(0o600);
  });

  it('made by someone else with wider permissions draws a warning', async () => {
    await mkdir(folder);
    await chmod(folder, 0o755);
    expect(await prepareStateFolder(systemFiles, folder)).toMatchObject({
      notices: [{ code: 'folder_open_to_others', nextStep: expect.stringContaining(`chmod 700 ${folder}`) }],
    });
    await chmod(folder, 0o777);
    expect(await prepareStateFolder(systemFiles, folder)).toMatchObject({
      notices: [{ detail: expect.stringContaining('may replace or remove') }],
    });
  });

  it('that this user may not write is refused as that', async () => {
    await mkdir(folder);
    await chmod(parent, 0o755);
    await chmod(folder, 0o555);
    const script = `
      const { prepareStateFolder } = await import(process.argv[1]);
      const { systemFiles } = await import('@edgeflow/platform');
      console.log(JSON.stringify(await prepareStateFolder(systemFiles, process.argv[2])));
    `;
    // Permission bits do not stop root, so another user has to try.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const module = new URL('state-folder.ts', import.meta.url).href;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, module, folder],
      { cwd: import.meta.dirname, ...nobody },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'unusable',
      code: 'permission',
      detail: expect.stringContaining('EACCES'),
    });
  });
});
