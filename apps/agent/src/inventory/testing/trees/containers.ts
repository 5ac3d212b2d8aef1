import { card, cpuinfo, loopback, machine, routes, v4 } from '../machine.ts';

/**
 * Docker on a Raspberry Pi 4: `docker run --memory 512m --cpus 1.5`. /sys/firmware is masked, so the device tree
 * is gone; /proc/cpuinfo is the host's.
 */
export const dockerOnRaspberryPi = machine(
  { networkInterfaces: { eth0: [v4('172.17.0.2', '02:42:ac:11:00:02')] } },
  cpuinfo(
    4,
    'BogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU part\t: 0xd08',
    '\nRevision\t: c03114\nSerial\t\t: 10000000a1b2c3d4\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n',
  ),
  loopback,
  card('eth0', { mac: '02:42:ac:11:00:02' }),
  routes(
    'eth0 00000000 010011AC 0003 0 0 0 00000000 0 0 0',
    'eth0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0',
  ),
  {
    files: {
      '/.dockerenv': '',
      '/proc/meminfo': 'MemTotal:        3885396 kB\nMemFree:         2042116 kB\n',
      '/proc/sys/kernel/osrelease': '6.6.31+rpt-rpi-v8\n',
      '/proc/sys/kernel/hostname': '4f1c2d3e4a5b\n',
      '/etc/hostname': '4f1c2d3e4a5b\n',
      '/etc/os-release':
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n',
      '/proc/1/environ': 'PATH=/usr/local/sbin:/usr/local/bin\0HOSTNAME=4f1c2d3e4a5b\0',
      '/proc/1/cgroup': '0::/\n',
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': '536870912\n',
      '/sys/fs/cgroup/cpu.max': '150000 100000\n',
      '/proc/self/mountinfo': `\
612 540 0:55 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AAA,upperdir=/var/lib/docker/overlay2/x/diff,workdir=/var/lib/docker/overlay2/x/work
613 612 0:58 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
620 612 179:2 /var/lib/docker/containers/4f1c/hostname /etc/hostname rw,noatime - ext4 /dev/mmcblk0p2 rw
`,
    },
    folders: ['/sys/firmware'],
  },
);

/** Proxmox, 2 cores and 1 GB: lxcfs already shows the limits as if they were the machine's. */
export const lxcOnServer = machine(
  { arch: 'x64', networkInterfaces: { eth0: [v4('10.1.2.3', 'bc:24:11:0a:0b:0c')] } },
  cpuinfo(2, 'vendor_id\t: GenuineIntel\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Silver 4208'),
  loopback,
  card('eth0', { mac: 'bc:24:11:0a:0b:0c' }),
  routes('eth0 00000000 0102010A 0003 0 0 0 00000000 0 0 0'),
  {
    files: {
      '/sys/class/dmi/id/sys_vendor': 'Supermicro\n',
      '/sys/class/dmi/id/product_name': 'Super Server\n',
      '/sys/class/dmi/id/product_version': '0123456789\n',
      '/sys/class/dmi/id/board_vendor': 'Supermicro\n',
      '/sys/class/dmi/id/board_name': 'X11DPi-N\n',
      '/proc/meminfo': 'MemTotal:        1048576 kB\nMemFree:          931840 kB\n',
      '/proc/sys/kernel/osrelease': '6.8.12-2-pve\n',
      '/proc/sys/kernel/hostname': 'edge-ct-104\n',
      '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
      '/etc/machine-id': '9876543210abcdef9876543210abcdef\n',
      '/proc/1/environ': 'container=lxc\0container_ttys=\0TERM=linux\0',
      '/run/systemd/container': 'lxc',
      '/proc/self/cgroup': '0::/system.slice/edgeflow-agent.service\n',
      '/sys/fs/cgroup/memory.max': '1073741824\n',
      '/sys/fs/cgroup/cpu.max': 'max 100000\n',
      '/proc/self/mountinfo':
        '715 640 253:12 / / rw,relatime shared:402 - ext4 /dev/mapper/pve-vm--104--disk--0 rw\n',
    },
  },
);
