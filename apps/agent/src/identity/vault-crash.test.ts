import { describe, expect, it } from 'vitest';
import type { SimulatedFiles } from '@edgeflow/platform/simulated';
import { DiskProblemError } from './disk-problem.ts';
import { type Identity, identityDocument } from './identity-document.ts';
import { keptAsideMax } from './set-aside.ts';
import {
  emptyDisk,
  failFrom,
  healed,
  identity,
  identityPath,
  laterIdentity,
  openVault,
  putFile,
  stateFolder,
  withRightCheck,
} from './test-support.ts';

async function diskWith(value: Identity): Promise<SimulatedFiles> {
  const files = await emptyDisk();
  await (await openVault(files)).write(identityDocument, value);
  return files;
}

/** Tries a save with the disk failing from each of its steps on, until one gets through. */
async function atEveryStep(
  prepare: () => Promise<SimulatedFiles>,
  errno: string,
  check: (files: SimulatedFiles, outcome: 'saved' | 'failed') => Promise<void>,
): Promise<number> {
  for (let step = 0; ; step += 1) {
    const files = await prepare();
    const vault = await openVault(files);
    const count = failFrom(files, step, errno);
    const outcome = await vault.write(identityDocument, laterIdentity).then(
      () => 'saved' as const,
      (error: unknown) => {
        expect(error).toBeInstanceOf(DiskProblemError);
        return 'failed' as const;
      },
    );
    healed(files);
    await check(files, outcome);
    if (count() <= step) return step;
  }
}

async function apiKeyOn(files: SimulatedFiles): Promise<string> {
  const reading = await (await openVault(files)).read(identityDocument);
  return reading.kind === 'opened' ? reading.value.api_key : reading.kind;
}

describe('a save that is cut off', () => {
  it('by a power cut at any step leaves the old identity or the new, and the new one if it was answered', async () => {
    const seen = new Set<string>();
    const steps = await atEveryStep(
      () => diskWith(identity),
      'EIO',
      async (files, outcome) => {
        files.powerCut();
        const key = await apiKeyOn(files);
        seen.add(key);
        const allowed =
          outcome === 'saved' ? [laterIdentity.api_key] : [identity.api_key, laterIdentity.api_key];
        expect(allowed).toContain(key);
      },
    );
    expect(steps).toBe(5); // read the old one; write, fsync, rename, fsync of the folder
    expect(seen).toEqual(new Set([identity.api_key, laterIdentity.api_key]));
  });

  it('by a power cut during the very first save leaves nothing or the identity, and a key that fits', async () => {
    await atEveryStep(emptyDisk, 'EIO', async (files, outcome) => {
      files.powerCut();
      expect(outcome === 'saved' ? [laterIdentity.api_key] : ['absent']).toContain(await apiKeyOn(files));
      await (await openVault(files)).write(identityDocument, laterIdentity);
      files.powerCut();
      expect(await apiKeyOn(files)).toBe(laterIdentity.api_key);
    });
  });

  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])(
    'by the disk (%s) at any step leaves an identity that opens, and says why it failed',
    async (errno) => {
      await atEveryStep(
        () => diskWith(identity),
        errno,
        async (files) => {
          expect([identity.api_key, laterIdentity.api_key]).toContain(await apiKeyOn(files));
        },
      );
    },
  );

  it('by a full disk leaves no half-written file behind to fill it further', async () => {
    const files = await diskWith(identity);
    const vault = await openVault(files);
    files.fault = (step) => (step === 'sync' ? 'ENOSPC' : undefined);
    await expect(vault.write(identityDocument, laterIdentity)).rejects.toMatchObject({
      code: 'full',
      nextStep: expect.stringContaining('df -h'),
    });
    expect(await files.list(stateFolder)).toEqual(['identity.vault', 'vault.key']);
  });

  it('by a kill at any step and, after a restart that read it, by a power cut leaves what was read', async () => {
    for (let step = 0; ; step += 1) {
      const files = await diskWith(identity);
      const vault = await openVault(files);
      const count = failFrom(files, step, 'EIO');
      await vault.write(identityDocument, laterIdentity).catch(() => undefined);
      const isDone = count() <= step;
      healed(files);
      const seen = await apiKeyOn(files);
      files.powerCut();
      expect([step, await apiKeyOn(files)]).toEqual([step, seen]);
      if (isDone) break;
    }
  });

  it('would be seen by these tests: a save in place, without the rename, loses the identity', async () => {
    const files = await diskWith(identity);
    await files.write(identityPath, await (await diskWith(laterIdentity)).read(identityPath), 0o600);
    files.powerCut();
    expect(await apiKeyOn(files)).toBe('unreadable');
  });
});

