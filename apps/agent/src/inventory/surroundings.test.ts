import { describe, expect, it } from 'vitest';
import { machine } from './testing/machine.ts';
import { inventoryOf } from './testing/plant.ts';

async function hardwareOf(files: Record<string, string>): Promise<object> {
  return (await inventoryOf(machine({}, { files }))).hardware_info;
}

function dmi(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => [`/sys/class/dmi/id/${name}`, `${text}\n`]),
  );
}

describe('container', () => {
  it.each<[string, Record<string, string>]>([
    ['docker', { '/.dockerenv': '' }],
    ['podman', { '/run/.containerenv': 'engine="podman-4.9.3"\n' }],
    ['podman', { '/.dockerenv': '', '/proc/1/environ': 'TERM=xterm\0container=podman\0' }],
    ['systemd-nspawn', { '/run/systemd/container': 'systemd-nspawn\n' }],
    ['container-other', { '/proc/1/environ': 'container=Some Thing!\0' }],
    [
      'kubernetes',
      { '/proc/1/cgroup': '0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-12.scope\n' },
    ],
    ['docker', { '/proc/1/cgroup': '4:memory:/docker/0123456789abcdef\n' }],
    ['podman', { '/proc/1/cgroup': '0::/machine.slice/libpod-0123.scope\n' }],
    ['lxc', { '/proc/1/cgroup': '0::/lxc.payload.web/init.scope\n' }],
  ])('is %s by %j', async (container, files) => {
    expect(await hardwareOf(files)).toMatchObject({ container });
  });

  it('is absent on a machine whose first process is an ordinary init, even one that runs Docker', async () => {
    const files = {
      '/proc/1/cgroup': '0::/init.scope\n',
      '/proc/1/environ': 'HOME=/\0container=\0',
      '/proc/self/cgroup': '0::/system.slice/docker.service\n',
    };
    expect(await hardwareOf(files)).not.toHaveProperty('container');
  });
});

describe('virtualization', () => {
  const hypervisorFlag = { '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\n' };

  it.each<[string, Record<string, string>]>([
    ['qemu', dmi({ sys_vendor: 'QEMU', product_name: 'Standard PC (i440FX + PIIX, 1996)' })],
    ['vmware', dmi({ sys_vendor: 'VMware, Inc.', product_name: 'VMware7,1' })],
    ['oracle', dmi({ sys_vendor: 'innotek GmbH', product_name: 'VirtualBox' })],
    ['microsoft', dmi({ sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine' })],
    ['amazon', dmi({ sys_vendor: 'Amazon EC2', product_name: 't4g.small' })],
    ['google', dmi({ sys_vendor: 'Google', product_name: 'Google Compute Engine' })],
    ['kvm', dmi({ sys_vendor: 'Red Hat', product_name: 'KVM' })],
    ['xen', { '/sys/hypervisor/type': 'xen\n' }],
    ['kvm', { '/proc/device-tree/hypervisor/compatible': 'linux,kvm\0' }],
    ['qemu', { '/proc/device-tree/compatible': 'linux,dummy-virt\0' }],
    ['wsl', { ...hypervisorFlag, '/proc/sys/kernel/osrelease': '5.15.153.1-microsoft-standard-WSL2\n' }],
    ['vm-other', hypervisorFlag],
  ])('is %s by %j', async (virtualization, files) => {
    expect(await hardwareOf(files)).toMatchObject({ virtualization });
  });

  it.each<[string, Record<string, string>]>([
    ['a whole machine rented from Amazon', dmi({ sys_vendor: 'Amazon EC2', product_name: 'm5.metal' })],
    ['a tablet of Microsoft’s', dmi({ sys_vendor: 'Microsoft Corporation', product_name: 'Surface Pro 7' })],
    ['a laptop of Google’s', dmi({ sys_vendor: 'Google', product_name: 'Eve' })],
    [
      'the control domain of Xen',
      { '/sys/hypervisor/type': 'xen\n', '/proc/xen/capabilities': 'control_d\n' },
    ],
  ])('is absent on %s', async (_, files) => {
    expect(await hardwareOf(files)).not.toHaveProperty('virtualization');
  });
});

describe('board_model', () => {
  it.each<[string, Record<string, string>]>([
    [
      'Dell Inc. OptiPlex 7070',
      dmi({ sys_vendor: 'Dell Inc.', product_name: 'OptiPlex 7070', product_version: '1.0' }),
    ],
    ['HP EliteDesk 800 G4 DM', dmi({ sys_vendor: 'HP', product_name: 'HP EliteDesk 800 G4 DM' })],
    ['VMware7,1', dmi({ sys_vendor: 'VMware, Inc.', product_name: 'VMware7,1' })],
    [
      'LENOVO ThinkCentre M75q Gen 2 (11JN0009GE)',
      dmi({ sys_vendor: 'LENOVO', product_name: '11JN0009GE', product_version: 'ThinkCentre M75q Gen 2' }),
    ],
    [
      'ASUSTeK COMPUTER INC. PRIME B450M-A',
      dmi({
        sys_vendor: 'System manufacturer',
        product_name: 'System Product Name',
        board_vendor: 'ASUSTeK COMPUTER INC.',
        board_name: 'PRIME B450M-A',
      }),
    ],
    [
      'J4125-ITX',
      dmi({
        sys_vendor: 'To Be Filled By O.E.M.',
        product_name: 'To Be Filled By O.E.M.',
        board_vendor: 'Default string',
        board_name: 'J4125-ITX',
      }),
    ],
    [
      'Linux arm64 computer',
      dmi({
        sys_vendor: 'Default string',
        product_name: 'None',
        board_name: 'Not Specified',
        product_version: '..',
      }),
    ],
    ['Orange Pi 5', { '/sys/firmware/devicetree/base/model': 'Orange Pi 5\0' }],
    [
      'Ubiquiti EdgeRouter X',
      {
        '/proc/cpuinfo':
          'system type\t\t: MediaTek MT7621 ver:1 eco:3\nmachine\t\t\t: Ubiquiti EdgeRouter X\nprocessor\t\t: 0\n',
      },
    ],
    [
      'QEMU Virtual Machine',
      {
        '/proc/device-tree/model': 'linux,dummy-virt\0',
        ...dmi({ sys_vendor: 'QEMU', product_name: 'QEMU Virtual Machine' }),
      },
    ],
    [
      'Linux arm64 computer (qemu virtual machine)',
      {
        '/proc/device-tree/model': 'linux,dummy-virt\0',
        '/proc/device-tree/compatible': 'linux,dummy-virt\0',
      },
    ],
    ['Linux arm64 computer (docker container)', { '/.dockerenv': '' }],
    ['Linux arm64 computer (unknown container)', { '/run/systemd/container': '?' }],
  ])('is %s', async (board_model, files) => {
    expect(await hardwareOf(files)).toMatchObject({ board_model });
  });
});
