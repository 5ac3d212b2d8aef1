import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { FileError } from '@edgeflow/platform';
import type { SimulatedFiles } from '@edgeflow/platform/simulated';
import { claimDocument, type PendingClaim } from './claim-store.ts';
import { DiskProblemError } from './disk-problem.ts';
import { type Identity, identityDocument } from './identity-document.ts';
import {
  claimPath,
  copyState,
  credentials,
  emptyDisk,
  healed,
  identity,
  identityPath,
  laterIdentity,
  machineA,
  machineB,
  openVault,
  putFile,
  stateFolder,
  withRightCheck,
} from './test-support.ts';

const claim: PendingClaim = {
  cloud: 'https://cloud.example:8443',
  code: 'PROV-A1B2-C3D4',
  claim_secret: 'the-secret-of-a-claim-that-is-not-answered-',
  created_at: '2026-02-21T12:00:00Z',
};

describe('a vault', () => {
  it('has nothing before the first write, and the document as it was written after', async () => {
    const vault = await openVault(await emptyDisk());
    expect(await vault.read(identityDocument)).toEqual({ kind: 'absent' });
    expect(await vault.write(identityDocument, identity)).toEqual([]);
    expect(await vault.read(identityDocument)).toEqual({ kind: 'opened', value: identity, notices: [] });
  });

  it('gives back any identity to an agent that starts later', async () => {
    const text = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' });
    const key = fc.record({ api_key: text, expires_at: fc.option(text) });
    const some = fc.record({
      ...{ cloud: text, device_id: text, api_key: text, saved_at: text, expires_at: fc.option(text) },
      source: fc.constantFrom('provisioned' as const, 'settings' as const),
    });
    await fc.assert(
      fc.asyncProperty(some, key, some, async (current, next, previous) => {
        const files = await emptyDisk();
        const value: Identity = { ...current, next, previous };
        await (await openVault(files)).write(identityDocument, value);
        const reading = await (await openVault(files)).read(identityDocument);
        expect(reading).toEqual({ kind: 'opened', value, notices: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('never repeats a nonce, a salt or a ciphertext, even for the same content', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    const seen = new Set<unknown>();
    const writes = 400;
    for (let i = 0; i < writes; i += 1) {
      await vault.write(identityDocument, identity);
      const { nonce, salt, ciphertext } = JSON.parse(Buffer.from(await files.read(identityPath)).toString());
      for (const value of [nonce, salt, ciphertext]) seen.add(value);
    }
    expect(seen.size).toBe(3 * writes);
  });

  it('puts no secret and no machine id into the file', async () => {
    const files = await emptyDisk();
    await (await openVault(files)).write(identityDocument, identity);
    const text = Buffer.from(await files.read(identityPath)).toString();
    for (const secret of [identity.api_key, identity.device_id, machineA.machineId?.value ?? '']) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, -4));
    }
  });

  it('does not open the claim under the name of the identity, or the other way round', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    await vault.write(identityDocument, identity);
    await vault.write(claimDocument, claim);
    const [identityBytes, claimBytes] = [await files.read(identityPath), await files.read(claimPath)];
    await putFile(files, identityPath, claimBytes);
    await putFile(files, claimPath, identityBytes);
    expect(await vault.read(identityDocument)).toMatchObject({ kind: 'unreadable', reason: 'altered' });
    expect(await vault.read(claimDocument)).toMatchObject({
      reason: 'altered',
      detail: expect.stringContaining('the identity document under this one'),
    });
  });

  it('reports every flipped bit and every cut of a real file, and opens none of them', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    await vault.write(identityDocument, identity);
    const whole = await files.read(identityPath);
    const readAs = async (bytes: Uint8Array): Promise<unknown> => {
      await files.write(identityPath, bytes, 0o600);
      return vault.read(identityDocument);
    };
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Uint8Array.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await readAs(flipped)).toMatchObject({ kind: 'unreadable', reason: 'altered' });
    }
    for (let length = 0; length < whole.length; length += 1) {
      expect(await readAs(whole.subarray(0, length))).toMatchObject({ reason: 'truncated' });
    }
    expect(await readAs(whole)).toMatchObject({ kind: 'opened' });
  });

  it('detects a changed ciphertext or header even when the checksum was made to fit', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    await vault.write(identityDocument, identity);
    const text = Buffer.from(await files.read(identityPath)).toString();
    const first = /"ciphertext":"(.)/.exec(text)?.[1] ?? '';
    const changed = text.replace(`"ciphertext":"${first}`, `"ciphertext":"${first === 'A' ? 'B' : 'A'}`);
    expect(withRightCheck(text)).toBe(text);
    for (const forgery of [changed, text.replace('"key_source":"generated"', '"key_source":"key-file"')]) {
      await putFile(files, identityPath, withRightCheck(forgery));
      expect(await vault.read(identityDocument)).toMatchObject({ kind: 'unreadable', reason: 'altered' });
    }
  });

  it('says of content that a later agent sealed that it is newer, and does not guess', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    const ofTomorrow = { name: 'identity' as const, schema: z.unknown(), boardOf: () => undefined };
    await vault.write(ofTomorrow, { device: { id: 'dev_1' } });
    expect(await vault.read(identityDocument)).toMatchObject({ kind: 'unreadable', reason: 'newer_version' });
  });

  it('is other_key on a device with a key of its own, and names the way on', async () => {
    const [here, there] = [await emptyDisk(), await emptyDisk()];
    await (await openVault(here)).write(identityDocument, identity);
    await putFile(
      there,
      `${stateFolder}/vault.key`,
      new Uint8Array(32).map((_, i) => i),
    );
    await putFile(there, identityPath, await here.read(identityPath));
    const reading = await (await openVault(there)).read(identityDocument);
    expect(reading).toMatchObject({ kind: 'unreadable', reason: 'other_key' });
    expect(reading).toMatchObject({ nextStep: expect.stringContaining('/state/vault.key from a backup') });
  });

  it.each([
    ['EACCES', 'permission'],
    ['EPERM', 'permission'],
    ['EIO', 'io'],
    ['EMFILE', 'io'],
    ['EFBIG', 'not_a_vault'],
    ['EISDIR', 'not_a_vault'],
  ])('says what it means that the file cannot be read (%s)', async (errno, reason) => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    await vault.write(identityDocument, identity);
    files.fault = (step) => (step === 'read' ? errno : undefined);
    expect(await vault.read(identityDocument)).toMatchObject({ kind: 'unreadable', reason });
  });

  it('does not replace or remove a file that it may not read', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    await vault.write(identityDocument, identity);
    for (const errno of ['EACCES', 'EIO']) {
      files.fault = (step) => (step === 'read' ? errno : undefined);
      await expect(vault.write(identityDocument, laterIdentity)).rejects.toThrow(DiskProblemError);
      await expect(vault.remove(identityDocument)).rejects.toThrow(DiskProblemError);
    }
    healed(files);
    expect(await vault.read(identityDocument)).toMatchObject({ value: identity });
  });

  it('lets a fault of the program through instead of calling it a bad disk', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    files.read = () => Promise.reject(new TypeError('a bug'));
    await expect(vault.read(identityDocument)).rejects.toThrow('a bug');
    files.read = () => Promise.reject(new FileError('EIO', 'a bad disk'));
    expect(await vault.read(identityDocument)).toMatchObject({ reason: 'io' });
  });

  it('removes a document durably', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    await vault.write(claimDocument, claim);
    await vault.remove(claimDocument);
    files.powerCut();
    expect(await vault.read(claimDocument)).toEqual({ kind: 'absent' });
    await vault.remove(claimDocument);
  });

  it('writes one at a time when asked for several at once', async () => {
    const files = await emptyDisk();
    const vault = await openVault(files);
    const ids = ['dev_1', 'dev_2', 'dev_3', 'dev_4'];
    await Promise.all(
      ids.map((id) => vault.write(identityDocument, { ...credentials, device_id: id, saved_at: '' })),
    );
    expect(await vault.read(identityDocument)).toMatchObject({ value: { device_id: 'dev_4' } });
    expect(await files.list(stateFolder)).toEqual(['identity.vault', 'vault.key']);
  });
});

