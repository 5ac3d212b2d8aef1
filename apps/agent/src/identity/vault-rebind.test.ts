import { describe, expect, it } from 'vitest';
import type { SimulatedFiles } from '@edgeflow/platform/simulated';
import type { DeviceFacts } from './device-facts.ts';
import { type Identity, identityDocument } from './identity-document.ts';
import {
  copyState,
  emptyDisk,
  failFrom,
  healed,
  identity,
  identityPath,
  laterIdentity,
  machineA,
  machineB,
  openVault,
  putFile,
} from './test-support.ts';

const idA = machineA.machineId?.value ?? '';
const onBoard = (device: DeviceFacts, serialNumber: string): DeviceFacts => ({
  ...device,
  board: { serialNumber },
});

/** A disk on which machine A stored an identity. */
async function diskOfA(value: Identity = identity): Promise<SimulatedFiles> {
  const files = await emptyDisk();
  await (await openVault(files)).write(identityDocument, value);
  return files;
}

async function readOn(files: SimulatedFiles, device: DeviceFacts) {
  return (await openVault(files, { device })).read(identityDocument);
}

describe('after the machine id changed', () => {
  it('the operator rebinds with the previous id, however it is spelt, and from then on it just opens', async () => {
    const asUuid = `${idA.slice(0, 8)}-${idA.slice(8, 12)}-${idA.slice(12, 16)}-${idA.slice(16, 20)}-${idA.slice(20)}`;
    for (const previous of [idA, `${idA}\n`, idA.toUpperCase(), asUuid]) {
      const files = await diskOfA();
      const vault = await openVault(files, { device: machineB });
      expect(await vault.read(identityDocument)).toMatchObject({ reason: 'machine_changed' });
      expect(await vault.rebind(identityDocument, previous)).toMatchObject({
        kind: 'opened',
        value: identity,
        notices: [{ code: 'machine_id_changed' }],
      });
      files.powerCut();
      expect(await readOn(files, machineB)).toEqual({ kind: 'opened', value: identity, notices: [] });
      expect(await readOn(files, machineA)).toMatchObject({ reason: 'machine_changed' });
    }
  });

  it('a wrong previous id changes nothing', async () => {
    const files = await diskOfA();
    const before = await files.read(identityPath);
    const vault = await openVault(files, { device: machineB });
    expect(await vault.rebind(identityDocument, 'c'.repeat(32))).toMatchObject({ reason: 'machine_changed' });
    expect(await files.read(identityPath)).toEqual(before);
  });

  it.each([
    ['/etc/machine-id', `${idA}\n`],
    ['/var/lib/dbus/machine-id', `${idA}\n`],
    [`/var/log/journal/${idA}/system.journal`, 'LPKSHHRH'],
    [`/var/log/journal/${idA}.edgeflow/system.journal`, 'LPKSHHRH'],
  ])('it opens by itself, loudly, where this disk remembers the former id in %s', async (path, content) => {
    const files = await diskOfA();
    await putFile(files, path, content);
    expect(await readOn(files, machineB)).toMatchObject({
      kind: 'opened',
      value: identity,
      notices: [{ code: 'machine_id_changed', detail: expect.stringContaining('/') }],
    });
    await files.remove(path);
    for (const folder of ['.edgeflow', ''])
      await files.remove(`/var/log/journal/${idA}${folder}/system.journal`);
    expect(await readOn(files, machineB)).toEqual({ kind: 'opened', value: identity, notices: [] });
  });

  it('an image of another board does not open by itself, but does on the operator’s word', async () => {
    const files = await diskOfA({ ...identity, board: { serialNumber: '10000000abcdef01' } });
    await putFile(files, '/var/lib/dbus/machine-id', idA);
    const elsewhere = onBoard(machineB, '10000000abcdef02');
    expect(await readOn(files, elsewhere)).toMatchObject({
      reason: 'machine_changed',
      detail: expect.stringContaining('on another board'),
    });
    const vault = await openVault(files, { device: elsewhere });
    expect(await vault.rebind(identityDocument)).toMatchObject({
      kind: 'opened',
      notices: [{ code: 'machine_id_changed' }, { code: 'board_changed' }],
    });
  });

  it('the same board opens by itself', async () => {
    const files = await diskOfA({ ...identity, board: { serialNumber: '10000000abcdef01' } });
    await putFile(files, '/var/lib/dbus/machine-id', idA);
    expect(await readOn(files, onBoard(machineB, '10000000ABCDEF01'))).toMatchObject({ kind: 'opened' });
  });

  it('a card moved to another board with its machine id opens, and says so', async () => {
    const files = await diskOfA({ ...identity, board: { serialNumber: '10000000abcdef01' } });
    expect(await readOn(files, onBoard(machineA, '10000000abcdef02'))).toMatchObject({
      kind: 'opened',
      notices: [{ code: 'board_changed' }],
    });
  });

  it('an id that stops or starts to be persistent is followed without a person', async () => {
    const files = await diskOfA();
    const volatile: DeviceFacts = { machineId: { value: idA, persistent: false } };
    expect(await readOn(files, volatile)).toMatchObject({
      kind: 'opened',
      notices: [{ code: 'machine_id_changed' }],
    });
    expect(await readOn(files, {})).toEqual({ kind: 'opened', value: identity, notices: [] });
    expect(await readOn(files, machineB)).toEqual({ kind: 'opened', value: identity, notices: [] });
    expect(await readOn(files, machineA)).toMatchObject({ reason: 'machine_changed' });
  });

  it('the identity opens even where the new seal cannot be written, at whatever step', async () => {
    for (let step = 0; ; step += 1) {
      const files = await diskOfA();
      await putFile(files, '/var/lib/dbus/machine-id', idA);
      const vault = await openVault(files, { device: machineB });
      const writes: string[] = [];
      files.fault = (what) => {
        if (what === 'read' || what === 'list') return undefined;
        writes.push(what);
        return writes.length > step ? 'ENOSPC' : undefined;
      };
      const reading = await vault.read(identityDocument);
      expect(reading).toMatchObject({ kind: 'opened', value: identity });
      if (writes.length <= step) break;
      expect(reading).toMatchObject({ notices: [{ code: 'machine_id_changed' }, { code: 'reseal_failed' }] });
      healed(files);
      files.powerCut();
      expect(await readOn(files, machineB)).toMatchObject({ kind: 'opened', value: identity });
    }
  });

  it('power cut at any step of a rebind leaves an identity that can be rebound or is', async () => {
    let steps = Infinity;
    for (let step = 0; step <= steps; step += 1) {
      const files = await diskOfA();
      const vault = await openVault(files, { device: machineB });
      const count = failFrom(files, step, 'EIO');
      await vault.rebind(identityDocument, idA).catch(() => undefined);
      if (count() <= step) steps = step;
      healed(files);
      files.powerCut();
      const again = await openVault(files, { device: machineB });
      expect(await again.rebind(identityDocument, idA)).toMatchObject({ kind: 'opened', value: identity });
    }
    expect(steps).toBeGreaterThan(4);
  });
});

