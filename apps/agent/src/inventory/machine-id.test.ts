import { describe, expect, it } from 'vitest';
import { appSpecificId, readMachineId } from './machine-id.ts';
import type { Part } from './testing/machine.ts';
import { rootedFiles } from './testing/plant.ts';

const id = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const proc = '24 1 0:22 / /proc rw,relatime - proc proc rw\n';

function tree(mounts: string, files: Record<string, string> = { '/etc/machine-id': `${id}\n` }): Part {
  return { files: { '/proc/self/mountinfo': proc + mounts, ...files } };
}

async function read(
  part: Part,
  options: { container?: string; stateFolder?: string } = {},
): Promise<unknown> {
  const { files, notes } = await rootedFiles(part);
  const machineId = await readMachineId(files, notes, {
    container: options.container,
    stateFolder: options.stateFolder,
  });
  return { ...machineId, notes: notes.toArray() };
}

describe('a machine id is relied on', () => {
  const stateFolder = '/var/lib/edgeflow';

  it.each([
    ['on a disk', '26 1 179:2 / / rw,noatime - ext4 /dev/mmcblk0p2 rw\n'],
    ['under ProtectSystem=strict', '26 1 8:2 / / ro,relatime - ext4 /dev/sda2 rw,errors=remount-ro\n'],
    [
      'where another file system was mounted first, and is covered',
      '26 1 0:2 / / rw - rootfs rootfs rw\n27 26 8:2 / / rw - xfs /dev/sda2 rw,attr2\n',
    ],
    [
      'where the state folder is a bind mount of the same disk, spaces in its options or not',
      '26 1 8:2 / / rw - btrfs /dev/sda2 rw\n40 26 8:2 /@state /var/lib/edgeflow rw shared:3 master:4 - btrfs /dev/sda2 rw\n',
    ],
  ])('%s', async (_, mounts) => {
    expect(await read(tree(mounts), { stateFolder })).toStrictEqual({
      value: id,
      persistent: true,
      notes: [],
    });
  });
});

describe('a machine id is not relied on, and the reason noted', () => {
  const disk = '26 1 8:2 / / rw - ext4 /dev/sda2 rw\n';

  it.each([
    ['this runs in a container (docker)', disk, { container: 'docker' }],
    ['this system does not list its mounts', 'garbage\n1 2 3\n', {}],
    [
      '/etc/machine-id is mounted over',
      `${disk}90 26 0:24 /machine-id /etc/machine-id ro - tmpfs tmpfs rw,mode=755\n`,
      {},
    ],
    ['/etc/machine-id is mounted over', `${disk}90 26 8:3 /id /etc/machine-id rw - ext4 /dev/sda3 rw\n`, {}],
    ['/ is of type tmpfs', '26 1 0:30 / / rw - tmpfs tmpfs rw\n', {}],
    ['/ is of type rootfs', '26 1 0:2 / / rw - rootfs rootfs rw\n', {}],
    ['/ is of type squashfs', '26 1 7:1 / / ro - squashfs /dev/loop1 ro\n', {}],
    ['/etc is of type overlay', `${disk}31 26 0:40 / /etc rw - overlay overlay rw,upperdir=/data/etc\n`, {}],
    ['/ is read-only, an image that updates replace', '26 1 8:2 / / ro - ext4 /dev/sda2 ro,norecovery\n', {}],
    [
      '/var/lib/edgeflow is on another file system than /etc/machine-id',
      `${disk}32 26 8:5 / /var/lib rw - ext4 /dev/sda5 rw\n`,
      { stateFolder: '/var/lib/edgeflow' },
    ],
    [
      '/mnt/a folder is on another file system than /etc/machine-id',
      `${disk}32 26 8:5 / /mnt/a\\040folder rw - ext4 /dev/sda5 rw\n`,
      { stateFolder: '/mnt/a folder' },
    ],
  ])('%s', async (reason, mounts, options) => {
    expect(await read(tree(mounts), options)).toStrictEqual({
      value: id,
      persistent: false,
      notes: [`the machine id may change: ${reason}`],
    });
  });

  it('when a symbolic link leads to it, or to the state folder', async () => {
    const linkedId = {
      ...tree(disk, { '/run/machine-id': `${id}\n` }),
      links: { '/etc/machine-id': '../run/machine-id' },
    };
    expect(await read(linkedId)).toHaveProperty('persistent', false);
    const linkedState = { ...tree(disk), links: { '/var/lib': '../data/lib' } };
    expect(await read(linkedState)).toHaveProperty('persistent', true);
    expect(await read(linkedState, { stateFolder: '/var/lib/edgeflow' })).toHaveProperty('persistent', false);
  });
});

describe('the machine id', () => {
  it.each([
    'uninitialized\n',
    '\n',
    '00000000000000000000000000000000\n',
    'b08dfa6083e7567a1921a715000001f\n',
    '../../etc',
  ])('is absent when the file says %j', async (text) => {
    expect(await read(tree('', { '/etc/machine-id': text }))).toStrictEqual({ notes: [] });
  });

  it('comes from the place of D-Bus where systemd’s has none', async () => {
    const files = {
      '/etc/machine-id': 'uninitialized\n',
      '/var/lib/dbus/machine-id': `${id.toUpperCase()}\n`,
    };
    expect(await read(tree('', files))).toHaveProperty('value', id);
  });

  it('never shows up in a note', async () => {
    expect(JSON.stringify(await read(tree(''), { container: 'docker' })).split(id)).toHaveLength(2);
  });
});

describe('appSpecificId', () => {
  it('is what systemd derives (the vector of its own test, src/test/test-id128.c)', () => {
    expect(appSpecificId('51df0b4bc3b04c9780e299b98ca373b8', 'f03daaeb1c334b43a732172944bf772e')).toBe(
      '1dee5954e75c4d6fb96cc6c04ca18a86',
    );
  });
});
