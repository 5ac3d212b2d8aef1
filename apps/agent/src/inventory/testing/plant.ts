import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Files, systemFiles } from '@edgeflow/platform';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { type Inventory, readInventory } from '../index.ts';
import { Notes } from '../notes.ts';
import { RootedFiles } from '../rooted-files.ts';
import type { Machine, Part } from './machine.ts';

export const agentVersion = '1.4.0';
export const stateFolder = '/var/lib/edgeflow';

/** Reads a machine's inventory from a real folder with real links, gone when the test ends. */
export async function inventoryOf(machine: Machine): Promise<Inventory> {
  const root = await plantOnDisk(machine);
  return readInventory({ files: systemFiles, root, host: machine.host, agentVersion, stateFolder });
}

/** Some files of a machine, for the tests of one source. */
export async function rootedFiles(part: Part): Promise<{ files: RootedFiles; notes: Notes }> {
  const notes = new Notes();
  return { files: new RootedFiles(systemFiles, await plantOnDisk(part), notes), notes };
}

async function plantOnDisk(part: Part): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'edgeflow-inventory-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const folder of part.folders ?? []) await mkdir(root + folder, { recursive: true });
  for (const [path, content] of Object.entries(part.files ?? {})) {
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(root + path, content);
  }
  for (const [path, target] of Object.entries(part.links ?? {})) {
    await mkdir(dirname(root + path), { recursive: true });
    await symlink(target, root + path);
  }
  return root;
}

/** The same machine in memory, where reading can be made to fail. Links are plain files there. */
export async function plantInMemory(part: Part): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  for (const folder of part.folders ?? []) await files.makeFolder(folder);
  for (const [path, content] of Object.entries(part.files ?? {}))
    await put(files, path, Buffer.from(content));
  for (const path of Object.keys(part.links ?? {})) await put(files, path, new Uint8Array());
  return files;
}

export async function put(files: Files, path: string, content: Uint8Array): Promise<void> {
  await files.makeFolder(dirname(path), 0o755);
  await files.write(path, content, 0o644);
}