describe('a key that was supplied', () => {
  const keyFile = '/etc/edgeflow/vault.key';
  const keyText = '0123456789abcdef'.repeat(4);
  const opening = { keys: { keyFile } };

  async function diskWithKeyFile(value: Identity): Promise<SimulatedFiles> {
    const files = await emptyDisk();
    await putFile(files, keyFile, keyText);
    await (await openVault(files, opening)).write(identityDocument, value);
    return files;
  }

  it('opens after the machine id changed although nobody remembers the former one', async () => {
    const files = await diskWithKeyFile(identity);
    const vault = await openVault(files, { ...opening, device: machineB });
    expect(await vault.read(identityDocument)).toMatchObject({
      kind: 'opened',
      notices: [{ code: 'machine_id_changed', detail: expect.stringContaining('not found') }],
    });
    expect(await vault.read(identityDocument)).toMatchObject({ kind: 'opened', notices: [] });
  });

  it('does not open by itself on another board with another machine id: one key for many devices', async () => {
    const files = await diskWithKeyFile({ ...identity, board: { serialNumber: '1' } });
    const device = onBoard(machineB, '2');
    const vault = await openVault(files, { ...opening, device });
    expect(await vault.read(identityDocument)).toMatchObject({ reason: 'machine_changed' });
    expect(await vault.rebind(identityDocument)).toMatchObject({ kind: 'opened' });
  });

  it('takes over from the generated key without losing the identity', async () => {
    const files = await diskOfA();
    await putFile(files, keyFile, keyText);
    const vault = await openVault(files, opening);
    expect(await vault.read(identityDocument)).toMatchObject({
      kind: 'opened',
      value: identity,
      notices: [{ code: 'key_changed' }],
    });
    await files.remove('/state/vault.key');
    expect(await (await openVault(files, opening)).read(identityDocument)).toMatchObject({
      kind: 'opened',
      notices: [],
    });
  });

  it('is asked for by name when it is missing, also beside a generated key', async () => {
    const files = await diskWithKeyFile(identity);
    const generated = await diskOfA();
    await copyState(generated, files);
    await putFile(files, identityPath, await (await diskWithKeyFile(laterIdentity)).read(identityPath));
    expect(await readOn(files, machineA)).toMatchObject({
      reason: 'other_key',
      nextStep: expect.stringContaining('EDGEFLOW_VAULT_KEY_FILE'),
    });
  });
});
