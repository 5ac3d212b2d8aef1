import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

const linesMax = 20_000;
const stopMs = 10_000;

/** A real process of ours, with everything it has said. */
export interface RunningProcess {
  readonly child: ChildProcess;
  /** Standard output and error, line by line, in the order they came. */
  readonly lines: readonly string[];
  /** The first line for which `find` gives something, past or to come; rejects when the process ends or time is up. */
  waitFor<T>(what: string, find: (line: string) => T | undefined, timeoutMs: number): Promise<T>;
  /** SIGTERM, and SIGKILL if it does not end; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** `ulimit -n` and then the program, as the same process. */
const withOpenFiles = (max: number): string[] => ['-c', `ulimit -n ${String(max)} && exec "$0" "$@"`];

/**
 * Starts `node <args>` with exactly this environment beside PATH and HOME.
 *
 * @param openFilesMax file descriptors that it may have at once; undefined: as many as this process
 */
export function startNode(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  openFilesMax?: number,
): RunningProcess {
  const { HOME = '/', PATH = '' } = process.env;
  const node = process.execPath;
  const [program, all] =
    openFilesMax === undefined ? [node, args] : ['/bin/sh', [...withOpenFiles(openFilesMax), node, ...args]];
  const child = spawn(program, all, {
    cwd: repository,
    env: { HOME, PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    readLines(stream, (line) => {
      if (lines.length < linesMax) lines.push(line);
      for (const look of waiting) look(line);
    });
  }
  const ended = once(child, 'exit');

  return {
    child,
    lines,
    waitFor: (what, find, timeoutMs) =>
      new Promise((resolve, reject) => {
        const look = (line: string): void => {
          const found = find(line);
          if (found === undefined) return;
          done();
          resolve(found);
        };
        const fail = (why: string): void => {
          done();
          reject(new Error(`${name}: ${why} while waiting for ${what}\n${lines.slice(-15).join('\n')}`));
        };
        const onExit = (code: number | null): void => {
          fail(`ended with ${String(code)}`);
        };
        const timer = setTimeout(() => {
          fail(`nothing within ${String(timeoutMs)} ms`);
        }, timeoutMs);
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
          child.off('exit', onExit);
        };
        waiting.add(look);
        child.once('exit', onExit);
        for (const line of [...lines]) look(line);
        if (child.exitCode !== null) onExit(child.exitCode);
      }),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await ended;
      clearTimeout(cut);
      return child.exitCode;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) onLine(line);
  });
}

/** A line of structured log, or undefined for any other line. */
export function parseLog(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
