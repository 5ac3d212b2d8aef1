import { type HardwareInfo, macAddressSchema, type NetworkInfo } from '@edgeflow/contract';
import type { CodeRow } from '../../storage/tables.ts';
import { mayBeUnstorable } from '../../storage/text.ts';

/** What a code can be bound to, in the form in which it is compared. */
export interface HardwareIdentity {
  readonly macAddress: string | undefined;
  readonly serialNumber: string | undefined;
  readonly boardModel: string | undefined;
}

export function hardwareIdentity(hardware: HardwareInfo, network: NetworkInfo): HardwareIdentity {
  return {
    macAddress: comparableMac(network.mac_address),
    serialNumber: comparable(hardware.serial_number),
    boardModel: comparable(hardware.board_model),
  };
}

type Binding = Pick<CodeRow, 'bind_mac_address' | 'bind_serial_number' | 'bind_board_model'>;

export function isBound(code: Binding): boolean {
  return code.bind_mac_address !== null || code.bind_serial_number !== null || code.bind_board_model !== null;
}

/** What differs between a code's binding and the device, in words; undefined when nothing does. */
export function bindingMismatch(code: Binding, device: HardwareIdentity): string | undefined {
  if (code.bind_mac_address !== null && code.bind_mac_address !== device.macAddress) return 'MAC address';
  if (code.bind_serial_number !== null && comparable(code.bind_serial_number) !== device.serialNumber) {
    return 'serial number';
  }
  if (code.bind_board_model !== null && comparable(code.bind_board_model) !== device.boardModel)
    return 'board';
  return undefined;
}

/**
 * A document as devices send it, made fit to store: NUL stripped from every text (device-tree strings end in one,
 * and PostgreSQL cannot hold it), lone surrogates replaced. Keys likewise.
 */
export function storable<T>(value: T): Storable<T> {
  const json = JSON.stringify(value);
  // Most documents hold nothing to clean, and their JSON is needed anyway.
  if (!mayBeUnstorable(json)) return { value, json };
  const clean = cleaned(value) as T;
  return { value: clean, json: JSON.stringify(clean) };
}

export interface Storable<T> {
  readonly value: T;
  /** The same as JSON text. */
  readonly json: string;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [cleanText(key), cleaned(member)]));
}

/** A text without NUL and lone surrogates. */
export function cleanText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

function comparable(text: string | null | undefined): string | undefined {
  const plain = text?.replaceAll('\0', '').replaceAll(/\s+/g, ' ').trim().toLowerCase();
  return plain === undefined || plain === '' ? undefined : plain;
}

function comparableMac(text: string | null | undefined): string | undefined {
  const parsed = macAddressSchema.safeParse(text?.replaceAll('\0', '').trim());
  return parsed.success ? parsed.data : undefined;
}
