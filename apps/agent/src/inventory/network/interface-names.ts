import type { ConnectionType } from '../inventory.ts';

/** Tunnels: what they carry leaves the device through some other interface. */
const overlayNames = /^(?:tun|tap|utun|wg|zt|tailscale|nebula|ipsec)/;

/**
 * Other interfaces that software makes, on any of the platforms. OpenWrt's `br-lan` is a real bridge; Docker's
 * names are `br-` and twelve hexadecimal digits.
 */
const virtualNames =
  /^(?:docker\d|podman\d|br-[0-9a-f]{12}$|veth|virbr|vnet|cni|flannel|cali|cilium|lxcbr|lxdbr|incusbr|kube|dummy|ifb|sit\d|gre|ip6tnl|ip6_vti|teql|vmnet|vmenet|awdl|llw|anpi|gif\d|stf\d|bridge\d|vEthernet|VMware|VirtualBox|Loopback)/;

const cellularNames = /^(?:ww|ppp|rmnet|ccmni)/;
const wifiNames = /^(?:wl|ath\d|Wi-?Fi|WLAN)/i;
const ethernetNames = /^(?:eth\d|en[ospdx]|em\d|Ethernet)/;

/**
 * Whether Linux would allow this name (dev_valid_name in net/core/dev.c). Names come out of files and go into
 * paths, so one that holds a slash or is a dot must not pass.
 */
export function isInterfaceName(name: string): boolean {
  return /^[^\s/:\p{Cc}\uFFFD]{1,15}$/u.test(name) && name !== '.' && name !== '..';
}

export function isOverlayName(name: string): boolean {
  return overlayNames.test(name);
}

/** Whether software made this interface, as far as its name tells. */
export function isVirtualName(name: string): boolean {
  return isOverlayName(name) || virtualNames.test(name);
}

/** Modem interfaces: systemd's `ww…`, the kernel's `wwan0` and `rmnet0`, dialled links. */
export function isCellularName(name: string): boolean {
  return cellularNames.test(name);
}

/**
 * A guess where the system shows no more than the name: undefined rather than wrong (macOS calls wired and
 * wireless interfaces `en0` alike).
 */
export function connectionTypeOfName(name: string): ConnectionType | undefined {
  if (isCellularName(name)) return 'cellular';
  if (wifiNames.test(name)) return 'wifi';
  return ethernetNames.test(name) ? 'ethernet' : undefined;
}
