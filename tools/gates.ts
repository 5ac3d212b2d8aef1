import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What must hold of the whole tree, and the program (under `root`) that says whether it does. */
export interface Gate {
  readonly name: GateName;
  readonly argv: readonly [program: string, ...args: string[]];
}

export type GateName = 'lint' | 'types' | 'unused' | 'format' | 'imports';

/** The slowest first, so that the quick ones fill the second core while it runs. */
export const gates: readonly Gate[] = [
  { name: 'lint', argv: ['node_modules/eslint/bin/eslint.js', '.'] },
  { name: 'types', argv: ['tools/types.ts'] },
  { name: 'format', argv: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'] },
  {
    name: 'unused',
    argv: ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints', '--reporter', 'compact'],
  },
  { name: 'imports', argv: ['tools/imports.ts'] },
];

export interface GateResult {
  readonly name: GateName;
  readonly passed: boolean;
  /** Everything the program printed, errors and all. */
  readonly output: string;
  readonly elapsedMs: number;
}

/** Runs one gate on the tree at `root` with the Node.js that runs this program. Never rejects for a failed gate. */
export async function runGate(gate: Gate, root: string): Promise<GateResult> {
  const startedMs = performance.now();
  const { exitCode, output } = await runNode(gate.argv, root);
  return { name: gate.name, passed: exitCode === 0, output, elapsedMs: performance.now() - startedMs };
}

export interface Finished {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs a program below `root` to its end, colours off, with `root` as its working folder. */
export function runNode([program, ...args]: Gate['argv'], root: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, program), ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

/** Runs `tasks` in their order, at most `concurrencyMax` at a time; results in the order of the tasks. */
export async function runLimited<T>(
  tasks: readonly (() => Promise<T>)[],
  concurrencyMax: number,
): Promise<T[]> {
  const results = new Map<number, T>();
  const waiting = tasks.entries();
  const worker = async (): Promise<void> => {
    for (const [index, task] of waiting) results.set(index, await task());
  };
  await Promise.all(Array.from({ length: concurrencyMax }, worker));
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
