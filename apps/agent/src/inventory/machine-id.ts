import { createHmac } from 'node:crypto';
import type { MachineId } from './inventory.ts';
import { mountOf, readMounts } from './mounts.ts';
import type { Notes } from './notes.ts';
import type { RootedFiles } from './rooted-files.ts';

/** Names EdgeFlow to {@link appSpecificId}. Changing it gives every device another `machine_id_hash`: never. */
export const edgeflowApplicationId = 'e70c573ca367461182492051d273575b';

/** machine-id(5), then the place D-Bus kept it before. */
const places = ['/etc/machine-id', '/var/lib/dbus/machine-id'] as const;

/**
 * File systems that keep what is written, until it is deleted. A list of what is known to keep, not of what is
 * known to lose (tmpfs, overlay, squashfs, …), since the next new one may lose.
 */
const keepingFileSystems: ReadonlySet<string> = new Set(
  'ext2 ext3 ext4 xfs btrfs f2fs bcachefs jfs nilfs2 reiserfs zfs ubifs jffs2'.split(' '),
);

export interface MachineIdOptions {
  readonly container: string | undefined;
  /** Absolute path of the folder whose content is to be bound to the machine id. */
  readonly stateFolder: string | undefined;
}

/**
 * The machine id and whether it can be relied on, or undefined where there is none.
 *
 * `persistent` decides whether the vault is mixed with the id, and a vault whose id has changed cannot be opened:
 * a wrong "no" costs one layer of defence, a wrong "yes" the identity. So everything doubtful is a no, and is
 * noted. See {@link whyTransient} for the rules.
 */
export async function readMachineId(
  files: RootedFiles,
  notes: Notes,
  options: MachineIdOptions,
): Promise<MachineId | undefined> {
  for (const place of places) {
    const value = (await files.line(place))?.toLowerCase();
    // "uninitialized" is what systemd leaves in an image that has not booted yet.
    if (value === undefined || !/^[0-9a-f]{32}$/.test(value) || /^0+$/.test(value)) continue;
    const reason = await whyTransient(files, place, options);
    if (reason !== undefined) notes.add(`the machine id may change: ${reason}`);
    return { value, persistent: reason === undefined };
  }
  return undefined;
}

/**
 * Why the id at `place` may not last as long as the state folder does, or undefined when it will. It lasts when
 *
 * - this is no container: images carry an id baked in, or none, and a new container gets another;
 * - nothing is mounted on the file itself: that is how systemd shows a transient id when /etc cannot be written,
 *   and how some images bind one from elsewhere;
 * - no symbolic link is on the way: it could lead to /run, and mounts are compared by path;
 * - the mount that holds it (/etc where that has its own, else /) is a plain disk file system: on tmpfs, and on
 *   overlay whose upper half may be tmpfs or be wiped by an update, the id goes. (Overlay on /etc with a lasting
 *   upper half would do, but its options do not prove that.);
 * - that file system is writable: a read-only root is an image, and the next update brings another id;
 * - the state folder lies on that same file system: where updates swap the root (A/B partitions), state that
 *   survives lives elsewhere, and would outlive the id.
 */
async function whyTransient(
  files: RootedFiles,
  place: string,
  options: MachineIdOptions,
): Promise<string | undefined> {
  if (options.container !== undefined) return `this runs in a container (${options.container})`;
  const mounts = await readMounts(files);
  const holder = mountOf(mounts, place);
  if (holder === undefined) return 'this system does not list its mounts';
  if (await mayPassLink(files, place)) return `a symbolic link leads to ${place}`;
  if (holder.mountPoint === place) return `${place} is mounted over`;
  if (!keepingFileSystems.has(holder.type)) return `${holder.mountPoint} is of type ${holder.type}`;
  if (holder.isReadOnly) return `${holder.mountPoint} is read-only, an image that updates replace`;
  const state = options.stateFolder;
  if (state === undefined) return undefined;
  if (await mayPassLink(files, state)) return `a symbolic link leads to ${state}`;
  if (mountOf(mounts, state)?.device === holder.device) return undefined;
  return `${state} is on another file system than ${place}`;
}

/** Whether any part of `path` is a symbolic link, or could not be examined. Missing parts are no links. */
async function mayPassLink(files: RootedFiles, path: string): Promise<boolean> {
  const names = path.split('/').filter((name) => name !== '');
  const parts = names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
  const kinds = await Promise.all(parts.map((part) => files.linkKind(part)));
  return kinds.some((kind) => kind === 'link' || kind === 'unknown');
}

/**
 * An id derived from a machine id for one application, 32 hexadecimal digits: it tells machines apart and leads
 * neither back to the machine id nor to what another application derives from it.
 *
 * The same as sd_id128_get_machine_app_specific(3), so an administrator can check it on the device with
 * `systemd-id128 machine-id --app-specific=…`: HMAC-SHA-256 over the application id, keyed with the machine id,
 * the first 16 bytes, marked as a version 4 UUID.
 */
export function appSpecificId(machineId: string, applicationId: string): string {
  const key = Buffer.from(machineId, 'hex');
  const digest = createHmac('sha256', key).update(Buffer.from(applicationId, 'hex')).digest();
  const id = digest.subarray(0, 16);
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x40, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  return id.toString('hex');
}
