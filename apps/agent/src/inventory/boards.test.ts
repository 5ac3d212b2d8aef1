import { describe, expect, it } from 'vitest';
import { machine } from './testing/machine.ts';
import { inventoryOf } from './testing/plant.ts';
import { jetsonOrinNano } from './testing/trees/jetson-orin-nano.ts';
import {
  raspberryPi4,
  raspberryPi5,
  raspberryPiZero2W,
  raspberryPiZeroW,
} from './testing/trees/raspberry-pi.ts';

describe('the inventory of a board', () => {
  it('Raspberry Pi 4: the cable, whose metric is better, and no trailing NUL', async () => {
    expect(await inventoryOf(raspberryPi4)).toStrictEqual({
      hardware_info: {
        board_model: 'Raspberry Pi 4 Model B Rev 1.4',
        cpu_cores: 4,
        ram_mb: 3794,
        os: 'linux',
        os_name: 'Debian GNU/Linux 12 (bookworm)',
        arch: 'arm64',
        kernel: '6.6.31+rpt-rpi-v8',
        serial_number: '10000000a1b2c3d4',
        machine_id_hash: '7871b90c811240c199166fcd08d89a24',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'edgeflow-pi-001',
        ip_address: '192.168.1.100',
        mac_address: 'dc:a6:32:12:34:56',
        connection_type: 'ethernet',
      },
      board: { serialNumber: '10000000a1b2c3d4' },
      machineId: { value: '0f1e2d3c4b5a69788796a5b4c3d2e1f0', persistent: true },
      notes: [],
    });
  });

  it('Raspberry Pi 4 with a 64-bit kernel below 32-bit programs: the architecture programs run on', async () => {
    const { files, folders, links, host } = raspberryPi4;
    const mixed = machine({ ...host, arch: 'arm' }, { files, folders, links });
    expect((await inventoryOf(mixed)).hardware_info).toMatchObject({
      arch: 'arm',
      kernel: '6.6.31+rpt-rpi-v8',
    });
  });

  it('Raspberry Pi 5: IPv4 before IPv6, the Docker bridge left aside', async () => {
    expect(await inventoryOf(raspberryPi5)).toStrictEqual({
      hardware_info: {
        board_model: 'Raspberry Pi 5 Model B Rev 1.0',
        cpu_cores: 4,
        ram_mb: 8063,
        os: 'linux',
        os_name: 'Debian GNU/Linux 12 (bookworm)',
        arch: 'arm64',
        kernel: '6.6.31+rpt-rpi-2712',
        serial_number: '1e5b5e3601aabbcc',
        machine_id_hash: '35e65b4b2d4c4352b6926d3ac923c40d',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'press-line-5',
        ip_address: '192.168.178.42',
        mac_address: '2c:cf:67:0a:1b:2c',
        connection_type: 'ethernet',
      },
      board: { serialNumber: '1e5b5e3601aabbcc' },
      machineId: { value: '5a5b5c5d5e5f40414243444546474849', persistent: true },
      notes: [],
    });
  });

  it('Raspberry Pi Zero 2 W: Wi-Fi, and its MAC address in lower case', async () => {
    expect(await inventoryOf(raspberryPiZero2W)).toStrictEqual({
      hardware_info: {
        board_model: 'Raspberry Pi Zero 2 W Rev 1.0',
        cpu_cores: 4,
        ram_mb: 427,
        os: 'linux',
        os_name: 'Debian GNU/Linux 12 (bookworm)',
        arch: 'arm64',
        kernel: '6.6.20+rpt-rpi-v8',
        serial_number: '00000000a3f1b2c4',
        machine_id_hash: '3fb82237ed854e28807c0e62b6d686ce',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'sensor-north',
        ip_address: '10.0.0.23',
        mac_address: '2c:cf:67:99:88:77',
        connection_type: 'wifi',
      },
      board: { serialNumber: '00000000a3f1b2c4' },
      machineId: { value: 'c0ffee00c0ffee00c0ffee00c0ffee00', persistent: true },
      notes: [],
    });
  });

  it('Raspberry Pi Zero W: one 32-bit core; below an overlay in memory the machine id is not relied on', async () => {
    expect(await inventoryOf(raspberryPiZeroW)).toStrictEqual({
      hardware_info: {
        board_model: 'Raspberry Pi Zero W Rev 1.1',
        cpu_cores: 1,
        ram_mb: 433,
        os: 'linux',
        os_name: 'Debian GNU/Linux 12 (bookworm)',
        arch: 'arm',
        kernel: '6.1.21+',
        serial_number: '0000000017e39a99',
        machine_id_hash: 'ffa9c1284c3b4198a7035f5208560f82',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'doorbell',
        ip_address: '192.168.0.17',
        mac_address: 'b8:27:eb:0a:0b:0c',
        connection_type: 'wifi',
      },
      board: { serialNumber: '0000000017e39a99' },
      machineId: { value: '11112222333344445555666677778888', persistent: false },
      notes: ['the machine id may change: / is of type overlay'],
    });
  });

  it('Jetson Orin Nano: the device tree before SMBIOS, an empty UUID ignored', async () => {
    expect(await inventoryOf(jetsonOrinNano)).toStrictEqual({
      hardware_info: {
        board_model: 'NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super',
        cpu_cores: 6,
        ram_mb: 7620,
        os: 'linux',
        os_name: 'Ubuntu 22.04.5 LTS',
        arch: 'arm64',
        kernel: '5.15.148-tegra',
        serial_number: '1423724042132',
        machine_id_hash: '6f123dc7e07941148539ea6b319b1801',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'vision-3',
        ip_address: '192.168.10.5',
        mac_address: '3c:6d:66:01:02:03',
        connection_type: 'ethernet',
      },
      board: { serialNumber: '1423724042132' },
      machineId: { value: 'abcdefabcdefabcdefabcdefabcdef12', persistent: true },
      notes: [],
    });
  });
});
