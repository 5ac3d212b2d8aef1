import { card, cpuinfo, loopback, machine, type Part, routes, v4, v6 } from '../machine.ts';

const bookworm: Part = {
  files: {
    '/etc/os-release':
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
    '/proc/self/cgroup': '0::/system.slice/edgeflow-agent.service\n',
    '/sys/fs/cgroup/system.slice/edgeflow-agent.service/memory.max': 'max\n',
    '/sys/fs/cgroup/system.slice/edgeflow-agent.service/cpu.max': 'max 100000\n',
    '/proc/1/environ': 'HOME=/\0init=/sbin/init\0TERM=linux\0',
    '/proc/1/cgroup': '0::/init.scope\n',
  },
};

const sdCardMounts: Part = {
  files: {
    '/proc/self/mountinfo': `\
21 26 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:6 - sysfs sysfs rw
22 26 0:21 / /proc rw,relatime shared:11 - proc proc rw
26 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw
27 26 0:24 / /run rw,nosuid,nodev shared:12 - tmpfs tmpfs rw,size=776756k,nr_inodes=819200,mode=755
63 26 179:1 / /boot/firmware rw,relatime shared:38 - vfat /dev/mmcblk0p1 rw,fmask=0022,dmask=0022
`,
  },
};

const cortexA72 = `
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3`;

/** Raspberry Pi OS, 64 bits, on a cable, with Wi-Fi up as well at a worse metric. */
export const raspberryPi4 = machine(
  {
    networkInterfaces: {
      eth0: [v4('192.168.1.100', 'dc:a6:32:12:34:56'), v6('fe80::dea6:32ff:fe12:3456', 'dc:a6:32:12:34:56')],
      wlan0: [v4('192.168.1.101', 'dc:a6:32:12:34:57')],
    },
  },
  bookworm,
  sdCardMounts,
  cpuinfo(
    4,
    cortexA72,
    '\nRevision\t: c03114\nSerial\t\t: 10000000a1b2c3d4\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n',
  ),
  loopback,
  card('eth0', { mac: 'dc:a6:32:12:34:56', device: 'platform/scb/fd580000.ethernet' }),
  card('wlan0', {
    mac: 'dc:a6:32:12:34:57',
    deviceType: 'wlan',
    phy: 0,
    device: 'platform/soc/fe300000.mmcnr/mmc_host/mmc1/mmc1:0001/mmc1:0001:1',
  }),
  routes(
    'wlan0 00000000 0101A8C0 0003 0 0 600 00000000 0 0 0',
    'eth0  00000000 0101A8C0 0003 0 0 100 00000000 0 0 0',
    'eth0  0001A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0',
    'wlan0 0001A8C0 00000000 0001 0 0 600 00FFFFFF 0 0 0',
  ),
  {
    files: {
      '/proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
      '/proc/device-tree/serial-number': '10000000a1b2c3d4\0',
      '/proc/device-tree/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711\0',
      '/proc/meminfo':
        'MemTotal:        3885396 kB\nMemFree:         3042116 kB\nMemAvailable:    3462540 kB\n',
      '/proc/sys/kernel/osrelease': '6.6.31+rpt-rpi-v8\n',
      '/proc/sys/kernel/hostname': 'edgeflow-pi-001\n',
      '/etc/hostname': 'edgeflow-pi-001\n',
      '/etc/machine-id': '0f1e2d3c4b5a69788796a5b4c3d2e1f0\n',
    },
  },
);

/** With Docker: its bridge is down, and no way out. */
export const raspberryPi5 = machine(
  {
    networkInterfaces: {
      eth0: [
        v6('2001:db8:1:0:2ecf:67ff:fe0a:1b2c', '2c:cf:67:0a:1b:2c'),
        v4('192.168.178.42', '2c:cf:67:0a:1b:2c'),
      ],
      docker0: [v4('172.17.0.1', '02:42:7c:11:22:33')],
    },
  },
  bookworm,
  sdCardMounts,
  cpuinfo(
    4,
    cortexA72.replace('0xd08', '0xd0b').replace('crc32', 'aes pmull sha1 sha2 crc32'),
    '\nRevision\t: d04170\nSerial\t\t: 1e5b5e3601aabbcc\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n',
  ),
  loopback,
  card('docker0', { mac: '02:42:7c:11:22:33', state: 'down', deviceType: 'bridge' }),
  card('eth0', {
    mac: '2c:cf:67:0a:1b:2c',
    device: 'platform/axi/1000120000.pcie/1f00100000.ethernet',
  }),
  routes(
    'eth0    00000000 01B2A8C0 0003 0 0 100 00000000 0 0 0',
    'docker0 000011AC 00000000 0001 0 0 0   0000FFFF 0 0 0',
  ),
  {
    files: {
      '/proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
      '/proc/device-tree/serial-number': '1e5b5e3601aabbcc\0',
      '/proc/device-tree/compatible': 'raspberrypi,5-model-b\0brcm,bcm2712\0',
      '/proc/meminfo': 'MemTotal:        8256704 kB\nMemFree:         6851232 kB\n',
      '/proc/sys/kernel/osrelease': '6.6.31+rpt-rpi-2712\n',
      '/proc/sys/kernel/hostname': 'press-line-5\n',
      '/etc/machine-id': '5a5b5c5d5e5f40414243444546474849\n',
    },
  },
);

