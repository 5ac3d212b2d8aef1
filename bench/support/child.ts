import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseLog, type RunningProcess, startNode } from '../../e2e/support/processes.ts';
import type { Cleanup } from './cleanup.ts';

const dieWithParent = fileURLToPath(new URL('./die-with-parent.ts', import.meta.url));
const gcOnSignal = fileURLToPath(new URL('./gc-on-signal.ts', import.meta.url));
const gcMs = 30_000;
/** Clock ticks of /proc/PID/stat a second, on every Linux: proc_pid_stat(5), USER_HZ. */
const ticksPerSecond = 100;

export interface Child extends RunningProcess {
  readonly pid: number;
  /** Resolves with the exit code once the process has ended by itself or was stopped. */
  readonly ended: Promise<number | null>;
}

export interface Memory {
  /** All in bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

export interface ChildOptions {
  readonly name: string;
  /** The program below the repository's folder, and its arguments. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The process can be asked for its memory: {@link collectedMemory}. */
  readonly measuresMemory?: boolean;
}

/** Starts a process of the bench, stopped by `cleanup`. */
export function startChild(cleanup: Cleanup, options: ChildOptions): Child {
  const imports = [`--import=${dieWithParent}`];
  if (options.measuresMemory === true) imports.push('--expose-gc', `--import=${gcOnSignal}`);
  const running = startNode(options.name, [...imports, ...options.args], options.environment ?? {});
  cleanup.add(() => running.stop());
  const { pid } = running.child;
  if (pid === undefined) throw new Error(`${options.name} could not be started`);
  const ended = once(running.child, 'exit').then(() => running.child.exitCode);
  return { ...running, pid, ended };
}

/** The first line of JSON with this member, past or to come. */
export function waitForMember(child: Child, member: string, timeoutMs: number): Promise<unknown> {
  return child.waitFor(member, (line) => parseLog(line)?.[member], timeoutMs);
}

/** What a child started with `measuresMemory` holds once everything unused has been given back. */
export async function collectedMemory(child: Child): Promise<Memory> {
  const before = child.lines.length;
  const report = child.waitFor(
    'its memory',
    (line) => (child.lines.indexOf(line, before) === -1 ? undefined : parseLog(line)?.['benchMemory']),
    gcMs,
  );
  child.child.kill('SIGUSR2');
  return (await report) as Memory;
}

/** Processor time that a process has used, in seconds; NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  const stat = readProc(pid, 'stat');
  // The name in brackets may hold spaces; the state follows it, then utime and stime as fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory of a process in bytes; NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1]) * 1024;
}

function readProc(pid: number, file: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
