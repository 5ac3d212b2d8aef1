import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { type Agent, buildAgent } from '../agent.ts';
import type { AgentDeps, LocalApi } from '../agent-deps.ts';
import { systemProbe } from '../commands/system-probe.ts';
import { type AgentConfig, isTokenShort } from '../config.ts';
import { LocalToken, systemFolderLock } from '../identity/index.ts';
import { systemHostFacts } from '../inventory/index.ts';
import { startLocalApi } from '../local-api/index.ts';
import type { Log } from '../log-port.ts';
import { createLog } from '../logging.ts';
import { createCloudTransport } from '../net/index.ts';
import { exitCodes } from './exit-codes.ts';
import { type CommonOptions, readConfig, requireConfig, type Surroundings } from './surroundings.ts';

const time = { clock: systemClock, timers: systemTimers };

/**
 * Runs the agent on the real machine.
 *
 * @returns the running agent, or the exit status of one that must not run.
 */
export async function runAgent(surroundings: Surroundings, options: CommonOptions): Promise<Agent | number> {
  const reading = await requireConfig(surroundings, options);
  if (typeof reading === 'number') return reading;
  const { config, warnings } = reading;
  const log = createLog({
    level: config.logLevel,
    isPretty: surroundings.isTerminal,
    clock: systemClock,
    write: surroundings.print,
  });
  for (const { message, nextStep } of warnings) log.warn({ next_step: nextStep }, message);
  log.info({ version: surroundings.version, state_folder: config.stateFolder }, 'starting');
  const agent = buildAgent({
    config,
    warnings,
    reloadConfig: () => readConfig(surroundings, options),
    version: surroundings.version,
    time,
    random: systemRandom,
    files: systemFiles,
    root: options.root,
    host: systemHostFacts,
    probe: systemProbe,
    lock: systemFolderLock(systemFiles),
    credentialsFolder: surroundings.environment['CREDENTIALS_DIRECTORY'],
    log,
    makeTransport: (address, { trust, proxy }, knowledge) =>
      createCloudTransport({ address, trust, proxy, time, knowledge }),
    openLocalApi: localApiOpener(config, log),
  });
  const started = await agent.start();
  if (started.kind === 'running') return agent;
  log.error({ next_step: started.nextStep }, started.detail);
  return started.kind === 'busy' ? exitCodes.busy : exitCodes.stateFolder;
}

function localApiOpener({ server }: AgentConfig, log: Log): AgentDeps['openLocalApi'] {
  return async (control, folderToken): Promise<LocalApi> => {
    const { host, port, tls } = server;
    const token =
      server.token === undefined ? folderToken : new LocalToken('EDGEFLOW_SERVER_TOKEN', server.token);
    const { hostname } = systemHostFacts();
    const own = { control, token, random: systemRandom, clock: systemClock, log };
    const api = await startLocalApi({
      ...own,
      host,
      port,
      tls,
      hostname,
      isTokenShort: isTokenShort(server),
    });
    if (api.listening) {
      log.info({ url: api.url }, `local API: ${api.url}`);
      return api;
    }
    log.warn({ next_step: api.nextStep }, `${api.reason} Onboarding goes on without the local API.`);
    return { close: () => Promise.resolve() };
  };
}
