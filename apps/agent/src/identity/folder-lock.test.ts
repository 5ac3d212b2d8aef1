import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFiles } from '@edgeflow/platform';
import { type FolderLockResult, systemFolderLock } from './folder-lock.ts';

/** Another process that tries the lock once, says how it went, and then lives until it is killed. */
const otherAgent = `
  const { systemFolderLock } = await import(process.argv[1]);
  const { systemFiles } = await import('@edgeflow/platform');
  const result = await systemFolderLock(systemFiles).acquire(process.argv[2]);
  process.stdout.write(result.kind);
  setInterval(() => result, 1000);
`;

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-lock-'));
});

afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  await rm(folder, { recursive: true });
});

async function startOther(): Promise<{ child: ChildProcess; outcome: string }> {
  const module = new URL('folder-lock.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', otherAgent, module, folder];
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, outcome: chunk.toString() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function acquire(): Promise<FolderLockResult> {
  return systemFolderLock(systemFiles).acquire(folder);
}

describe('the lock of a state folder', () => {
  it('keeps a second agent out, in this process and in another, and says what to do', async () => {
    const held = await acquire();
    expect(held.kind).toBe('held');
    expect(await acquire()).toMatchObject({
      kind: 'busy',
      detail: expect.stringContaining(folder),
      nextStep: expect.stringContaining('EDGEFLOW_STATE_DIR'),
    });
    expect((await startOther()).outcome).toBe('busy');
    if (held.kind === 'held') held.release();
  });

  it('is free at once after the agent that held it was killed', async () => {
    const { child, outcome } = await startOther();
    expect(outcome).toBe('held');
    expect((await acquire()).kind).toBe('busy');
    await kill(child);
    const after = await acquire();
    expect(after.kind).toBe('held');
    if (after.kind === 'held') after.release();
  });

  it('is free after it was released, which may be done twice', async () => {
    for (let round = 0; round < 3; round += 1) {
      const held = await acquire();
      expect(held.kind).toBe('held');
      if (held.kind === 'held') {
        held.release();
        held.release();
      }
    }
  });

  it('goes to exactly one of several agents that start at the same moment', async () => {
    const others = await Promise.all([startOther(), startOther(), startOther(), startOther()]);
    const outcomes = others.map((other) => other.outcome).sort();
    expect(outcomes).toEqual(['busy', 'busy', 'busy', 'held']);
  });

  it('goes to exactly one of several callers in one process', async () => {
    const lock = systemFolderLock(systemFiles);
    const results = await Promise.all([lock.acquire(folder), lock.acquire(folder), lock.acquire(folder)]);
    expect(results.map((result) => result.kind).sort()).toEqual(['busy', 'busy', 'held']);
    expect((await startOther()).outcome).toBe('busy');
    for (const result of results) if (result.kind === 'held') result.release();
  });

  it('leaves one empty file that only its owner may open', async () => {
    const held = await acquire();
    expect(await readdir(folder)).toEqual(['agent.lock']);
    const facts = await stat(join(folder, 'agent.lock'));
    expect([facts.size, facts.mode & 0o777]).toEqual([0, 0o600]);
    if (held.kind === 'held') held.release();
  });

  it('is reported as unavailable where it cannot be had at all', async () => {
    await mkdir(join(folder, 'agent.lock'));
    expect(await acquire()).toMatchObject({ kind: 'unavailable' });
    expect(await systemFolderLock(systemFiles).acquire(join(folder, 'missing'))).toMatchObject({
      kind: 'unavailable',
    });
  });
});
