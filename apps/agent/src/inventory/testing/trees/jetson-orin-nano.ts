import { card, cpuinfo, loopback, machine, routes, v4 } from '../machine.ts';

/** JetPack 6: UEFI firmware, so SMBIOS as well as a device tree; a CAN bus and bridges for its USB port. */
export const jetsonOrinNano = machine(
  {
    networkInterfaces: {
      enP8p1s0: [v4('192.168.10.5', '3c:6d:66:01:02:03')],
      docker0: [v4('172.17.0.1', '02:42:ac:00:00:01')],
    },
  },
  cpuinfo(
    6,
    `
model name\t: ARMv8 Processor rev 1 (v8l)
BogoMIPS\t: 62.50
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp uscat ilrcpc flagm paca pacg
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd42
CPU revision\t: 1`,
  ),
  loopback,
  card('can0', { type: 280, state: 'down', device: 'platform/bus@0/c310000.mttcan' }),
  card('docker0', { mac: '02:42:ac:00:00:01', state: 'down', deviceType: 'bridge' }),
  card('enP8p1s0', {
    mac: '3c:6d:66:01:02:03',
    device: 'platform/bus@0/140a0000.pcie/pci0008:00/0008:00:00.0/0008:01:00.0',
  }),
  card('l4tbr0', { mac: '4a:b1:00:00:00:01', state: 'down', deviceType: 'bridge', lowers: ['usb0'] }),
  card('usb0', {
    mac: '4a:b1:00:00:00:01',
    state: 'down',
    deviceType: 'gadget',
    device: 'platform/bus@0/3550000.usb/gadget.0',
  }),
  card('wlP1p1s0', {
    mac: '10:68:38:0a:0b:0c',
    state: 'down',
    deviceType: 'wlan',
    phy: 0,
    device: 'platform/bus@0/14100000.pcie/pci0001:00/0001:00:00.0/0001:01:00.0',
  }),
  routes(
    'enP8p1s0 00000000 010AA8C0 0003 0 0 100  00000000 0 0 0',
    'enP8p1s0 0000FEA9 00000000 0001 0 0 1000 0000FFFF 0 0 0',
    'docker0  000011AC 00000000 0001 0 0 0    0000FFFF 0 0 0',
  ),
  {
    files: {
      '/proc/device-tree/model': 'NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0',
      '/proc/device-tree/serial-number': '1423724042132\0',
      '/proc/device-tree/compatible':
        'nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0',
      '/sys/class/dmi/id/sys_vendor': 'NVIDIA\n',
      '/sys/class/dmi/id/product_name': 'NVIDIA Jetson Orin Nano Developer Kit\n',
      '/sys/class/dmi/id/board_vendor': 'NVIDIA\n',
      '/sys/class/dmi/id/board_name': 'Jetson\n',
      '/sys/class/dmi/id/product_serial': '1423724042132\n',
      '/sys/class/dmi/id/product_uuid': '00000000-0000-0000-0000-000000000000\n',
      '/proc/meminfo': 'MemTotal:        7802952 kB\nMemFree:         4325480 kB\n',
      '/proc/sys/kernel/osrelease': '5.15.148-tegra\n',
      '/proc/sys/kernel/hostname': 'vision-3\n',
      '/etc/os-release':
        'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.5 LTS (Jammy Jellyfish)"\nID=ubuntu\nID_LIKE=debian\n',
      '/etc/machine-id': 'abcdefabcdefabcdefabcdefabcdef12\n',
      '/proc/self/cgroup': '0::/system.slice/edgeflow-agent.service\n',
      '/proc/self/mountinfo': `\
25 30 0:23 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw
30 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
`,
    },
  },
);