describe('a state folder copied to another device', () => {
  async function copied(): Promise<SimulatedFiles> {
    const [from, to] = [await emptyDisk(), await emptyDisk()];
    await (await openVault(from)).write(identityDocument, identity);
    await copyState(from, to);
    return to;
  }

  it('is reported as machine_changed, with a way on, and left as it is', async () => {
    const files = await copied();
    const before = await files.read(identityPath);
    const reading = await (await openVault(files, { device: machineB })).read(identityDocument);
    expect(reading).toMatchObject({ kind: 'unreadable', reason: 'machine_changed' });
    expect(reading).toMatchObject({ nextStep: expect.stringContaining('vault rebind') });
    expect(await files.read(identityPath)).toEqual(before);
  });

  it('does not open for a machine whose id does not stay, or that has none', async () => {
    for (const device of [{}, { machineId: { value: 'c'.repeat(32), persistent: false } }]) {
      const reading = await (await openVault(await copied(), { device })).read(identityDocument);
      expect(reading).toMatchObject({ kind: 'unreadable', reason: 'machine_changed' });
    }
  });

  it('keeps the copied file aside when the device gets an identity of its own', async () => {
    const files = await copied();
    const before = await files.read(identityPath);
    const vault = await openVault(files, { device: machineB });
    const notices = await vault.write(identityDocument, laterIdentity);
    expect(notices).toMatchObject([{ code: 'kept_aside', detail: expect.stringContaining('.unreadable-1') }]);
    expect(await vault.read(identityDocument)).toMatchObject({ value: laterIdentity });
    expect(await files.read(`${identityPath}.unreadable-1`)).toEqual(before);
  });
});
