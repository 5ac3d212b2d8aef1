import { readFileSync } from 'node:fs';

/** `TCP_LISTEN` of the kernel's `enum`, as /proc/net/tcp writes it. */
const listening = '0A';

/**
 * Connections that the kernel has made on these ports and the process has not accepted yet (the `Recv-Q` of `ss -ltn`);
 * NaN where there is no /proc.
 */
export function acceptQueue(ports: readonly number[]): number {
  try {
    return readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '', , state]) => state === listening && ports.includes(portOf(local)))
      .reduce((sum, [, , , , queues = '']) => sum + parseInt(queues.split(':')[1] ?? '', 16), 0);
  } catch {
    return NaN;
  }
}

function portOf(local: string): number {
  return parseInt(local.split(':')[1] ?? '', 16);
}
