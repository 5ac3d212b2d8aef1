import { describe, expect, it } from 'vitest';
import { readInventory } from './index.ts';
import { machine, v4, v6 } from './testing/machine.ts';
import { agentVersion, inventoryOf, plantInMemory, stateFolder } from './testing/plant.ts';
import { cellularGateway } from './testing/trees/cellular-gateway.ts';
import { intelNuc, kvmGuest } from './testing/trees/computers.ts';
import { dockerOnRaspberryPi, lxcOnServer } from './testing/trees/containers.ts';

describe('the inventory of a computer', () => {
  it('Intel NUC: the bridge its card is part of, and the limits its service runs under', async () => {
    expect(await inventoryOf(intelNuc)).toStrictEqual({
      hardware_info: {
        board_model: 'Intel(R) Client Systems NUC8i5BEH',
        cpu_cores: 8,
        ram_mb: 31971,
        os: 'linux',
        os_name: 'Debian GNU/Linux 12 (bookworm)',
        arch: 'amd64',
        kernel: '6.1.0-21-amd64',
        serial_number: 'G6BE9190021X',
        dmi_uuid: '1a2b3c4d-5e6f-7081-92a3-94c691a0b1c2',
        machine_id_hash: '2fbc7648b6124afbaf1cf78f30f8ac78',
        agent_version: '1.4.0',
        ram_limit_mb: 512,
        cpu_limit: 2.5,
      },
      network_info: {
        hostname: 'cell-7.plant.example',
        ip_address: '10.20.0.8',
        mac_address: '94:c6:91:a0:b1:c2',
        connection_type: 'ethernet',
      },
      board: { serialNumber: 'g6be9190021x', dmiUuid: '1a2b3c4d-5e6f-7081-92a3-94c691a0b1c2' },
      machineId: { value: '00112233445566778899aabbccddeeff', persistent: true },
      notes: [
        'memory limited to 512 MB by a control group',
        'processor time limited to 2.5 of 8 cores by a control group',
      ],
    });
  });

  it('Intel NUC, read by an ordinary user: root-only facts are absent and noted, nothing else changes', async () => {
    const files = await plantInMemory(intelNuc);
    files.fault = (step, path) =>
      step === 'read' && /product_serial|board_serial|product_uuid|\/proc\/1\/environ/.test(path)
        ? 'EACCES'
        : undefined;
    const deps = { files, root: '/', host: intelNuc.host, agentVersion, stateFolder };
    const asUser = await readInventory(deps);
    const asRoot = await inventoryOf(intelNuc);
    const visible = Object.entries(asRoot.hardware_info).filter(
      ([name]) => name !== 'serial_number' && name !== 'dmi_uuid',
    );
    expect(asUser.hardware_info).toStrictEqual(Object.fromEntries(visible));
    expect(asUser.network_info).toStrictEqual(asRoot.network_info);
    expect(asUser.board).toStrictEqual({});
    expect(asUser.notes).toStrictEqual([
      'cannot read /proc/1/environ: permission denied',
      'cannot read /sys/class/dmi/id/board_serial: permission denied',
      'cannot read /sys/class/dmi/id/product_serial: permission denied',
      'cannot read /sys/class/dmi/id/product_uuid: permission denied',
      ...asRoot.notes,
    ]);
  });

  it('KVM guest: named as one, by the clock KVM gives it', async () => {
    expect(await inventoryOf(kvmGuest)).toStrictEqual({
      hardware_info: {
        board_model: 'QEMU Standard PC (Q35 + ICH9, 2009)',
        cpu_cores: 2,
        ram_mb: 1967,
        os: 'linux',
        os_name: 'Ubuntu 24.04.1 LTS',
        arch: 'amd64',
        kernel: '6.8.0-45-generic',
        dmi_uuid: '6f1d2c3b-4a59-4687-9756-a1b2c3d4e5f6',
        machine_id_hash: '0bf9e9c60e284904bc69629539f9b19a',
        agent_version: '1.4.0',
        virtualization: 'kvm',
      },
      network_info: {
        hostname: 'build-vm',
        ip_address: '192.168.122.57',
        mac_address: '52:54:00:12:34:56',
        connection_type: 'ethernet',
      },
      board: { dmiUuid: '6f1d2c3b-4a59-4687-9756-a1b2c3d4e5f6' },
      machineId: { value: 'fedcba98765432100123456789abcdef', persistent: true },
      notes: [],
    });
  });

  it('Docker on a Raspberry Pi: the board by /proc/cpuinfo, and the limits of the container', async () => {
    expect(await inventoryOf(dockerOnRaspberryPi)).toStrictEqual({
      hardware_info: {
        board_model: 'Raspberry Pi 4 Model B Rev 1.4',
        cpu_cores: 4,
        ram_mb: 3794,
        os: 'linux',
        os_name: 'Alpine Linux v3.20',
        arch: 'arm64',
        kernel: '6.6.31+rpt-rpi-v8',
        serial_number: '10000000a1b2c3d4',
        agent_version: '1.4.0',
        container: 'docker',
        ram_limit_mb: 512,
        cpu_limit: 1.5,
      },
      network_info: {
        hostname: '4f1c2d3e4a5b',
        ip_address: '172.17.0.2',
        mac_address: '02:42:ac:11:00:02',
        connection_type: 'ethernet',
      },
      board: { serialNumber: '10000000a1b2c3d4' },
      notes: [
        'memory limited to 512 MB by the container',
        'processor time limited to 1.5 of 4 cores by the container',
      ],
    });
  });

  it('LXC on a server: limits already shown as the machine are not reported twice', async () => {
    expect(await inventoryOf(lxcOnServer)).toStrictEqual({
      hardware_info: {
        board_model: 'Supermicro Super Server',
        cpu_cores: 2,
        ram_mb: 1024,
        os: 'linux',
        os_name: 'Debian GNU/Linux 12 (bookworm)',
        arch: 'amd64',
        kernel: '6.8.12-2-pve',
        machine_id_hash: '66e8e4499e1d4b68a71f90d965d55b80',
        agent_version: '1.4.0',
        container: 'lxc',
      },
      network_info: {
        hostname: 'edge-ct-104',
        ip_address: '10.1.2.3',
        mac_address: 'bc:24:11:0a:0b:0c',
        connection_type: 'ethernet',
      },
      board: {},
      machineId: { value: '9876543210abcdef9876543210abcdef', persistent: false },
      notes: ['the machine id may change: this runs in a container (lxc)'],
    });
  });

  it('4G gateway: the modem, without a gateway and below a tunnel with a better metric; the MAC of its label', async () => {
    expect(await inventoryOf(cellularGateway)).toStrictEqual({
      hardware_info: {
        board_model: 'Toradex Verdin iMX8M Plus WB on Dahlia Board',
        cpu_cores: 4,
        ram_mb: 3887,
        os: 'linux',
        os_name: 'TDX Wayland with XWayland 7.0.0 (scarthgap)',
        arch: 'arm64',
        kernel: '6.6.54-7.0.0-devel',
        serial_number: '06760788',
        machine_id_hash: 'f33b9d8094a2456891f95ac2d672c5b4',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'pump-station-12',
        ip_address: '100.72.13.201',
        mac_address: '00:14:2d:67:05:54',
        connection_type: 'cellular',
      },
      board: { serialNumber: '06760788' },
      machineId: { value: '0123456789abcdef0123456789abcdef', persistent: false },
      notes: [
        'the machine id may change: /etc is of type overlay',
        'wwan0 has no MAC address; that of eth0 is reported',
      ],
    });
  });
});

