import type { RootedFiles } from './rooted-files.ts';

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `major:minor`: the same for all mounts of one file system, bind mounts included. */
  readonly device: string;
  readonly mountPoint: string;
  /** e.g. `ext4`. */
  readonly type: string;
  /** Whether the file system itself is read-only, not just this view of it. */
  readonly isReadOnly: boolean;
}

/** The mounts this process sees, in mounting order; none where there is no /proc. */
export async function readMounts(files: RootedFiles): Promise<readonly Mount[]> {
  const lines = ((await files.text('/proc/self/mountinfo')) ?? '').split('\n');
  return lines.map(parseMount).filter((mount) => mount !== undefined);
}

/** The mount that holds `path`: the deepest one above it, and of several in one place the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let holder: Mount | undefined;
  for (const mount of mounts) {
    if (!contains(mount.mountPoint, path)) continue;
    if (holder === undefined || mount.mountPoint.length >= holder.mountPoint.length) holder = mount;
  }
  return holder;
}

function contains(folder: string, path: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** `id parent device root mountPoint options tag… - type source superOptions` */
function parseMount(line: string): Mount | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  if (separator === -1) return undefined;
  const [, , device, , mountPoint] = fields;
  const [type, , superOptions] = fields.slice(separator + 1);
  if (device === undefined || mountPoint?.startsWith('/') !== true) return undefined;
  if (type === undefined || superOptions === undefined) return undefined;
  // A service under ProtectSystem= sees its root mounted "ro"; only the file system's own options count here.
  return {
    device,
    mountPoint: unescaped(mountPoint),
    type,
    isReadOnly: superOptions.split(',').includes('ro'),
  };
}

/** Space, tab, newline and backslash are written as three octal digits. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
