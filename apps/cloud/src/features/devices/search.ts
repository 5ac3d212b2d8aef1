import type { HardwareInfo, NetworkInfo } from '@edgeflow/contract';

const searchTextMax = 1_000;
const boardModelMax = 128;

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

/** The board as it can be filtered by: bounded, and null where the device does not tell. */
export function boardModelOf({ board_model: board }: HardwareInfo): string | null {
  const text = typeof board === 'string' ? board.trim().slice(0, boardModelMax) : '';
  return text === '' ? null : text;
}
