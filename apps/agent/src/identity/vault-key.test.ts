import { describe, expect, it } from 'vitest';
import { SeededRandom, type SimulatedFiles } from '@edgeflow/platform/simulated';
import { identityDocument } from './identity-document.ts';
import {
  emptyDisk,
  failFrom,
  healed,
  identity,
  identityPath,
  openVault,
  putFile,
  stateFolder,
} from './test-support.ts';
import { replaceGeneratedKey, resolveVaultKey, type VaultKeyDeps, type VaultKeyResult } from './vault-key.ts';

const credentialsFolder = '/run/credentials/edgeflow-agent.service';
const credentialPath = `${credentialsFolder}/edgeflow-vault-key`;
const keyFile = '/etc/edgeflow/vault.key';
const generatedPath = `${stateFolder}/vault.key`;
const raw = new SeededRandom(11).bytes(32);
const hex = Buffer.from(raw).toString('hex');

function resolve(files: SimulatedFiles, more: Partial<VaultKeyDeps> = {}): Promise<VaultKeyResult> {
  return resolveVaultKey({ files, random: new SeededRandom(5), stateFolder, ...more });
}

async function currentOf(files: SimulatedFiles, more: Partial<VaultKeyDeps> = {}) {
  const result = await resolve(files, more);
  if (result.kind !== 'ready') throw new Error(result.detail);
  return { ...result.keys.current, others: result.keys.others, notices: result.keys.notices };
}

describe('the key of the vault', () => {
  it('comes from the systemd credential, else the key file, else a generated key', async () => {
    const files = await emptyDisk();
    const all = { credentialsFolder, keyFile };
    await putFile(files, credentialPath, new SeededRandom(1).bytes(32));
    await putFile(files, keyFile, new SeededRandom(2).bytes(32));
    await putFile(files, generatedPath, new SeededRandom(3).bytes(32));
    const first = await currentOf(files, all);
    expect(first.source).toBe('systemd-credential');
    expect(first.others.map((key) => key.source)).toEqual(['key-file', 'generated']);
    await files.remove(credentialPath);
    expect((await currentOf(files, all)).source).toBe('key-file');
    expect((await currentOf(files, { credentialsFolder })).source).toBe('generated');
    expect((await currentOf(files, { credentialsFolder: '', keyFile: '' })).source).toBe('generated');
  });

  it('is generated once, durable before anyone has it, mode 0600, and the same at the next start', async () => {
    const files = await emptyDisk();
    const made = await currentOf(files);
    expect(await files.stat(generatedPath)).toMatchObject({ size: 32, mode: 0o600 });
    files.powerCut();
    const again = await currentOf(files, { random: new SeededRandom(99) });
    expect(again.keyId).toBe(made.keyId);
    expect(again.rootKey).toEqual(made.rootKey);
  });

  it('regression, seed 300000290: is durable before anything is sealed with it, though its first writing failed last', async () => {
    const files = await emptyDisk();
    files.fault = (step) => (step === 'syncFolder' ? 'EIO' : undefined);
    expect(await resolve(files)).toMatchObject({ code: 'key_not_saved' });
    healed(files);
    // It is there all the same, by a name that no power cut would leave.
    expect(await files.stat(generatedPath)).toBeDefined();
    const key = await currentOf(files);
    files.powerCut();
    expect((await currentOf(files, { random: new SeededRandom(99) })).keyId).toBe(key.keyId);
  });

  it('is not generated while nobody can tell whether something is sealed', async () => {
    const files = await emptyDisk();
    await putFile(files, identityPath, 'sealed with a key that is not here');
    files.fault = (step) => (step === 'list' ? 'EIO' : undefined);
    expect(await resolve(files)).toMatchObject({ kind: 'unusable', code: 'key_not_saved' });
    healed(files);
    expect(await files.stat(generatedPath)).toBeUndefined();
    expect(await resolve(files)).toMatchObject({ kind: 'unusable', code: 'key_lost' });
  });

  it('is not generated where a better one is given', async () => {
    const files = await emptyDisk();
    await putFile(files, keyFile, raw);
    await currentOf(files, { keyFile });
    expect(await files.list(stateFolder)).toEqual([]);
  });

  it.each([
    ['raw', raw],
    ['hexadecimal', hex],
    ['hexadecimal in capitals with a line end', `${hex.toUpperCase()}\r\n`],
    ['base64', Buffer.from(raw).toString('base64')],
    ['base64 with a line end', `${Buffer.from(raw).toString('base64')}\n`],
    ['base64url', Buffer.from(raw).toString('base64url')],
  ])('is the same key in every spelling: %s', async (_spelling, content) => {
    const files = await emptyDisk();
    await putFile(files, generatedPath, raw);
    const expected = await currentOf(files);
    await putFile(files, keyFile, content);
    expect(await currentOf(files, { keyFile })).toMatchObject({ keyId: expected.keyId, notices: [] });
  });

  it('may be longer than 32 bytes, also base64 in several lines', async () => {
    const files = await emptyDisk();
    const long = Buffer.from(new SeededRandom(4).bytes(96)).toString('base64');
    await putFile(files, keyFile, `${long.slice(0, 64)}\n${long.slice(64)}\n`);
    const inLines = await currentOf(files, { keyFile });
    await putFile(files, keyFile, long);
    expect((await currentOf(files, { keyFile })).keyId).toBe(inLines.keyId);
  });

  it.each([
    ['nothing', ''],
    ['31 raw bytes', raw.slice(0, 31)],
    ['31 bytes of hexadecimal, though that is 62 characters', hex.slice(2)],
    ['24 bytes of base64, though that is 32 characters', Buffer.from(raw.slice(0, 24)).toString('base64')],
    ['a short passphrase', 'correct horse battery staple'],
    ['zeros', new Uint8Array(32)],
    ['more than 4096 bytes', new SeededRandom(8).bytes(5000)],
  ])(
    'is refused with a next step when the file holds %s, and no weaker one is taken',
    async (_what, content) => {
      for (const [path, more] of [
        [keyFile, { keyFile }],
        [credentialPath, { credentialsFolder }],
      ] as const) {
        const files = await emptyDisk();
        await putFile(files, path, content);
        expect(await resolve(files, more)).toMatchObject({
          kind: 'unusable',
          code: 'key_unusable',
          detail: expect.stringContaining(path),
          nextStep: expect.stringContaining('32 random bytes'),
        });
        expect(await files.list(stateFolder)).toEqual([]);
      }
    },
  );

  it('is taken with a warning when it looks typed, or when others may read its file', async () => {
    const files = await emptyDisk();
    await putFile(files, keyFile, 'a passphrase of more than 32 characters, typed by a person\n');
    expect(await currentOf(files, { keyFile })).toMatchObject({ notices: [{ code: 'key_looks_typed' }] });
    await files.write(keyFile, raw, 0o640);
    expect(await currentOf(files, { keyFile })).toMatchObject({
      notices: [{ code: 'key_open_to_others', nextStep: `Close it: chmod 600 ${keyFile}` }],
    });
  });

  it('draws no such warning as a credential, where systemd’s access list shows as group bits', async () => {
    const files = await emptyDisk();
    await files.makeFolder(credentialsFolder);
    await files.write(credentialPath, raw, 0o440);
    expect(await currentOf(files, { credentialsFolder })).toMatchObject({ notices: [] });
  });

  it('is missed by name when the setting names a file that is not there', async () => {
    expect(await resolve(await emptyDisk(), { keyFile })).toMatchObject({
      kind: 'unusable',
      code: 'key_file_missing',
      detail: expect.stringContaining(`EDGEFLOW_VAULT_KEY_FILE names ${keyFile}`),
    });
  });

  it('is reported, and not replaced, when it may not be read', async () => {
    const files = await emptyDisk();
    await currentOf(files);
    files.fault = (step) => (step === 'read' ? 'EACCES' : undefined);
    expect(await resolve(files)).toMatchObject({ kind: 'unusable', code: 'key_unreadable' });
  });

  it('of lower rank is only mentioned when it is damaged', async () => {
    const files = await emptyDisk();
    await putFile(files, keyFile, raw);
    await putFile(files, generatedPath, 'short');
    expect(await currentOf(files, { keyFile })).toMatchObject({ notices: [{ code: 'other_key_unusable' }] });
  });

  it('is never in a message', async () => {
    const files = await emptyDisk();
    await putFile(files, keyFile, hex.slice(0, 40));
    expect(JSON.stringify(await resolve(files, { keyFile }))).not.toContain(hex.slice(0, 8));
  });
});

