import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileErrorCode, removeDurably, writeAtomically } from '../files.ts';
import { systemFiles } from './files.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-files-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function inFolder(name: string): string {
  return join(folder, name);
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777;
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => 'it succeeded',
    (error: unknown) => fileErrorCode(error),
  );
}

describe.runIf(process.platform === 'linux')('what is no place for files', () => {
  it('a folder below /proc cannot be made, and that is said at once', async () => {
    const made = systemFiles.makeFolder('/proc/edgeflow/state', 0o700);
    expect(fileErrorCode(await made.catch((error: unknown) => error))).toBe('ENOENT');
  });

  it('a named pipe is refused instead of waiting for a writer', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgeflow-pipe-'));
    execFileSync('/usr/bin/env', ['mkfifo', join(folder, 'pipe')]);
    const read = systemFiles.read(join(folder, 'pipe'));
    expect(fileErrorCode(await read.catch((error: unknown) => error))).toBe('EINVAL');
    await rm(folder, { recursive: true });
  });
});

describe('the real disk', () => {
  it('writes a file with exactly the permissions asked for, whatever the umask and whatever was there', async () => {
    const old = process.umask(0o077);
    try {
      await systemFiles.write(inFolder('shared'), Buffer.from('x'), 0o644);
      expect(await modeOf(inFolder('shared'))).toBe(0o644);
    } finally {
      process.umask(old);
    }
    await writeFile(inFolder('open'), 'a longer text that was readable by all', { mode: 0o644 });
    await systemFiles.write(inFolder('open'), Buffer.from('secret'), 0o600);
    expect(await modeOf(inFolder('open'))).toBe(0o600);
    expect(await readFile(inFolder('open'), 'utf8')).toBe('secret');
  });

  it('replaces a file atomically, with the permissions asked for, and leaves no temporary file', async () => {
    await writeFile(inFolder('identity'), 'old', { mode: 0o644 });
    await writeAtomically(systemFiles, inFolder('identity'), Buffer.from('new'), 0o600);
    expect(await readFile(inFolder('identity'), 'utf8')).toBe('new');
    expect(await modeOf(inFolder('identity'))).toBe(0o600);
    expect(await systemFiles.list(folder)).toEqual(['identity']);
  });

  it('makes every missing folder with the permissions asked for, and touches none that was there', async () => {
    const before = await modeOf(folder);
    const old = process.umask(0o077);
    try {
      await systemFiles.makeFolder(`${inFolder('a/b/c')}/`, 0o755);
    } finally {
      process.umask(old);
    }
    for (const name of ['a', 'a/b', 'a/b/c']) expect(await modeOf(inFolder(name)), name).toBe(0o755);
    expect(await modeOf(folder)).toBe(before);
    await systemFiles.makeFolder(inFolder('a/b'), 0o700);
    expect(await modeOf(inFolder('a/b'))).toBe(0o755);
  });

  it('reads a file up to its limit, and one byte more is EFBIG', async () => {
    await writeFile(inFolder('big'), Buffer.alloc(40_000, 7));
    expect(await systemFiles.read(inFolder('big'), 40_000)).toEqual(Buffer.alloc(40_000, 7));
    expect(await codeOf(systemFiles.read(inFolder('big'), 39_999))).toBe('EFBIG');
    await writeFile(inFolder('mebibyte'), Buffer.alloc(1024 * 1024 + 1));
    expect(await codeOf(systemFiles.read(inFolder('mebibyte')))).toBe('EFBIG');
  });

  it('reads an empty file as no bytes', async () => {
    await writeFile(inFolder('empty'), '');
    expect(await systemFiles.read(inFolder('empty'))).toHaveLength(0);
  });

  it.runIf(process.platform === 'linux')('reads files of the kernel, which claim to be empty', async () => {
    expect((await stat('/proc/self/status')).size).toBe(0);
    const text = Buffer.from(await systemFiles.read('/proc/self/status')).toString();
    expect(text).toContain(`Pid:\t${process.pid}`);
  });

  it('says what is there, following links, and undefined when nothing is', async () => {
    await writeFile(inFolder('file'), 'four', { mode: 0o640 });
    await symlink('file', inFolder('link'));
    await symlink('nowhere', inFolder('dangling'));
    const uid = process.getuid?.();
    expect(await systemFiles.stat(inFolder('file'))).toEqual({ kind: 'file', size: 4, mode: 0o640, uid });
    expect(await systemFiles.stat(inFolder('link'))).toMatchObject({ kind: 'file', size: 4 });
    expect(await systemFiles.stat(folder)).toMatchObject({ kind: 'folder' });
    expect(await systemFiles.stat('/dev/null')).toMatchObject({ kind: 'other' });
    for (const name of ['nothing', 'dangling', 'file/below']) {
      expect(await systemFiles.stat(inFolder(name)), name).toBeUndefined();
    }
  });

  it('reads a link, and EINVAL for anything else', async () => {
    await writeFile(inFolder('file'), '');
    await symlink('file', inFolder('link'));
    expect(await systemFiles.readLink(inFolder('link'))).toBe('file');
    expect(await codeOf(systemFiles.readLink(inFolder('file')))).toBe('EINVAL');
  });

  it('lists names in order', async () => {
    for (const name of ['b', 'a', 'B']) await writeFile(inFolder(name), '');
    expect(await systemFiles.list(folder)).toEqual(['B', 'a', 'b']);
  });

  it('names what went wrong by the code of the system', async () => {
    await mkdir(inFolder('sub'));
    expect(await codeOf(systemFiles.read(inFolder('nothing')))).toBe('ENOENT');
    expect(await codeOf(systemFiles.read(inFolder('sub')))).toBe('EISDIR');
    expect(await codeOf(systemFiles.list(inFolder('nothing')))).toBe('ENOENT');
    expect(await codeOf(systemFiles.write(inFolder('no/where'), Buffer.from(''), 0o600))).toBe('ENOENT');
    expect(await codeOf(systemFiles.rename(inFolder('nothing'), inFolder('x')))).toBe('ENOENT');
    expect(await codeOf(systemFiles.sync(inFolder('nothing')))).toBe('ENOENT');
  });

  it('removes a file, and what is not there is removed already', async () => {
    await writeFile(inFolder('file'), '');
    await removeDurably(systemFiles, inFolder('file'));
    await removeDurably(systemFiles, inFolder('file'));
    expect(await systemFiles.list(folder)).toEqual([]);
  });
});
