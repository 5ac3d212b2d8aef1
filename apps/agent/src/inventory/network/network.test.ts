import { describe, expect, it } from 'vitest';
import type { NetworkInfo } from '../index.ts';
import { card, loopback, machine, type Part, routes, v4, v6 } from '../testing/machine.ts';
import { inventoryOf } from '../testing/plant.ts';

const wired = card('eth0', { mac: '02:00:00:00:00:01', device: 'platform/1.ethernet' });
const wireless = card('wlan0', {
  mac: '02:00:00:00:00:02',
  deviceType: 'wlan',
  phy: 0,
  device: 'platform/2.mmc',
});
const unplugged = card('eth0', { mac: '02:00:00:00:00:01', state: 'down', device: 'platform/1.ethernet' });

const addresses = {
  eth0: [v4('192.0.2.1', '02:00:00:00:00:01')],
  wlan0: [v4('192.0.2.2', '02:00:00:00:00:02')],
  tun0: [v4('10.8.0.2', '00:00:00:00:00:00')],
};

async function networkOf(...parts: readonly Part[]): Promise<NetworkInfo> {
  return (await inventoryOf(machine({ hostname: 'h', networkInterfaces: addresses }, loopback, ...parts)))
    .network_info;
}

const throughCable = {
  hostname: 'h',
  ip_address: '192.0.2.1',
  mac_address: '02:00:00:00:00:01',
  connection_type: 'ethernet',
};
const throughRadio = {
  hostname: 'h',
  ip_address: '192.0.2.2',
  mac_address: '02:00:00:00:00:02',
  connection_type: 'wifi',
};

function v6Default(name: string, metric: string, flags: string): string {
  const any = '0'.repeat(32);
  return `${any} 00 ${any} 00 fe800000000000000000000000000001 ${metric} 00000001 00000000 ${flags}     ${name}\n`;
}

describe('the interface of the default route', () => {
  it('is that of the lowest metric, not of the first line', async () => {
    const both = routes(
      'eth0 00000000 0100000A 0003 0 0 600 00000000 0 0 0',
      'wlan0 00000000 0100000A 0003 0 0 50 00000000 0 0 0',
    );
    expect(await networkOf(wired, wireless, both)).toStrictEqual(throughRadio);
  });

  it('is the first listed among equal metrics', async () => {
    const both = routes(
      'wlan0 00000000 0100000A 0003 0 0 0 00000000 0 0 0',
      'eth0 00000000 0100000A 0003 0 0 0 00000000 0 0 0',
    );
    expect(await networkOf(wired, wireless, both)).toStrictEqual(throughRadio);
  });

  it.each([
    ['is down', 'eth0 00000000 0100000A 0002 0 0 0 00000000 0 0 0'],
    ['rejects', 'eth0 00000000 0100000A 0203 0 0 0 00000000 0 0 0'],
    ['covers half the world', 'eth0 00000000 0100000A 0003 0 0 0 00000080 0 0 0'],
    ['names no interface Linux would allow', '../../proc 00000000 0100000A 0003 0 0 0 00000000 0 0 0'],
    ['is the loopback’s', 'lo 00000000 00000000 0003 0 0 0 00000000 0 0 0'],
    ['is torn', 'eth0 00000000'],
  ])('is not taken from a route that %s', async (_, row) => {
    const other = 'wlan0 00000000 0100000A 0003 0 0 600 00000000 0 0 0';
    expect(await networkOf(wired, wireless, routes(row, other))).toStrictEqual(throughRadio);
  });

  it('comes from IPv6 where IPv4 has none, by metric, past the kernel’s unreachable route', async () => {
    const table =
      v6Default('lo', 'ffffffff', '00200200') +
      v6Default('eth0', '00000400', '00000003') +
      v6Default('wlan0', '00000064', '00000003');
    expect(await networkOf(wired, wireless, { files: { '/proc/net/ipv6_route': table } })).toStrictEqual(
      throughRadio,
    );
  });

  it('is no tunnel while there is anything else', async () => {
    const tunnel = card('tun0', { type: 65534, state: 'unknown' });
    const throughTunnel = routes('tun0 00000000 0100080A 0003 0 0 0 00000000 0 0 0');
    expect(await networkOf(tunnel, wired, throughTunnel)).toStrictEqual(throughCable);
    expect(await networkOf(tunnel, throughTunnel)).toMatchObject({ ip_address: '10.8.0.2' });
  });
});

