import type { HardwareInfo, NetworkInfo } from '@edgeflow/contract';

const searchTextMax = 1_000;

/** The text that searches match: lower case, one space between parts. */
export function deviceSearchText(
  id: string,
  name: string | null,
  hardware: HardwareInfo,
  network: NetworkInfo,
): string {
  const parts = [
    id,
    name,
    network.hostname,
    network.ip_address,
    network.mac_address,
    hardware.board_model,
    hardware.serial_number,
  ];
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
  return text.toLowerCase().slice(0, searchTextMax);
}

/** A `like` pattern that matches `text` anywhere, its own wildcards taken literally (`escape '\'`). */
export function likePattern(text: string): string {
  return `%${text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;
}
