/**
 * What must be undone, whatever happens: processes stopped, folders removed. Undone in reverse order, once, also on
 * Ctrl-C and when a figure fails.
 */
export class Cleanup {
  readonly #steps: (() => Promise<unknown>)[] = [];
  readonly #complain: (problem: string) => void;

  /** @param complain hears what could not be undone */
  constructor(complain: (problem: string) => void = sayOnStandardError) {
    this.#complain = complain;
  }

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Never rejects: what cannot be undone is said, and the rest is undone all the same. */
  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        this.#complain(error instanceof Error ? error.message : String(error));
      }
    }
  }
}

/** Runs `work` with a cleanup of its own, so that each figure leaves the machine as it found it. */
export async function withCleanup<T>(parent: Cleanup, work: (cleanup: Cleanup) => Promise<T>): Promise<T> {
  const cleanup = new Cleanup();
  parent.add(() => cleanup.run());
  try {
    return await work(cleanup);
  } finally {
    await cleanup.run();
  }
}

function sayOnStandardError(problem: string): void {
  process.stderr.write(`cleaning up: ${problem}\n`);
}