describe('without a default route', () => {
  it('the interface that is up and has an address stands in', async () => {
    expect(await networkOf(unplugged, wireless)).toStrictEqual(throughRadio);
    expect(await networkOf(card('eth1', { mac: '02:00:00:00:00:09', device: 'a' }), wireless)).toStrictEqual(
      throughRadio,
    );
  });

  it('software’s interfaces and other buses do not', async () => {
    const veth = card('veth12ab34c', { mac: '02:00:00:00:00:0a' });
    const bridge = card('br-0123456789ab', { mac: '02:00:00:00:00:0b' });
    const docker = card('docker0', { mac: '02:00:00:00:00:0c', deviceType: 'bridge' });
    const canBus = card('can0', { type: 280, device: 'platform/can' });
    expect(await networkOf(veth, bridge, docker, canBus, wired)).toStrictEqual(throughCable);
    expect(await networkOf(veth, bridge, docker, canBus)).toStrictEqual({ hostname: 'h' });
  });

  it('a device with every cable out still says which board it is: wired card before radio', async () => {
    const radioOff = card('alpha0', {
      mac: '02:00:00:00:00:02',
      state: 'down',
      deviceType: 'wlan',
      phy: 0,
      device: 'b',
    });
    expect(await networkOf(radioOff, unplugged)).toStrictEqual({
      hostname: 'h',
      mac_address: '02:00:00:00:00:01',
    });
  });
});

describe('connection_type', () => {
  const via = (name: string): Part => routes(`${name} 00000000 0100000A 0003 0 0 0 00000000 0 0 0`);

  it.each<[string, string, readonly Part[]]>([
    [
      'ethernet',
      'br-lan',
      [card('br-lan', { deviceType: 'bridge', lowers: ['eth0', 'wlan0'] }), wired, wireless],
    ],
    [
      'wifi',
      'br0',
      [card('br0', { deviceType: 'bridge', lowers: ['veth1', 'wlan0'] }), card('veth1', {}), wireless],
    ],
    [
      'wifi',
      'bond0',
      [card('bond0', { deviceType: 'bond', lowers: ['eth0', 'wlan0'] }), unplugged, wireless],
    ],
    ['ethernet', 'eth0.7', [card('eth0.7', { deviceType: 'vlan', lowers: ['eth0'] }), wired]],
    [
      'wifi',
      'vlan5',
      [
        card('vlan5', { deviceType: 'vlan', lowers: ['bond0'] }),
        card('bond0', { deviceType: 'bond', lowers: ['eth0', 'wlan0'] }),
        { files: { '/sys/class/net/bond0/bonding/active_slave': 'wlan0\n' } },
        wired,
        wireless,
      ],
    ],
    ['ethernet', 'loop0', [card('loop0', { lowers: ['loop1'] }), card('loop1', { lowers: ['loop0'] })]],
    ['wifi', 'radio0', [card('radio0', { phy: 3, device: 'old-driver' })]],
    ['wifi', 'radio1', [card('radio1', { deviceType: 'wlan', device: 'no-extensions' })]],
    ['cellular', 'usb7', [card('usb7', { mac: '02:00:00:00:00:07', deviceType: 'wwan', device: 'c' })]],
    ['cellular', 'ppp0', [card('ppp0', { type: 512, state: 'unknown', deviceType: 'ppp' })]],
    ['cellular', 'mhi_hwip0', [card('mhi_hwip0', { type: 519, state: 'unknown', device: 'd' })]],
    ['cellular', 'wwp0s20u4', []],
    ['wifi', 'wlp3s0', []],
    ['ethernet', 'enp2s0', []],
  ])('is %s for %s', async (type, name, parts) => {
    expect((await networkOf(...parts, via(name))).connection_type).toBe(type);
  });

  it('is left out where only a name is known that says nothing', async () => {
    expect(await networkOf(via('net1'))).not.toHaveProperty('connection_type');
  });
});

describe('mac_address', () => {
  it.each(['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '80:00:02:08:fe:80:00:00:00:00', ''])(
    'is never %j',
    async (mac) => {
      const odd = card('odd0', { mac, device: 'platform/odd' });
      const through = routes('odd0 00000000 0100000A 0003 0 0 0 00000000 0 0 0');
      expect(await networkOf(odd, wired, through)).toHaveProperty('mac_address', '02:00:00:00:00:01');
      expect(await networkOf(odd, through)).not.toHaveProperty('mac_address');
    },
  );
});

describe('ip_address', () => {
  const mac = '02:00:00:00:00:01';
  const best = [
    v4('198.51.100.4', mac),
    v6('2001:db8::4', mac),
    v6('fd12:3456::4', mac),
    v4('169.254.3.4', mac),
    v6('fe80::4', mac),
  ];

  it('is global before local, IPv4 before IPv6, whatever the order', async () => {
    for (let skipped = 0; skipped < best.length; skipped += 1) {
      const entries = best.slice(skipped).toReversed();
      const inventory = await inventoryOf(machine({ networkInterfaces: { eth0: entries } }, wired));
      expect(inventory.network_info.ip_address).toBe(best[skipped]?.address);
    }
  });

  it('is left out, and noted, where the interface has none', async () => {
    const inventory = await inventoryOf(machine({}, wired));
    expect(inventory.network_info).not.toHaveProperty('ip_address');
    expect(inventory.notes).toContain('eth0 has no address');
  });
});
