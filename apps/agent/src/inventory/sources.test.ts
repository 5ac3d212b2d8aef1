import { describe, expect, it } from 'vitest';
import type { Inventory } from './index.ts';
import { machine } from './testing/machine.ts';
import { inventoryOf } from './testing/plant.ts';

async function read(files: Record<string, string>): Promise<Inventory> {
  return inventoryOf(machine({}, { files }));
}

describe('serial_number', () => {
  const tree = '/proc/device-tree/serial-number';
  const product = '/sys/class/dmi/id/product_serial';
  const mainboard = '/sys/class/dmi/id/board_serial';

  it.each<[string, Record<string, string>]>([
    ['device tree first', { [tree]: 'A1\0', '/proc/cpuinfo': 'Serial : B2\n', [product]: 'C3\n' }],
    [
      'then /proc/cpuinfo',
      { [tree]: '0000000000000000\0', '/proc/cpuinfo': 'Serial\t\t: A1\n', [product]: 'C3\n' },
    ],
    [
      'then SMBIOS',
      { '/proc/cpuinfo': 'Serial\t\t: 0000000000000000\n', [product]: 'A1\n', [mainboard]: 'B2\n' },
    ],
    ['then the mainboard’s', { [product]: 'To be filled by O.E.M.\n', [mainboard]: 'A1\n' }],
  ])('%s', async (_, files) => {
    expect((await read(files)).hardware_info).toHaveProperty('serial_number', 'A1');
  });

  it('is sent as printed, and compared without case and spaces', async () => {
    const inventory = await read({ [product]: '  VMware-56 4D 2a \n' });
    expect(inventory.hardware_info).toHaveProperty('serial_number', 'VMware-56 4D 2a');
    expect(inventory.board).toStrictEqual({ serialNumber: 'vmware-564d2a' });
  });

  it.each([
    'Default string',
    'System Serial Number',
    'None',
    'Not Specified',
    'O.E.M.',
    '0000000',
    'XXXXXXXX',
    '.....',
    '0123456789',
    '1',
  ])('is absent for %j', async (filler) => {
    const inventory = await read({ [product]: `${filler}\n`, [mainboard]: `${filler.toUpperCase()}\n` });
    expect(inventory.hardware_info).not.toHaveProperty('serial_number');
    expect(inventory.board).toStrictEqual({});
  });
});

it.each([
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  'fefefefe-fefe-fefe-fefe-fefefefefefe',
  '03000200-0400-0500-0006-000700080009',
  'Not Settable',
  '',
])('dmi_uuid is absent for %j', async (uuid) => {
  const inventory = await read({ '/sys/class/dmi/id/product_uuid': `${uuid}\n` });
  expect(inventory.hardware_info).not.toHaveProperty('dmi_uuid');
  expect(inventory.board).toStrictEqual({});
});

describe('cpu_cores', () => {
  it.each([
    ['0-3,5', 5],
    ['0', 1],
    ['0-1,4-5', 4],
    ['0-', 77],
    ['3-1', 77],
    ['0-99999', 77],
    ['all', 77],
  ])('counts %j in the list of online processors as %d', async (list, count) => {
    const files = {
      '/proc/cpuinfo': 'Hardware\t: none counted\n',
      '/sys/devices/system/cpu/online': `${list}\n`,
    };
    expect((await read(files)).hardware_info.cpu_cores).toBe(count);
  });

  it('counts processors of old ARM kernels, which also name the processor', async () => {
    const files = {
      '/proc/cpuinfo':
        'Processor\t: ARMv7 Processor rev 4\nprocessor\t: 0\nBogoMIPS\t: 1\n\nprocessor\t: 1\n',
    };
    expect((await read(files)).hardware_info.cpu_cores).toBe(2);
  });

  it('counts processors of s390', async () => {
    const files = {
      '/proc/cpuinfo': '# processors    : 2\nprocessor 0: version = FF\nprocessor 1: version = FF\n',
    };
    expect((await read(files)).hardware_info.cpu_cores).toBe(2);
  });
});

it.each([
  ['MemTotal:        1048576 kB\n', 1024],
  ['MemTotal:        1048063 kB\n', 1023],
  ['MemTotal:        1048064 kB\n', 1024],
  ['MemTotal:        100 kB\n', 1],
  ['MemTotal:        0 kB\n', 77],
  ['MemTotal:        lots\n', 77],
])('ram_mb rounds to units of 1024 kB: %j is %d', async (meminfo, megabytes) => {
  expect((await read({ '/proc/meminfo': meminfo })).hardware_info.ram_mb).toBe(megabytes);
});

it.each([
  ['PRETTY_NAME="Fedora Linux 40 (\\"Forty\\" \\$5)"', 'Fedora Linux 40 ("Forty" $5)'],
  ["PRETTY_NAME='It is $5'", 'It is $5'],
  ['NAME=x\nPRETTY_NAME=Buildroot\n', 'Buildroot'],
  ['PRETTY_NAME="', '"'],
])('os_name unquotes %j', async (release, name) => {
  expect((await read({ '/etc/os-release': release })).hardware_info.os_name).toBe(name);
});

it('an empty os_name is no name', async () => {
  expect((await read({ '/etc/os-release': 'PRETTY_NAME=""\n' })).hardware_info).not.toHaveProperty('os_name');
});

it.each([
  ['aix', 'ppc64', 'aix', 'ppc64'],
  ['linux', 'ppc64', 'linux', 'ppc64le'],
  ['linux', 'ia32', 'linux', '386'],
  ['linux', 'riscv64', 'linux', 'riscv64'],
  ['win32', 'x64', 'windows', 'amd64'],
  ['sunos', 'x64', 'solaris', 'amd64'],
])('%s on %s is %s/%s', async (platform, arch, goos, goarch) => {
  const inventory = await inventoryOf(machine({ platform, arch }));
  expect(inventory.hardware_info).toMatchObject({ os: goos, arch: goarch });
});
