import { card, cpuinfo, loopback, machine, routes, v4, v6 } from '../machine.ts';

const coffeeLake = `
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 142
model name\t: Intel(R) Core(TM) i5-8259U CPU @ 2.30GHz
stepping\t: 10
flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht
bogomips\t: 4599.93`;

/** A small PC that bridges its network card for virtual machines; the agent runs as root. */
export const intelNuc = machine(
  {
    arch: 'x64',
    networkInterfaces: {
      br0: [v6('fe80::96c6:91ff:fea0:b1c2', '94:c6:91:a0:b1:c2'), v4('10.20.0.8', '94:c6:91:a0:b1:c2')],
      virbr0: [v4('192.168.122.1', '52:54:00:aa:bb:cc')],
    },
  },
  cpuinfo(8, coffeeLake),
  loopback,
  card('br0', { mac: '94:c6:91:a0:b1:c2', deviceType: 'bridge', lowers: ['eno1', 'vnet0'] }),
  card('eno1', { mac: '94:c6:91:a0:b1:c2', device: 'pci0000:00/0000:00:1f.6' }),
  card('virbr0', { mac: '52:54:00:aa:bb:cc', state: 'down', deviceType: 'bridge' }),
  card('vnet0', { mac: 'fe:54:00:01:02:03', state: 'unknown' }),
  card('wlp0s20f3', {
    mac: '04:33:c2:01:02:03',
    state: 'down',
    deviceType: 'wlan',
    phy: 0,
    device: 'pci0000:00/0000:00:14.3',
  }),
  routes(
    'br0    00000000 0100140A 0003 0 0 0 00000000 0 0 0',
    'br0    0000140A 00000000 0001 0 0 0 00FFFFFF 0 0 0',
    'virbr0 007AA8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0',
  ),
  {
    files: {
      '/sys/class/dmi/id/bios_vendor': 'Intel Corp.\n',
      '/sys/class/dmi/id/sys_vendor': 'Intel(R) Client Systems\n',
      '/sys/class/dmi/id/product_name': 'NUC8i5BEH\n',
      '/sys/class/dmi/id/product_version': 'J72747-302\n',
      '/sys/class/dmi/id/product_serial': 'G6BE9190021X\n',
      '/sys/class/dmi/id/product_uuid': '1A2B3C4D-5E6F-7081-92A3-94C691A0B1C2\n',
      '/sys/class/dmi/id/board_vendor': 'Intel Corporation\n',
      '/sys/class/dmi/id/board_name': 'NUC8BEB\n',
      '/sys/class/dmi/id/board_serial': 'GEBE84900ABC\n',
      '/sys/devices/system/clocksource/clocksource0/available_clocksource': 'tsc hpet acpi_pm \n',
      '/proc/meminfo': 'MemTotal:       32738180 kB\nMemFree:        28112344 kB\n',
      '/proc/sys/kernel/osrelease': '6.1.0-21-amd64\n',
      '/proc/sys/kernel/hostname': 'cell-7.plant.example\n',
      '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\n',
      '/etc/machine-id': '00112233445566778899aabbccddeeff\n',
      '/proc/1/environ': 'HOME=/\0TERM=linux\0BOOT_IMAGE=/boot/vmlinuz-6.1.0-21-amd64\0',
      '/proc/1/cgroup': '0::/init.scope\n',
      // A service with MemoryMax=512M in a slice with CPUQuota=250%.
      '/proc/self/cgroup': '0::/edge.slice/edgeflow-agent.service\n',
      '/sys/fs/cgroup/edge.slice/edgeflow-agent.service/memory.max': '536870912\n',
      '/sys/fs/cgroup/edge.slice/edgeflow-agent.service/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/edge.slice/memory.max': 'max\n',
      '/sys/fs/cgroup/edge.slice/cpu.max': '250000 100000\n',
      // ProtectSystem=strict: the service sees its root read-only, the disk is not.
      '/proc/self/mountinfo': `\
300 280 8:2 / / ro,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro
301 300 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
302 300 8:2 /var/lib/edgeflow /var/lib/edgeflow rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro
`,
    },
  },
);

/** libvirt, Q35, no serial number configured. */
export const kvmGuest = machine(
  {
    arch: 'x64',
    networkInterfaces: {
      enp1s0: [v4('192.168.122.57', '52:54:00:12:34:56'), v6('fe80::5054:ff:fe12:3456', '52:54:00:12:34:56')],
    },
  },
  cpuinfo(2, coffeeLake.replace(' ss ht', ' ss ht hypervisor')),
  loopback,
  card('enp1s0', { mac: '52:54:00:12:34:56', device: 'pci0000:00/0000:00:02.0/0000:01:00.0/virtio0' }),
  routes('enp1s0 00000000 017AA8C0 0003 0 0 100 00000000 0 0 0'),
  {
    files: {
      '/sys/class/dmi/id/bios_vendor': 'SeaBIOS\n',
      '/sys/class/dmi/id/sys_vendor': 'QEMU\n',
      '/sys/class/dmi/id/product_name': 'Standard PC (Q35 + ICH9, 2009)\n',
      '/sys/class/dmi/id/product_version': 'pc-q35-8.2\n',
      '/sys/class/dmi/id/product_serial': '\n',
      '/sys/class/dmi/id/product_uuid': '6f1d2c3b-4a59-4687-9756-a1b2c3d4e5f6\n',
      '/sys/devices/system/clocksource/clocksource0/available_clocksource': 'kvm-clock tsc acpi_pm \n',
      '/proc/meminfo': 'MemTotal:        2014220 kB\nMemFree:         1418136 kB\n',
      '/proc/sys/kernel/osrelease': '6.8.0-45-generic\n',
      '/proc/sys/kernel/hostname': 'build-vm\n',
      '/usr/lib/os-release': "PRETTY_NAME='Ubuntu 24.04.1 LTS'\nID=ubuntu\n",
      '/etc/machine-id': 'fedcba98765432100123456789abcdef\n',
      '/proc/self/cgroup': '0::/user.slice/user-1000.slice/session-2.scope\n',
      '/proc/self/mountinfo': '28 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,discard\n',
    },
  },
);
