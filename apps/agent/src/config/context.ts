import { resolve } from 'node:path';
import type { Files } from '@edgeflow/platform';
import type { SettingProblem } from './problem.ts';
import type { SettingName, Settings } from './schema.ts';
import type { SettingFileReading } from './setting-files.ts';

/** What the parts of the configuration are put together from, and where they report what does not fit. */
export interface ConfigContext {
  readonly settings: Partial<Settings>;
  readonly files: Files;
  /** What relative paths start from. */
  readonly workingFolder: string;
  readonly problems: SettingProblem[];
  /** What a person should know although the agent goes on. */
  readonly warnings: SettingProblem[];
}

type PathSetting = {
  [Name in SettingName]: Name extends `${string}_FILE` | `${string}_DIR` ? Name : never;
}[SettingName];

export function pathOf(context: ConfigContext, name: PathSetting): string | undefined {
  const path = context.settings[name];
  return path === undefined ? undefined : resolve(context.workingFolder, path);
}

/** What is in the file that a setting names; undefined without the setting, and with a problem for a bad file. */
export async function contentOf<T>(
  context: ConfigContext,
  name: PathSetting,
  read: (files: Files, name: SettingName, path: string) => Promise<SettingFileReading<T>>,
): Promise<T | undefined> {
  const path = pathOf(context, name);
  if (path === undefined) return undefined;
  const reading = await read(context.files, name, path);
  if (reading.ok) return reading.value;
  context.problems.push(reading.problem);
  return undefined;
}

/** Whether a setting is there, also one whose value has been refused. */
export function isGiven(context: ConfigContext, name: SettingName): boolean {
  return context.settings[name] !== undefined || context.problems.some(({ setting }) => setting === name);
}

export function reportTwice(context: ConfigContext, first: SettingName, second: SettingName): void {
  context.problems.push({
    setting: first,
    message: `${first} and ${second} are both set, and only one of them can be right.`,
    nextStep: 'Remove one of the two.',
  });
}

export function reportMissing(context: ConfigContext, present: SettingName, missing: SettingName): void {
  context.problems.push({
    setting: missing,
    message: `${present} is set, but ${missing} is not.`,
    nextStep: `Set ${missing} as well, or remove ${present}.`,
  });
}
