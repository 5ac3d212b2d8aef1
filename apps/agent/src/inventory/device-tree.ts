import { cleanText, cleanTextOrNothing } from './text.ts';
import type { RootedFiles } from './rooted-files.ts';

/** What a board's firmware describes to the kernel (Devicetree Specification v0.4, section 2.3). */
export interface DeviceTreeFacts {
  readonly model: string | undefined;
  readonly serialNumber: string | undefined;
  /** Most specific first, e.g. `raspberrypi,4-model-b`, `brcm,bcm2711`. */
  readonly compatible: readonly string[];
  /** `compatible` of a hypervisor node, e.g. `linux,kvm`, `xen,xen`. */
  readonly hypervisor: string | undefined;
}

/** The first is a link to the second. A container may see one and not the other. */
const bases = ['/proc/device-tree', '/sys/firmware/devicetree/base'] as const;

/** Most entries taken from a `compatible` list; real ones hold two to five. */
const compatibleMax = 16;

export async function readDeviceTree(files: RootedFiles): Promise<DeviceTreeFacts> {
  const [model, serialNumber, compatible, hypervisor] = await Promise.all([
    property(files, 'model'),
    property(files, 'serial-number'),
    property(files, 'compatible'),
    property(files, 'hypervisor/compatible'),
  ]);
  return {
    // "model" is one string, whose terminating NUL is part of the file.
    model: cleanTextOrNothing(model),
    serialNumber: cleanTextOrNothing(serialNumber),
    compatible: stringList(compatible),
    hypervisor: stringList(hypervisor)[0],
  };
}

async function property(files: RootedFiles, name: string): Promise<string | undefined> {
  for (const base of bases) {
    const text = await files.text(`${base}/${name}`);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A property of type stringlist: strings that each end in NUL. */
function stringList(text: string | undefined): string[] {
  const strings = (text ?? '').split('\0', compatibleMax).map(cleanText);
  return strings.filter((entry) => entry !== '');
}
