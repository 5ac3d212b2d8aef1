import { chmod, mkdir, open, readdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FileError, type Files, fileErrorCode } from '../files.ts';

const readBytesMaxDefault = 1024 * 1024;

export const systemFiles: Files = {
  async read(path, bytesMax = readBytesMaxDefault) {
    const handle = await open(path, 'r');
    try {
      // Files in /proc and /sys claim size 0 or 4096, so read until the end instead of trusting stat.
      const chunks: Uint8Array[] = [];
      let total = 0;
      for (;;) {
        const { bytesRead, buffer } = await handle.read(new Uint8Array(16_384), 0, 16_384, null);
        if (bytesRead === 0) break;
        total += bytesRead;
        if (total > bytesMax)
          throw new FileError('EFBIG', `${path} is larger than ${String(bytesMax)} bytes`);
        chunks.push(buffer.subarray(0, bytesRead));
      }
      return Buffer.concat(chunks);
    } finally {
      await handle.close();
    }
  },

  async write(path, bytes, mode) {
    const handle = await open(path, 'w', mode);
    try {
      // The mode given to open(2) is ignored for a file that exists and is cut by the umask for a new one.
      await handle.chmod(mode);
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
  },

  sync: (path) => syncHandle(path, 'r+'),
  rename: (from, to) => rename(from, to),
  syncFolder: (path) => syncHandle(path, 'r'),
  remove: (path) => rm(path, { force: true }),

  async makeFolder(path, mode) {
    const firstMade = await mkdir(path, { recursive: true, mode });
    if (firstMade === undefined) return;
    // The umask has cut the mode of every folder made. What lies below the first one made is new as well.
    const top = resolve(firstMade);
    for (let folder = resolve(path); folder.length >= top.length; folder = dirname(folder))
      await chmod(folder, mode);
  },

  async list(path) {
    return (await readdir(path)).sort();
  },

  async stat(path) {
    try {
      const facts = await stat(path);
      const kind = facts.isFile() ? 'file' : facts.isDirectory() ? 'folder' : 'other';
      return { kind, size: facts.size, mode: facts.mode & 0o7777, uid: facts.uid };
    } catch (error) {
      const code = fileErrorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  },

  readLink: (path) => readlink(path),
};

async function syncHandle(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
