import type { RootedFiles } from './rooted-files.ts';
import { cleanTextOrNothing } from './text.ts';

/** `/proc/cpuinfo`, whose form differs from one architecture to the next. */
export interface CpuinfoFacts {
  /** Processors listed; undefined when the file is absent or lists none. */
  readonly processors: number | undefined;
  /** The board's name: `Model` on Raspberry Pi kernels, `machine` on MIPS and PowerPC. */
  readonly model: string | undefined;
  /** The board's serial number, on Raspberry Pi and some other ARM kernels. */
  readonly serial: string | undefined;
  /** x86: the processor says that it is a virtual one. */
  readonly hasHypervisor: boolean;
}

export async function readCpuinfo(files: RootedFiles): Promise<CpuinfoFacts> {
  const text = (await files.text('/proc/cpuinfo')) ?? '';
  // "processor : 0" nearly everywhere, "processor 0: …" on s390. Old ARM kernels also print "Processor : ARMv6…".
  const processors = text.match(/^processor(?:[ \t]*:[ \t]*\d+| \d+:)/gm)?.length;
  return {
    processors,
    // Case matters: x86 has a "model" that is a number.
    model: value(text, 'Model') ?? value(text, 'machine'),
    serial: value(text, 'Serial'),
    hasHypervisor: value(text, 'flags')?.split(' ').includes('hypervisor') ?? false,
  };
}

function value(text: string, key: string): string | undefined {
  const line = text.split('\n').find((entry) => entry.split(':', 1)[0]?.trimEnd() === key);
  return line === undefined ? undefined : cleanTextOrNothing(line.slice(line.indexOf(':') + 1));
}
