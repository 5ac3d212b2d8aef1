import { type Files, fileErrorCode } from '@edgeflow/platform';
import type { SettingProblem } from './problem.ts';

/** Settings that hold a secret and may be given as the path of a file that holds it: `NAME_FILE`. */
export const secretSettings = ['DATABASE_URL', 'EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN', 'SMTP_URL'] as const;
export type SecretSetting = (typeof secretSettings)[number];

const secretFileBytesMax = 16 * 1024;

export interface SecretsRead {
  readonly values: Partial<Record<SecretSetting, string>>;
  readonly problems: readonly SettingProblem[];
}

/** Reads the files that `NAME_FILE` settings name, without the line breaks at their ends. */
export async function readSecretFiles(
  given: ReadonlyMap<string, string>,
  files: Files,
  resolvePath: (path: string) => string,
): Promise<SecretsRead> {
  const values: Partial<Record<SecretSetting, string>> = {};
  const problems: SettingProblem[] = [];
  for (const name of secretSettings) {
    const setting = `${name}_FILE`;
    const path = given.get(setting);
    if (path === undefined) continue;
    if (given.has(name)) {
      problems.push({
        setting,
        message: `is set together with ${name}`,
        nextStep: 'Keep one of the two.',
      });
      continue;
    }
    const text = await readSecretFile(files, resolvePath(path));
    if (typeof text === 'string') values[name] = text;
    else problems.push({ setting, ...text });
  }
  return { values, problems };
}

async function readSecretFile(
  files: Files,
  path: string,
): Promise<string | { readonly message: string; readonly nextStep: string }> {
  try {
    const bytes = await files.read(path, secretFileBytesMax);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/[\r\n]+$/, '');
    if (text !== '') return text;
    return { message: `${path} is empty`, nextStep: 'Put the secret into it, then start again.' };
  } catch (error) {
    const code = fileErrorCode(error) ?? 'not text';
    return {
      message: `${path} cannot be read (${code})`,
      nextStep: 'Correct the path, or make the file readable for this user, then start again.',
    };
  }
}
