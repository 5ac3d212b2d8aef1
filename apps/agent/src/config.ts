import { type ConfigContext, contentOf, pathOf } from './config/context.ts';
import { type GivenCredentials, readCredentials } from './config/credentials.ts';
import { readServer, type ServerConfig } from './config/local-server.ts';
import { type CodeSetting, readOnboarding } from './config/onboarding.ts';
import type { SettingProblem } from './config/problem.ts';
import { readCertificateFile } from './config/setting-files.ts';
import { collectSettings, type Sources } from './config/sources.ts';
import type { LogLevel } from './logging.ts';
import type { CloudAddress, ProxySettings, TlsTrust } from './net/index.ts';

export { isTokenShort, type ServerConfig, serverDefault } from './config/local-server.ts';
export type { CodeSetting } from './config/onboarding.ts';
export type { SettingProblem } from './config/problem.ts';

/** The settings of an agent, checked one by one and against each other. Holds secrets: never print it as a whole. */
export interface AgentConfig {
  readonly isEnabled: boolean;
  /** undefined: no setting names a cloud; a stored identity may. */
  readonly cloud: CloudAddress | undefined;
  readonly trust: TlsTrust;
  readonly proxy: ProxySettings;
  readonly code: CodeSetting;
  /** Only ever together with {@link cloud}. */
  readonly credentials: GivenCredentials | undefined;
  /** Absolute, as is every path here. */
  readonly stateFolder: string;
  readonly vaultKeyFile: string | undefined;
  readonly server: ServerConfig;
  readonly logLevel: LogLevel;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: AgentConfig; readonly warnings: readonly SettingProblem[] }
  | {
      readonly ok: false;
      readonly problems: readonly SettingProblem[];
      readonly warnings: readonly SettingProblem[];
    };

export interface ConfigSources extends Sources {
  /** What relative paths start from; the root when left out. */
  readonly workingFolder?: string;
}

export const stateFolderDefault = '/var/lib/edgeflow';

/**
 * Reads every setting from the file of settings and from the environment, which wins. All problems are reported at
 * once, in plain English, and no secret is repeated.
 */
export async function loadConfig(sources: ConfigSources): Promise<ConfigResult> {
  const { settings, problems, warnings } = await collectSettings(sources);
  const context: ConfigContext = {
    settings,
    files: sources.files,
    workingFolder: sources.workingFolder ?? '/',
    problems: [...problems],
    warnings: [...warnings],
  };
  const config = await assemble(context);
  const allWarnings = [...context.warnings, ...warningsAbout(config)];
  return context.problems.length > 0
    ? { ok: false, problems: context.problems, warnings: allWarnings }
    : { ok: true, config, warnings: allWarnings };
}

/** The whole, as far as it can be read. It counts only while no problem has been reported. */
async function assemble(context: ConfigContext): Promise<AgentConfig> {
  const { settings } = context;
  const caPem = await contentOf(context, 'EDGEFLOW_SAAS_CA_FILE', readCertificateFile);
  const { cloud, pins, code } = await readOnboarding(context);
  return {
    isEnabled: settings.EDGEFLOW_SAAS_ENABLED ?? true,
    cloud,
    trust: { caPem, pins },
    proxy: { proxy: settings.HTTPS_PROXY, exceptions: settings.NO_PROXY ?? '' },
    code,
    credentials: await readCredentials(context, cloud !== undefined),
    stateFolder: pathOf(context, 'EDGEFLOW_STATE_DIR') ?? stateFolderDefault,
    vaultKeyFile: pathOf(context, 'EDGEFLOW_VAULT_KEY_FILE'),
    server: await readServer(context),
    logLevel: settings.EDGEFLOW_LOG_LEVEL ?? 'info',
  };
}

/** What a person should know although the agent goes on. */
function warningsAbout({ code, cloud, trust }: AgentConfig): SettingProblem[] {
  const warnings: SettingProblem[] = [];
  if (code.kind === 'unusable') warnings.push(code.problem);
  if (cloud?.isTls === false && (trust.pins.length > 0 || trust.caPem !== undefined)) {
    warnings.push({
      setting: 'EDGEFLOW_SAAS_TLS',
      message: 'The cloud is reached without TLS, so its pin or CA file has no effect.',
      nextStep: 'Remove the pin or CA file, or use https://.',
    });
  }
  return warnings;
}