describe('the inventory of a machine that shows no files', () => {
  it('macOS: what the process knows', async () => {
    const mac = machine({
      platform: 'darwin',
      arch: 'arm64',
      kernelRelease: '24.1.0',
      hostname: 'Bench-Mini.local',
      cpuCount: 10,
      memoryBytes: 17_179_869_184,
      networkInterfaces: {
        lo0: [{ address: '127.0.0.1', family: 'IPv4', mac: '00:00:00:00:00:00', internal: true }],
        anpi0: [v6('fe80::1', '1e:57:3e:00:00:01')],
        utun0: [v6('fe80::ce81:b1c:bd2c:69e', '00:00:00:00:00:00')],
        en0: [v6('fe80::10a8:1', '5C:E9:1E:0A:0B:0C'), v4('192.168.64.20', '5C:E9:1E:0A:0B:0C')],
      },
    });
    expect(await inventoryOf(mac)).toStrictEqual({
      hardware_info: {
        board_model: 'macOS arm64 computer',
        cpu_cores: 10,
        ram_mb: 16384,
        os: 'darwin',
        arch: 'arm64',
        kernel: '24.1.0',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'Bench-Mini.local',
        ip_address: '192.168.64.20',
        mac_address: '5c:e9:1e:0a:0b:0c',
      },
      board: {},
      notes: [],
    });
  });

  it('Windows: the adapter with an address, not that of its virtual machines', async () => {
    const windows = machine({
      platform: 'win32',
      arch: 'x64',
      kernelRelease: '10.0.26100',
      hostname: 'PANEL-PC-3',
      cpuCount: 4,
      memoryBytes: 8_482_762_752,
      networkInterfaces: {
        'vEthernet (WSL)': [v4('172.28.0.1', '00:15:5d:00:00:01')],
        'Ethernet 2': [v4('169.254.10.20', '00:e0:4c:00:00:02')],
        'Wi-Fi': [v4('192.168.1.77', 'a0:36:bc:00:00:03')],
      },
    });
    expect(await inventoryOf(windows)).toStrictEqual({
      hardware_info: {
        board_model: 'Windows amd64 computer',
        cpu_cores: 4,
        ram_mb: 8090,
        os: 'windows',
        arch: 'amd64',
        kernel: '10.0.26100',
        agent_version: '1.4.0',
      },
      network_info: {
        hostname: 'PANEL-PC-3',
        ip_address: '192.168.1.77',
        mac_address: 'a0:36:bc:00:00:03',
        connection_type: 'wifi',
      },
      board: {},
      notes: [],
    });
  });

  it('Linux in a sandbox that hides everything, interfaces too', async () => {
    expect(await inventoryOf(machine({}))).toStrictEqual({
      hardware_info: {
        board_model: 'Linux arm64 computer',
        cpu_cores: 77,
        ram_mb: 77,
        os: 'linux',
        arch: 'arm64',
        kernel: 'kernel-from-process',
        agent_version: '1.4.0',
      },
      network_info: { hostname: 'name-from-process' },
      board: {},
      notes: ['no network interface is up'],
    });
  });
});
