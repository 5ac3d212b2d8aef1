import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Files } from '@edgeflow/platform';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { type HostFacts, type Inventory, readInventory } from './index.ts';
import { notesMax } from './notes.ts';
import { agentVersion, plantInMemory, put, stateFolder } from './testing/plant.ts';
import { cellularGateway } from './testing/trees/cellular-gateway.ts';
import { intelNuc, kvmGuest } from './testing/trees/computers.ts';
import { dockerOnRaspberryPi } from './testing/trees/containers.ts';
import { jetsonOrinNano } from './testing/trees/jetson-orin-nano.ts';
import { raspberryPi4, raspberryPiZeroW } from './testing/trees/raspberry-pi.ts';
import { textLengthMax } from './text.ts';

const machines = [
  raspberryPi4,
  raspberryPiZeroW,
  jetsonOrinNano,
  intelNuc,
  kvmGuest,
  dockerOnRaspberryPi,
  cellularGateway,
];
/** Enough to find what a broken parser does, in a second or two on a small shared machine. */
const runs = 150;
const aMachine = fc.constantFrom(...machines);

/** Both documents, the code and JSON around them have to fit into the cloud's 16 KiB. */
const documentBytesMax = 12 * 1024;

function inventoryOf(files: Files, host: HostFacts, version = agentVersion): Promise<Inventory> {
  return readInventory({ files, root: '/', host, agentVersion: version, stateFolder });
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

function expectSound(inventory: Inventory): void {
  for (const text of strings(inventory)) {
    expect(text).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
    expect(text.isWellFormed()).toBe(true);
    expect(text.length).toBeLessThanOrEqual(textLengthMax);
  }
  const { hardware_info: hardware, network_info: network } = inventory;
  for (const count of [hardware.cpu_cores, hardware.ram_mb, hardware.ram_limit_mb ?? 1]) {
    expect(Number.isSafeInteger(count) && count > 0).toBe(true);
  }
  expect(hardware.cpu_limit ?? 1).toBeGreaterThan(0);
  expect(inventory.notes.length).toBeLessThanOrEqual(notesMax);
  expect(Buffer.byteLength(JSON.stringify({ hardware, network }))).toBeLessThan(documentBytesMax);
  expect(JSON.stringify([hardware, network])).not.toContain(inventory.machineId?.value ?? 'no machine id');
}

describe('whatever the files hold, the inventory is complete, clean and small', () => {
  it('arbitrary bytes in any of them', async () => {
    const damage = fc.uint8Array({ maxLength: 2048 });
    await fc.assert(
      fc.asyncProperty(
        aMachine,
        fc.array(fc.tuple(fc.nat(), damage), { maxLength: 8 }),
        async (machine, damages) => {
          const files = await plantInMemory(machine);
          const paths = Object.keys(machine.files);
          for (const [index, bytes] of damages) await put(files, paths[index % paths.length] ?? '/x', bytes);
          expectSound(await inventoryOf(files, machine.host));
        },
      ),
      { numRuns: runs },
    );
  });

  it('hostile text in the fields themselves', async () => {
    const paths = [...new Set(machines.flatMap((machine) => Object.keys(machine.files)))];
    const field = fc.tuple(
      fc.constantFrom(
        '',
        'PRETTY_NAME="',
        'processor\t: 0\nSerial\t: ',
        '0::/',
        'MemTotal: ',
        'container=',
        '1 1 1:1 / /',
      ),
      fc.string({ unit: 'binary', maxLength: 600 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...paths), field), aMachine, async (fields, machine) => {
        const files = new SimulatedFiles();
        for (const [path, parts] of Object.entries(fields))
          await put(files, path, Buffer.from(parts.join('')));
        expectSound(await inventoryOf(files, machine.host));
      }),
      { numRuns: runs },
    );
  });

  it('a real file with one byte changed or its end torn off', async () => {
    await fc.assert(
      fc.asyncProperty(
        aMachine,
        fc.nat(),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        async (machine, file, at, byte, torn) => {
          const entries = Object.entries(machine.files);
          const [path, content] = entries[file % entries.length] ?? ['/x', ''];
          const bytes = new Uint8Array(Buffer.from(content));
          if (bytes.length > 0) bytes[at % bytes.length] = byte;
          const files = await plantInMemory(machine);
          await put(files, path, torn ? bytes.slice(0, at % (bytes.length + 1)) : bytes);
          expectSound(await inventoryOf(files, machine.host));
        },
      ),
      { numRuns: runs },
    );
  });

  it('arbitrary host facts, and no files', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    const address = fc.record({
      address: fc.oneof(fc.ipV4(), fc.ipV6(), text),
      family: fc.constantFrom('IPv4' as const, 'IPv6' as const),
      mac: text,
      internal: fc.boolean(),
    });
    const host = fc.record({
      platform: text,
      arch: text,
      kernelRelease: text,
      hostname: text,
      cpuCount: fc.integer({ min: 1, max: 4096 }),
      memoryBytes: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      networkInterfaces: fc.dictionary(text, fc.array(address, { maxLength: 4 }), { maxKeys: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(host, text, async (facts, version) => {
        expectSound(await inventoryOf(new SimulatedFiles(), facts, version));
      }),
      { numRuns: runs },
    );
  });
});

describe('a source that cannot be read is absent and noted', () => {
  it('whichever it is, whatever the error', async () => {
    const codes = fc.constantFrom('EACCES', 'EIO', 'EPERM', 'ENOMEM', 'EFBIG', 'ESTALE', 'EINVAL');
    await fc.assert(
      fc.asyncProperty(aMachine, fc.nat(), codes, async (machine, index, code) => {
        const files = await plantInMemory(machine);
        const before = await inventoryOf(files, machine.host);
        const paths = Object.keys(machine.files);
        const broken = paths[index % paths.length] ?? '';
        files.fault = (step, path) => (step === 'read' && path === broken ? code : undefined);
        const after = await inventoryOf(files, machine.host);
        expectSound(after);
        // A source that stands behind another (/etc/hostname, say) may not have been asked, and then changes nothing.
        const isNoted = after.notes.some((note) => note.startsWith(`cannot read ${broken}: `));
        if (!isNoted) expect(after).toStrictEqual(before);
      }),
      { numRuns: runs },
    );
  });

  it('when all of them fail, what the process knows remains', async () => {
    const files = await plantInMemory(intelNuc);
    files.fault = () => 'EIO';
    const inventory = await inventoryOf(files, intelNuc.host);
    expectSound(inventory);
    expect(inventory.hardware_info).toStrictEqual({
      board_model: 'Linux amd64 computer',
      cpu_cores: 77,
      ram_mb: 77,
      os: 'linux',
      arch: 'amd64',
      kernel: 'kernel-from-process',
      agent_version: '1.4.0',
    });
    expect(inventory.notes).toContain('cannot read /proc/cpuinfo: EIO');
  });
});
