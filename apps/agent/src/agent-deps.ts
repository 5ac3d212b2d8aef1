import type { Files, Random, TimeSource } from '@edgeflow/platform';
import type { AgentControl } from './agent-control.ts';
import type { ApplyDesired } from './commands/desired.ts';
import type { CommandHandler } from './commands/runner.ts';
import type { SystemProbe } from './commands/system-metrics.ts';
import type { AgentConfig, ConfigResult, SettingProblem } from './config.ts';
import type { FolderLock, LocalToken } from './identity/index.ts';
import type { HostFacts } from './inventory/index.ts';
import type { Log } from './log-port.ts';
import type { CloudAddress, ProbingTransport, TimeKnowledge } from './net/index.ts';

/** Everything the agent touches. A simulation gives its own; `main.ts` gives the machine's. */
export interface AgentDeps {
  readonly config: AgentConfig;
  /** What a person should know about the settings although they can be used. */
  readonly warnings: readonly SettingProblem[];
  /** Reads the settings once more: they may have been changed while the device waits for a code. */
  readonly reloadConfig: () => Promise<ConfigResult>;
  readonly version: string;
  readonly time: TimeSource;
  readonly random: Random;
  readonly files: Files;
  /** Folder that `/proc`, `/sys` and `/etc` are below: `/` in production. */
  readonly root: string;
  readonly host: () => HostFacts;
  readonly probe: SystemProbe;
  readonly lock: FolderLock;
  /** `$CREDENTIALS_DIRECTORY`, systemd.exec(5). */
  readonly credentialsFolder: string | undefined;
  readonly log: Log;
  readonly makeTransport: (
    cloud: CloudAddress,
    config: AgentConfig,
    knowledge: TimeKnowledge,
  ) => ProbingTransport;
  readonly openLocalApi: (control: AgentControl, token: LocalToken) => Promise<LocalApi>;
  /** For the application around the agent. */
  readonly applyDesired?: ApplyDesired;
  readonly commands?: readonly (readonly [string, CommandHandler])[];
}

export interface LocalApi {
  close(): Promise<void>;
}