/** No socket for a cable: Wi-Fi is all it has. */
export const raspberryPiZero2W = machine(
  { networkInterfaces: { wlan0: [v4('10.0.0.23', '2c:cf:67:99:88:77')] } },
  bookworm,
  sdCardMounts,
  cpuinfo(
    4,
    cortexA72.replace('0xd08', '0xd03').replace('108.00', '38.40').replace('revision\t: 3', 'revision\t: 4'),
    '\nRevision\t: 902120\nSerial\t\t: 00000000a3f1b2c4\nModel\t\t: Raspberry Pi Zero 2 W Rev 1.0\n',
  ),
  loopback,
  card('wlan0', {
    mac: '2C:CF:67:99:88:77',
    deviceType: 'wlan',
    phy: 0,
    device: 'platform/soc/3f300000.mmcnr/mmc_host/mmc1/mmc1:0001/mmc1:0001:1',
  }),
  routes('wlan0 00000000 0100000A 0003 0 0 600 00000000 0 0 0'),
  {
    files: {
      '/proc/device-tree/model': 'Raspberry Pi Zero 2 W Rev 1.0\0',
      '/proc/device-tree/serial-number': '00000000a3f1b2c4\0',
      '/proc/device-tree/compatible': 'raspberrypi,model-zero-2-w\0brcm,bcm2837\0',
      '/proc/meminfo': 'MemTotal:         437684 kB\nMemFree:          121872 kB\n',
      '/proc/sys/kernel/osrelease': '6.6.20+rpt-rpi-v8\n',
      '/proc/sys/kernel/hostname': 'sensor-north\n',
      '/etc/machine-id': 'c0ffee00c0ffee00c0ffee00c0ffee00\n',
    },
  },
);

/** One ARMv6 core. The root file system is kept from wear with an overlay in memory (raspi-config's choice). */
export const raspberryPiZeroW = machine(
  { arch: 'arm', networkInterfaces: { wlan0: [v4('192.168.0.17', 'b8:27:eb:0a:0b:0c')] } },
  bookworm,
  cpuinfo(
    1,
    `
model name\t: ARMv6-compatible processor rev 7 (v6l)
BogoMIPS\t: 997.08
Features\t: half thumb fastmult vfp edsp java tls
CPU implementer\t: 0x41
CPU architecture: 7
CPU variant\t: 0x0
CPU part\t: 0xb76
CPU revision\t: 7`,
    '\nHardware\t: BCM2835\nRevision\t: 9000c1\nSerial\t\t: 0000000017e39a99\nModel\t\t: Raspberry Pi Zero W Rev 1.1\n',
  ),
  loopback,
  card('wlan0', {
    mac: 'b8:27:eb:0a:0b:0c',
    deviceType: 'wlan',
    phy: 0,
    device: 'platform/soc/20300000.mmcnr/mmc_host/mmc1/mmc1:0001/mmc1:0001:1',
  }),
  routes('wlan0 00000000 0100A8C0 0003 0 0 302 00000000 0 0 0'),
  {
    files: {
      '/proc/device-tree/model': 'Raspberry Pi Zero W Rev 1.1\0',
      '/proc/device-tree/serial-number': '0000000017e39a99\0',
      '/proc/device-tree/compatible': 'raspberrypi,model-zero-w\0brcm,bcm2835\0',
      '/proc/meminfo': 'MemTotal:         443080 kB\nMemFree:          260328 kB\n',
      '/proc/sys/kernel/osrelease': '6.1.21+\n',
      '/proc/sys/kernel/hostname': 'doorbell\n',
      '/etc/machine-id': '11112222333344445555666677778888\n',
      '/proc/self/mountinfo': `\
24 29 0:22 / /proc rw,relatime shared:5 - proc proc rw
29 1 0:27 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work
`,
    },
  },
);