describe('a generated key that is damaged or gone', () => {
  it.each([
    ['empty', new Uint8Array()],
    ['cut', raw.slice(0, 16)],
    ['longer', new SeededRandom(1).bytes(33)],
    ['zeroed', new Uint8Array(32)],
  ])('is reported and not made again while it is %s', async (_how, content) => {
    const files = await emptyDisk();
    await (await openVault(files)).write(identityDocument, identity);
    await putFile(files, generatedPath, content);
    expect(await resolve(files)).toMatchObject({
      kind: 'unusable',
      code: 'key_unusable',
      nextStep: expect.stringContaining('Restore it from a backup'),
    });
    expect(await files.read(generatedPath)).toEqual(content);
  });

  it('is reported and not made again when it is missing beside a vault file', async () => {
    const files = await emptyDisk();
    await (await openVault(files)).write(identityDocument, identity);
    await files.remove(generatedPath);
    expect(await resolve(files)).toMatchObject({ kind: 'unusable', code: 'key_lost' });
    expect(await files.list(stateFolder)).toEqual(['identity.vault']);
  });

  it('sends the person to the source that sealed the files', async () => {
    const files = await emptyDisk();
    await putFile(files, credentialPath, raw);
    await (await openVault(files, { keys: { credentialsFolder } })).write(identityDocument, identity);
    expect(await resolve(files)).toMatchObject({
      code: 'key_lost',
      nextStep: expect.stringContaining('LoadCredential=edgeflow-vault-key'),
    });
  });

  it('is replaced on an operator’s word, and everything old is kept', async () => {
    const files = await emptyDisk();
    await (await openVault(files)).write(identityDocument, identity);
    const sealed = await files.read(identityPath);
    await putFile(files, generatedPath, raw.slice(0, 16));
    const deps = { files, random: new SeededRandom(77), stateFolder };
    expect(await replaceGeneratedKey(deps)).toMatchObject({ kind: 'ready' });
    files.powerCut();
    expect(await files.read(`${generatedPath}.unreadable-1`)).toEqual(raw.slice(0, 16));
    expect(await files.read(identityPath)).toEqual(sealed);
    expect(await (await openVault(files)).read(identityDocument)).toMatchObject({ reason: 'other_key' });
  });
});

describe('generating a key on a disk that fails', () => {
  it('is reported, at whatever step, and leaves no vault file without its key', async () => {
    for (let step = 0; ; step += 1) {
      const files = await emptyDisk();
      const count = failFrom(files, step, 'ENOSPC');
      const result = await resolve(files);
      const isDone = count() <= step;
      if (!isDone) expect(result).toMatchObject({ kind: 'unusable' });
      healed(files);
      files.powerCut();
      expect(await resolve(files)).toMatchObject({ kind: 'ready' });
      if (isDone) break;
    }
  });
});
