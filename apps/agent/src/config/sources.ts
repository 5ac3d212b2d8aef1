import type { Files } from '@edgeflow/platform';
import { defaultEnvFile, readEnvFile } from './env-file.ts';
import { nearestName } from './nearest-name.ts';
import type { SettingProblem } from './problem.ts';
import { readSetting, secretSettings, type SettingName, settingNames, type Settings } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Sources {
  readonly files: Files;
  /** The process's environment; a setting that is empty there counts as not set there. */
  readonly environment: Environment;
  /** The file of settings, when a command line names one; else EDGEFLOW_ENV_FILE, else the default. */
  readonly envFile?: string | undefined;
}

export interface Collected {
  /** Each setting that could be read. */
  readonly settings: Partial<Settings>;
  readonly problems: readonly SettingProblem[];
  readonly warnings: readonly SettingProblem[];
}

/** Reads the file and the environment, which wins, and each setting by itself, so that every mistake is found at once. */
export async function collectSettings(sources: Sources): Promise<Collected> {
  const { files, environment } = sources;
  const named = sources.envFile ?? given(environment.EDGEFLOW_ENV_FILE);
  const path = named ?? defaultEnvFile;
  const reading = await readEnvFile(files, path, named === undefined);
  if (!reading.ok) return { settings: {}, problems: [reading.problem], warnings: [] };
  const { values, isOpenToOthers, warnings } = reading.file;
  const { settings, problems } = readEach((name) => textOf(name, environment) ?? textOf(name, values));
  return {
    settings,
    problems,
    warnings: [
      ...warnings,
      ...unknownSettings([...Object.keys(values), ...Object.keys(environment)]),
      ...(isOpenToOthers && holdsSecret(values) ? [openToOthers(path)] : []),
    ],
  };
}

/** curl's order: the lower-case name of a proxy setting goes first. */
function textOf(name: SettingName, values: Environment): string | undefined {
  const alias = name.startsWith('EDGEFLOW_') ? undefined : given(values[name.toLowerCase()]);
  return alias ?? given(values[name]);
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}

function readEach(textFor: (name: SettingName) => string | undefined): Omit<Collected, 'warnings'> {
  const settings: Partial<Record<SettingName, unknown>> = {};
  const problems: SettingProblem[] = [];
  for (const name of settingNames) {
    const text = textFor(name);
    if (text === undefined) continue;
    const reading = readSetting(name, text);
    if (reading.ok) settings[name] = reading.value;
    else problems.push({ setting: name, message: `${name} ${reading.problem}.`, nextStep: reading.nextStep });
  }
  // Each member was made by the reader of that very name.
  return { settings: settings as Partial<Settings>, problems };
}

/**
 * Settings of the cloud may stand in the same environment on a developer's machine. What is no name at all may be a
 * whole line of the file, with a secret in it, and is repeated nowhere: the file's reader reports it by its number.
 */
function unknownSettings(names: readonly string[]): SettingProblem[] {
  const known: readonly string[] = settingNames;
  const unknown = new Set(
    names.filter((name) => /^EDGEFLOW_(?!CLOUD_)\w+$/i.test(name) && !known.includes(name)),
  );
  return [...unknown].map((name) => {
    const nearest = nearestName(name, known);
    return {
      setting: name,
      message: `${name} is not a setting of the agent and is ignored.`,
      nextStep: nearest === undefined ? 'Remove it.' : `Did you mean ${nearest}?`,
    };
  });
}

function holdsSecret(values: Environment): boolean {
  const proxies = [values.HTTPS_PROXY, values.https_proxy];
  return (
    secretSettings.some((name) => given(values[name]) !== undefined) ||
    proxies.some((proxy) => proxy?.includes('@') === true)
  );
}

function openToOthers(path: string): SettingProblem {
  return {
    setting: path,
    message: `${path} holds secrets, and other users of this machine may read it.`,
    nextStep: `Close it: chmod 600 ${path}.`,
  };
}