describe('a file that cannot be opened', () => {
  const broken = Buffer.from('{"format":"edgeflow-vault","version":1,"document":"ident');

  it('is kept aside before anything replaces it, whenever the power goes', async () => {
    const prepare = async (): Promise<SimulatedFiles> => {
      const files = await diskWith(identity);
      await putFile(files, identityPath, broken);
      return files;
    };
    await atEveryStep(prepare, 'EIO', async (files) => {
      files.powerCut();
      const names = await files.list(stateFolder);
      const contents = await Promise.all(names.map((name) => files.read(`${stateFolder}/${name}`)));
      expect(contents.some((content) => Buffer.compare(content, broken) === 0)).toBe(true);
      expect(['unreadable', laterIdentity.api_key]).toContain(await apiKeyOn(files));
    });
  });

  it('is kept once, however often the save that replaces it fails', async () => {
    const files = await diskWith(identity);
    await putFile(files, identityPath, broken);
    const vault = await openVault(files);
    files.fault = (step, path) =>
      step === 'rename' && path === `${identityPath}.new` ? 'ENOSPC' : undefined;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await expect(vault.write(identityDocument, laterIdentity)).rejects.toThrow('ENOSPC');
    }
    expect(await files.list(stateFolder)).toEqual([
      'identity.vault',
      'identity.vault.unreadable-1',
      'vault.key',
    ]);
  });

  it('is kept aside unread when it is too large to be a vault', async () => {
    const files = await emptyDisk();
    await putFile(files, identityPath, new Uint8Array(300_000));
    await (
      await openVault(files, { keys: { keyFile: await keyFileOn(files) } })
    ).write(identityDocument, identity);
    expect((await files.read(`${identityPath}.unreadable-1`)).length).toBe(300_000);
  });

  it('is kept aside instead of being removed', async () => {
    const files = await diskWith(identity);
    await putFile(files, identityPath, broken);
    await (await openVault(files)).remove(identityDocument);
    expect(await files.list(stateFolder)).toEqual(['identity.vault.unreadable-1', 'vault.key']);
  });

  it('gives way to later ones when there are too many: what no key opens first, then the oldest', async () => {
    const files = await diskWith(identity);
    const whole = Buffer.from(await files.read(identityPath)).toString();
    const ofAnotherKey = (n: number): string =>
      whole.replace(/"key_id":"[^"]+/, `"key_id":"${String(n).padStart(16, '0')}`);
    const sealedElsewhere = (n: number): Buffer => Buffer.from(withRightCheck(ofAnotherKey(n)));
    await setAside(files, broken);
    for (let n = 1; n <= keptAsideMax; n += 1) await setAside(files, sealedElsewhere(n));
    expect(await keptNumbers(files)).toEqual([2, 3, 4, 5, 6]);
    await setAside(files, Buffer.concat([broken, broken]));
    expect(await keptNumbers(files)).toEqual([3, 4, 5, 6, 7]);
    await setAside(files, sealedElsewhere(8));
    expect(await keptNumbers(files)).toEqual([3, 4, 5, 6, 8]);
  });
});

async function setAside(files: SimulatedFiles, content: Uint8Array): Promise<void> {
  await putFile(files, identityPath, content);
  await (await openVault(files)).write(identityDocument, identity);
}

async function keptNumbers(files: SimulatedFiles): Promise<number[]> {
  const names = await files.list(stateFolder);
  return names.flatMap((name) => /unreadable-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
}

async function keyFileOn(files: SimulatedFiles): Promise<string> {
  await putFile(files, '/etc/edgeflow/vault.key', '0123456789abcdef'.repeat(4));
  return '/etc/edgeflow/vault.key';
}
