import { chmod, mkdir, open, readdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FileError, type Files, fileErrorCode } from '../files.ts';

const readBytesMaxDefault = 1024 * 1024;
/** Holds settings, keys, and most of what /proc and /sys tell; a start reads some hundred of them. */
const firstReadBytes = 1024;

export const systemFiles: Files = {
  async read(path, bytesMax = readBytesMaxDefault) {
    // Not blocking: opening a named pipe would otherwise wait for somebody to write into it.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      if (facts.isFIFO() || facts.isSocket()) throw new FileError('EINVAL', `${path} is not a file`);
      // Files in /proc and /sys claim size 0 or 4096, so read until the end instead of trusting stat.
      let buffer = Buffer.alloc(firstReadBytes);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
        if (length > bytesMax)
          throw new FileError('EFBIG', `${path} is larger than ${String(bytesMax)} bytes`);
        if (length === buffer.length) buffer = Buffer.concat([buffer], 2 * length);
      }
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
    await makeFolders(resolve(path), mode);
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

/** One mkdir(2) a folder. Node's recursive one never ends below /proc, whose folders exist and hold no new ones. */
async function makeFolders(path: string, mode: number, parentIsThere = false): Promise<void> {
  try {
    await mkdir(path, mode);
    // The umask has cut the mode.
    await chmod(path, mode);
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === 'ENOENT' && !parentIsThere && path !== dirname(path)) {
      await makeFolders(dirname(path), mode);
      await makeFolders(path, mode, true);
    } else if (code !== 'EEXIST' || !(await stat(path)).isDirectory()) {
      throw error;
    }
  }
}

async function syncHandle(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
