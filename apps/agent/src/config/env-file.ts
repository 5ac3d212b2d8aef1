import { parseEnv } from 'node:util';
import type { Files } from '@edgeflow/platform';
import type { SettingProblem } from './problem.ts';
import { readTextFile } from './text-file.ts';

export const defaultEnvFile = '/etc/edgeflow/.env';

/** Largest file of settings, in bytes. */
const envFileBytesMax = 64 * 1024;

export interface EnvFile {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly warnings: readonly SettingProblem[];
  /** Whether users other than its owner may read it. */
  readonly isOpenToOthers: boolean;
}

export type EnvFileReading =
  { readonly ok: true; readonly file: EnvFile } | { readonly ok: false; readonly problem: SettingProblem };

/**
 * Reads a file of `NAME=value` lines as Node does (`util.parseEnv`), with one difference: a `#` begins a comment only
 * after a space, as in a shell, because a provisioning link has one in its middle.
 *
 * @param isOptional a file that is missing is then an empty one.
 */
export async function readEnvFile(files: Files, path: string, isOptional: boolean): Promise<EnvFileReading> {
  const reading = await readTextFile(files, path, envFileBytesMax);
  if (!reading.ok) {
    if (isOptional && reading.isMissing === true) return { ok: true, file: noEnvFile };
    const problem = `The settings cannot be read: ${reading.problem}.`;
    const { nextStep, isDenied = false } = reading;
    return { ok: false, problem: { setting: path, message: problem, nextStep, isDenied } };
  }
  const facts = await files.stat(path).catch(() => undefined);
  const values = parseEnv(reading.value.split(/\r?\n/).map(protectHash).join('\n'));
  return {
    ok: true,
    file: {
      values,
      warnings: misspelledLines(path, reading.value),
      isOpenToOthers: facts !== undefined && (facts.mode & 0o077) !== 0,
    },
  };
}

const noEnvFile: EnvFile = { values: {}, warnings: [], isOpenToOthers: false };

/** Quotes a bare value with a `#` that no space comes before. */
function protectHash(line: string): string {
  const match = /^(\s*(?:export\s+)?[\w.-]+\s*=\s*)([^\s'"`#]+#[^\s'"`]*)(\s+#.*|\s*)$/.exec(line);
  if (match === null) return line;
  const [, head = '', value = '', comment = ''] = match;
  return `${head}'${value}'${comment}`;
}

/**
 * Lines that were surely meant as a setting and are none: parseEnv passes over them in silence, or takes all that stands
 * before a later `=` for a name. What stands behind the name may be a secret, and is not repeated.
 */
function misspelledLines(path: string, text: string): SettingProblem[] {
  return text.split('\n').flatMap((line, index) => {
    const [, name, rest = ''] = /^\s*(?:export\s+)?(EDGEFLOW_\w+)([^]*)$/i.exec(line) ?? [];
    if (name === undefined || /^[ \t]*=/.test(rest)) return [];
    const message = `Line ${String(index + 1)} of ${path} sets nothing: ${name} has no = behind it.`;
    return [{ setting: name, message, nextStep: `Write it as ${name}=value.` }];
  });
}
