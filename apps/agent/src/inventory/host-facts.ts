/**
 * What the process knows about its machine without reading files. It stands in where there is no `/proc`
 * (macOS, Windows, a locked-down sandbox); what the files say goes first.
 */
export interface HostFacts {
  /** `process.platform`, e.g. `linux`, `darwin`, `win32`. */
  readonly platform: string;
  /** `process.arch`, e.g. `arm64`, `x64`: of this program, not of the kernel. */
  readonly arch: string;
  /** As `uname -r` prints it. */
  readonly kernelRelease: string;
  readonly hostname: string;
  /** Processors this process may use, at least 1. */
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** By interface name, as `os.networkInterfaces()` gives it: interfaces that are up and have an address. */
  readonly networkInterfaces: Readonly<Record<string, readonly HostAddress[]>>;
}

export interface HostAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** `00:00:00:00:00:00` where the interface has none. */
  readonly mac: string;
  /** Loopback, or otherwise not reachable from outside. */
  readonly internal: boolean;
}
