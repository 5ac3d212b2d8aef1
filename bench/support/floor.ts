import { type Child, startChild, waitForMember } from './child.ts';
import type { Cleanup } from './cleanup.ts';

const startMs = 30_000;

/** A floor process on loopback. */
export interface Floor {
  readonly child: Child;
  readonly plain: URL;
  readonly secure: URL;
  /** One GET, its answer as JSON. */
  readonly get: (path: string) => Promise<unknown>;
}

export interface FloorOptions {
  readonly program: 'floor-registrations' | 'floor-tunnels';
  readonly args: readonly string[];
  readonly measuresMemory?: boolean;
}

export async function startFloor(cleanup: Cleanup, options: FloorOptions): Promise<Floor> {
  const { args, program } = options;
  const measuresMemory = options.measuresMemory ?? false;
  const child = startChild(cleanup, {
    name: program,
    args: [`bench/${program}.ts`, ...args],
    measuresMemory,
  });
  const addresses = (await waitForMember(child, 'floor', startMs)) as { plain: string; secure: string };
  const plain = new URL(addresses.plain);
  return {
    child,
    plain,
    secure: new URL(addresses.secure),
    get: async (path) => (await fetch(new URL(path, plain))).json(),
  };
}
