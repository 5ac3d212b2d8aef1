import type { Files } from '@edgeflow/platform';
import * as z from 'zod';

/** What a vault is tied to. Both facts come from the inventory. */
export interface DeviceFacts {
  /**
   * machine-id(5). `persistent` means that the next boot and the next system update will show the same one: false in
   * a container, on a live system, and where /etc is on another file system than the state folder and may be replaced
   * without it. A vault is never tied to an id that is not persistent.
   */
  readonly machineId?: { readonly value: string; readonly persistent: boolean } | undefined;
  readonly board?: BoardIdentity | undefined;
}

export const boardIdentitySchema = z.object({
  serialNumber: z.string().optional(),
  dmiUuid: z.string().optional(),
});

/**
 * What makes this board this board, with the manufacturers' placeholders ("Default string", zeros) left out. Never a
 * MAC address: those travel with USB adapters and can be set.
 */
export type BoardIdentity = z.infer<typeof boardIdentitySchema>;

export type BoardComparison = 'same' | 'different' | 'unknown';

/**
 * Decided by the first fact that both sides know, the serial number before the DMI UUID (which firmware updates are
 * known to change). A fact that only one side knows decides nothing: it may have been unreadable for a moment, or for
 * an agent without root.
 */
export function compareBoards(a: BoardIdentity | undefined, b: BoardIdentity | undefined): BoardComparison {
  const serials = compareTexts(a?.serialNumber, b?.serialNumber);
  return serials === 'unknown' ? compareTexts(a?.dmiUuid, b?.dmiUuid) : serials;
}

function compareTexts(a: string | undefined, b: string | undefined): BoardComparison {
  const left = a?.trim().toLowerCase() ?? '';
  const right = b?.trim().toLowerCase() ?? '';
  if (left === '' || right === '') return 'unknown';
  return left === right ? 'same' : 'different';
}

/** One spelling for one machine id: systemd writes 32 hexadecimal characters, people paste it as a UUID too. */
export function normalizeMachineId(text: string): string {
  const plain = text.trim().toLowerCase();
  const withoutDashes = plain.replaceAll('-', '');
  return machineIdPattern.test(withoutDashes) ? withoutDashes : plain;
}

/** The id to tie a vault to, or undefined where there is none that stays. */
export function bindingMachineId(facts: DeviceFacts): string | undefined {
  if (facts.machineId?.persistent !== true) return undefined;
  const value = normalizeMachineId(facts.machineId.value);
  return value === '' ? undefined : value;
}

/** A machine id that this installation may have had before. */
export interface FormerMachineId {
  readonly value: string;
  /** Where it was found, for the log. */
  readonly where: string;
}

const machineIdPattern = /^[0-9a-f]{32}$/;
const formerIdsMax = 64;
const machineIdBytesMax = 4096;

/**
 * Ids that this very disk remembers: the present one if it does not count as persistent, the copies of systemd and
 * D-Bus, and the journal's folders, which systemd-journald names after the machine id and keeps when it changes.
 * A source that is missing or unreadable is skipped: each of them is a bonus.
 *
 * @param root the folder that holds `etc` and `var`; `/` on a device.
 * @param given an id that an operator named; it comes first.
 */
export async function formerMachineIds(
  files: Files,
  root: string,
  facts: DeviceFacts,
  given?: string,
): Promise<FormerMachineId[]> {
  const base = root.replace(/\/+$/, '');
  const found: FormerMachineId[] = [];
  const add = (text: string, where: string): void => {
    const value = normalizeMachineId(text);
    const isKnown = found.some((id) => id.value === value);
    if (value !== '' && !isKnown && found.length < formerIdsMax) found.push({ value, where });
  };
  if (given !== undefined) add(given, 'given by the operator');
  if (facts.machineId !== undefined) add(facts.machineId.value, 'the present machine id');
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const bytes = await files.read(`${base}${path}`, machineIdBytesMax).catch(() => undefined);
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1').trim();
    if (machineIdPattern.test(text)) add(text, path);
  }
  for (const name of await files.list(`${base}/var/log/journal`).catch(() => [])) {
    // "<machine id>", or "<machine id>.<namespace>".
    const [id = ''] = name.split('.');
    if (machineIdPattern.test(id)) add(id, `/var/log/journal/${name}`);
  }
  return found;
}
