import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const sampleMs = 500;
/** Shares of all processors. */
const quietShare = 0.1;

/**
 * How busy others keep the machine while nothing of the bench runs. Figures from a busy machine are too low, and a
 * reader should know.
 */
export class Quiet {
  readonly #shares: number[] = [];

  /** Samples, and waits at most `limitMs` for others to finish. */
  async wait(limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    let share = await busyShare();
    while (share > quietShare && performance.now() < endMs) share = await busyShare();
    this.#shares.push(share);
  }

  describe(): string {
    const shares = this.#shares.map((share) => `${(share * 100).toFixed(0)} %`);
    return `others used ${shares.join(', ')} of the processors just before each table`;
  }
}

async function busyShare(): Promise<number> {
  const before = processorTimes();
  await sleep(sampleMs);
  const after = processorTimes();
  return 1 - (after.idle - before.idle) / (after.total - before.total);
}

function processorTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}
