import { card, cpuinfo, loopback, machine, routes, v4, v6 } from '../machine.ts';

/**
 * A gateway in the field: modem in raw-IP mode (no MAC address, no gateway in its route), cable unplugged, a
 * WireGuard tunnel for maintenance; A/B root partitions, read-only, with an overlay on /etc and state on /data.
 */
export const cellularGateway = machine(
  {
    networkInterfaces: {
      wwan0: [v4('100.72.13.201', '00:00:00:00:00:00'), v6('2001:db8:ffff::1', '00:00:00:00:00:00')],
      wg0: [v4('10.99.0.17', '00:00:00:00:00:00')],
    },
  },
  cpuinfo(
    4,
    'BogoMIPS\t: 16.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\nCPU implementer\t: 0x41\nCPU part\t: 0xd03',
  ),
  loopback,
  card('eth0', {
    mac: '00:14:2d:67:05:54',
    state: 'down',
    device: 'platform/soc@0/30800000.bus/30bf0000.ethernet',
  }),
  card('eth1', {
    mac: '00:14:2d:77:05:54',
    state: 'down',
    device: 'platform/soc@0/30800000.bus/30be0000.ethernet',
  }),
  card('wg0', { type: 65534, state: 'unknown', deviceType: 'wireguard' }),
  card('wwan0', {
    type: 65534,
    state: 'unknown',
    deviceType: 'wwan',
    device: 'platform/soc@0/32f10108.usb/38200000.usb/xhci-hcd.1.auto/usb1/1-1/1-1:1.4',
  }),
  routes(
    'wg0   00000000 00000000 0001 0 0 50  00000000 0 0 0',
    'wwan0 00000000 00000000 0001 0 0 700 00000000 0 0 0',
    'wg0   0000630A 00000000 0001 0 0 0   0000FFFF 0 0 0',
  ),
  {
    files: {
      '/proc/device-tree/model': 'Toradex Verdin iMX8M Plus WB on Dahlia Board\0',
      '/proc/device-tree/serial-number': '06760788\0',
      '/proc/device-tree/compatible':
        'toradex,verdin-imx8mp-wifi-dahlia\0toradex,verdin-imx8mp-wifi\0toradex,verdin-imx8mp\0fsl,imx8mp\0',
      '/proc/meminfo': 'MemTotal:        3980184 kB\nMemFree:         3561424 kB\n',
      '/proc/sys/kernel/osrelease': '6.6.54-7.0.0-devel\n',
      '/proc/sys/kernel/hostname': '(none)\n',
      '/etc/hostname': '# set by the commissioning tool\npump-station-12\n',
      '/etc/os-release':
        'ID=tdx-xwayland\nNAME="TDX Wayland with XWayland"\nPRETTY_NAME="TDX Wayland with XWayland 7.0.0 (scarthgap)"\n',
      '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
      // Version 1 control groups without limits: the largest multiple of the page size is "none".
      '/proc/self/cgroup':
        '7:memory:/system.slice\n4:cpu,cpuacct:/system.slice\n1:name=systemd:/system.slice\n',
      '/sys/fs/cgroup/memory/system.slice/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/cpu/system.slice/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/system.slice/cpu.cfs_period_us': '100000\n',
      '/proc/self/mountinfo': `\
22 1 179:2 / / ro,relatime shared:1 - ext4 /dev/mmcblk2p2 ro
24 22 0:22 / /proc rw,relatime shared:13 - proc proc rw
35 22 179:4 / /data rw,relatime shared:20 - ext4 /dev/mmcblk2p4 rw
36 22 0:33 / /etc rw,relatime shared:21 - overlay overlay rw,lowerdir=/etc,upperdir=/data/etc/upper,workdir=/data/etc/work
37 22 179:4 /edgeflow /var/lib/edgeflow rw,relatime shared:20 - ext4 /dev/mmcblk2p4 rw
`,
    },
  },
);
