import type { CpuinfoFacts } from './cpuinfo.ts';
import type { DeviceTreeFacts } from './device-tree.ts';
import { type DmiFacts, dmiModel } from './dmi.ts';
import { displayName } from './operating-system.ts';
import { isPlaceholder, usableSerial } from './placeholders.ts';
import { isQemuBoard } from './virtualization.ts';

export interface BoardSources {
  readonly deviceTree: DeviceTreeFacts;
  readonly cpuinfo: CpuinfoFacts;
  readonly dmi: DmiFacts;
}

/** What stands in for a name when no firmware gives one. */
export interface PlainDescription {
  /** GOOS name. */
  readonly os: string;
  /** GOARCH name. */
  readonly arch: string;
  readonly virtualization: string | undefined;
  readonly container: string | undefined;
}

/**
 * The board's name: device tree first (ARM boards with UEFI have SMBIOS texts as well, and vaguer ones), then
 * /proc/cpuinfo (what a container on a Raspberry Pi still sees), then SMBIOS, else for example
 * "Linux arm64 computer (kvm virtual machine, docker container)".
 */
export function boardModel(sources: BoardSources, plain: PlainDescription): string {
  const named = [sources.deviceTree.model, sources.cpuinfo.model].find(
    (model) => model !== undefined && !isPlaceholder(model) && !isQemuBoard(model),
  );
  return named ?? dmiModel(sources.dmi) ?? description(plain);
}

/** The board's serial number as its source spells it, or undefined. Same order as {@link boardModel}. */
export function boardSerial(sources: BoardSources): string | undefined {
  return (
    usableSerial(sources.deviceTree.serialNumber) ??
    usableSerial(sources.cpuinfo.serial) ??
    sources.dmi.serial
  );
}

function description(plain: PlainDescription): string {
  const { virtualization, container } = plain;
  const surroundings = [
    virtualization === undefined ? [] : virtualMachine(virtualization),
    container === undefined ? [] : `${container.replace(/^container-other$/, 'unknown')} container`,
  ].flat();
  const computer = `${displayName(plain.os)} ${plain.arch} computer`;
  return surroundings.length === 0 ? computer : `${computer} (${surroundings.join(', ')})`;
}

function virtualMachine(kind: string): string {
  return kind === 'vm-other' ? 'virtual machine' : `${kind} virtual machine`;
}
