/**
 * `hardware_info` of a registration (wire contract, section 2): what the device says about itself. The cloud
 * keeps unknown keys, so members may be added here, never renamed.
 */
export interface HardwareInfo {
  /** As the board calls itself, e.g. `Raspberry Pi 4 Model B Rev 1.4`; else a plain description. */
  readonly board_model: string;
  /** Logical processors that are online, limits not counted: see `cpu_limit`. */
  readonly cpu_cores: number;
  /** Memory the kernel manages, in units of 1024 kB, rounded: 4 GB boards say a little less than 4096. */
  readonly ram_mb: number;
  /** Go's GOOS names: `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** As the distribution calls itself, e.g. `Debian GNU/Linux 12 (bookworm)`. */
  readonly os_name?: string;
  /** Go's GOARCH names: `arm64`, `amd64`, `arm`. Of this program: a 64-bit kernel may carry 32-bit programs. */
  readonly arch: string;
  readonly kernel: string;
  readonly serial_number?: string;
  /** UUID of the mainboard, lower case. */
  readonly dmi_uuid?: string;
  /** Names this machine to this application only; see machine-id.ts. */
  readonly machine_id_hash?: string;
  readonly agent_version: string;
  /** Kind of virtual machine in systemd-detect-virt's names, e.g. `kvm`, `vmware`. Absent on hardware. */
  readonly virtualization?: string;
  /** Kind of container in systemd-detect-virt's names, e.g. `docker`, `lxc`. */
  readonly container?: string;
  /** Memory that control groups leave to the agent, where that is less than `ram_mb`; same unit. */
  readonly ram_limit_mb?: number;
  /** Processors' worth of time that control groups leave to the agent, where less than `cpu_cores`. */
  readonly cpu_limit?: number;
}

export type ConnectionType = 'ethernet' | 'wifi' | 'cellular';

/** `network_info` of a registration: the interface this device reaches the world through. */
export interface NetworkInfo {
  readonly hostname: string;
  readonly ip_address?: string;
  /** Lower case, colons. */
  readonly mac_address?: string;
  readonly connection_type?: ConnectionType;
}

/** Normalised for comparing (lower case, no spaces): a pending claim is bound to it. Never leaves the device. */
export interface BoardIdentity {
  readonly serialNumber?: string;
  readonly dmiUuid?: string;
}

/** Never leaves the device: machine-id(5) asks to keep it from untrusted environments. */
export interface MachineId {
  /** 32 lower-case hexadecimal digits. */
  readonly value: string;
  /** True only where the id is known to live exactly as long as what is stored beside it; see machine-id.ts. */
  readonly persistent: boolean;
}

export interface Inventory {
  readonly hardware_info: HardwareInfo;
  readonly network_info: NetworkInfo;
  readonly board: BoardIdentity;
  readonly machineId?: MachineId;
  /** Plain sentences: limits found, sources that could not be read. No secrets, no ids. */
  readonly notes: readonly string[];
}
