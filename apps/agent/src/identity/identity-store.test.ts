import { describe, expect, it } from 'vitest';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { confirmNew, promoteNext, rollBackToOld, withNextKey } from './identity-document.ts';
import { IdentityStore } from './identity-store.ts';
import {
  credentials,
  emptyDisk,
  healed,
  identityPath,
  machineB,
  openVault,
  putFile,
} from './test-support.ts';
import type { SimulatedFiles } from '@edgeflow/platform/simulated';

const later = { ...credentials, device_id: 'dev_later', api_key: 'efk_later' };
const offered = { api_key: 'efk_next', expires_at: null };

async function started(files: SimulatedFiles): Promise<IdentityStore> {
  const store = new IdentityStore(await openVault(files), new SimulatedTime());
  await store.load();
  return store;
}

describe('the identity store', () => {
  it('has no identity at first, and the adopted one after, here and after a power cut', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    expect(store.current).toBeUndefined();
    expect(await store.adopt(credentials)).toEqual([]);
    files.powerCut();
    const saved = { ...credentials, saved_at: '2026-02-21T12:00:00Z' };
    expect(store.current).toEqual(saved);
    expect((await started(files)).current).toEqual(saved);
  });

  it('keeps the old identity on disk until the new one is confirmed', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    await store.adopt(credentials);
    await store.adopt(later);
    expect((await started(files)).current?.previous).toMatchObject({ device_id: credentials.device_id });
    await store.update(rollBackToOld);
    expect((await started(files)).current).toMatchObject({ device_id: credentials.device_id });
    await store.update(confirmNew);
    expect((await started(files)).current?.previous).toBeUndefined();
  });

  it('does not drop a stored identity that was never loaded', async () => {
    const files = await emptyDisk();
    await (await started(files)).adopt(credentials);
    const store = new IdentityStore(await openVault(files), new SimulatedTime());
    await store.adopt(later);
    expect(store.current?.previous).toMatchObject({ device_id: credentials.device_id });
  });

  it('applies changes one on the other when they come at once', async () => {
    const store = await started(await emptyDisk());
    await store.adopt(credentials);
    await Promise.all([
      store.adopt(later),
      store.update((identity) => withNextKey(identity, offered)),
      store.update(promoteNext),
      store.update(confirmNew),
    ]);
    expect(store.current).toMatchObject({ device_id: 'dev_later', api_key: 'efk_next', previous: undefined });
  });

  it('stays with what is on disk when a change cannot be saved', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    await store.adopt(credentials);
    files.fault = (step) => (step === 'write' ? 'ENOSPC' : undefined);
    await expect(store.update((identity) => withNextKey(identity, offered))).rejects.toMatchObject({
      code: 'full',
    });
    expect(store.current?.next).toBeUndefined();
    healed(files);
    await store.update((identity) => withNextKey(identity, offered));
    expect(store.current?.next).toEqual(offered);
  });

  it('writes nothing for a change that changes nothing, or without an identity', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    await store.update(confirmNew);
    expect(await files.stat(identityPath)).toBeUndefined();
    await store.adopt(credentials);
    files.fault = () => 'EIO';
    await store.update(confirmNew);
    await store.update(promoteNext);
  });

  it('reports an unreadable identity, goes on without, and keeps it when another is adopted', async () => {
    const files = await emptyDisk();
    await (await started(files)).adopt(credentials);
    await putFile(files, identityPath, 'not a vault');
    const store = await started(files);
    expect(store.current).toBeUndefined();
    expect(await store.adopt(later)).toMatchObject([{ code: 'kept_aside' }]);
  });

  it('rebinds', async () => {
    const files = await emptyDisk();
    await (await started(files)).adopt(credentials);
    const store = new IdentityStore(await openVault(files, { device: machineB }), new SimulatedTime());
    expect(await store.load()).toMatchObject({ reason: 'machine_changed' });
    await store.rebind('a'.repeat(32));
    expect(store.current).toMatchObject(credentials);
  });
});
