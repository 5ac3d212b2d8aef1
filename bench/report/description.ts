import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { type Clock, toRfc3339 } from '@edgeflow/platform';
import { repository } from '../../e2e/support/processes.ts';
import { diskFolder } from '../support/folders.ts';
import { median } from './statistics.ts';

const bytesPerGib = 2 ** 30;
const syncs = 100;
const syncedBytes = 4096;

/** What the figures were measured on, as `name: value` lines. */
export function describeMachine(clock: Clock): readonly (readonly [name: string, value: string])[] {
  const processors = cpus();
  const folder = diskFolder();
  return [
    ['date', toRfc3339(Math.floor(clock.now() / 1000) * 1000)],
    ['commit', commit()],
    [
      'processor',
      `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores, shared by everything below`,
    ],
    ['memory', `${(totalmem() / bytesPerGib).toFixed(1)} GiB`],
    ['system', `${type()} ${release()}`],
    [
      'disk',
      `${fileSystem(folder)} at ${folder}; a 4 KiB fdatasync takes ${syncMs(folder, clock).toFixed(2)} ms`,
    ],
    [
      'node',
      `${process.version} (V8 ${process.versions.v8}, SQLite ${process.versions.sqlite ?? 'unknown'})`,
    ],
  ];
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
    const head = git('rev-parse', '--short=12', 'HEAD');
    const changed = git('status', '--porcelain', '--', 'apps', 'packages', 'package-lock.json') !== '';
    return changed ? `${head}, with changes that are not committed` : head;
  } catch {
    return 'unknown';
  }
}

/** Type of the file system that holds a folder: the longest mount point above it (proc_pid_mounts(5)). */
function fileSystem(folder: string): string {
  let mounts: string;
  try {
    mounts = readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    return 'unknown file system';
  }
  const above = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point = '']) => point === '/' || folder === point || folder.startsWith(`${point}/`))
    .sort(([, a = ''], [, b = '']) => b.length - a.length)[0];
  return above?.[2] ?? 'unknown file system';
}

/** What one durable write costs here: the median of small appends. */
function syncMs(folder: string, clock: Clock): number {
  const path = join(folder, `edgeflow-bench-sync-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const page = Buffer.alloc(syncedBytes, 1);
    const times = Array.from({ length: syncs }, () => {
      writeSync(file, page);
      const startMs = clock.monotonic();
      fdatasyncSync(file);
      return clock.monotonic() - startMs;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
