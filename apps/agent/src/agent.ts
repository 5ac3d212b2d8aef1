import { sleep } from '@edgeflow/platform';
import type { AgentControl } from './agent-control.ts';
import type { AgentDeps, LocalApi } from './agent-deps.ts';
import { ConnectionKeeper, type KeeperDeps } from './connection-keeper.ts';
import { Control } from './control.ts';
import { KnownTime } from './known-time.ts';
import { LocalSettings } from './local-settings.ts';
import { tellNotices } from './provisioning/disk.ts';
import { type FolderClaim, type StateDeps, takeFolder } from './state.ts';
import { Status } from './status.ts';

export interface Agent {
  readonly control: AgentControl;
  /** Does nothing that could reach the cloud unless the state folder is this process's alone and can be written. */
  start(): Promise<AgentStart>;
  /** Close frame, finished writes, released folder; five seconds at most. */
  stop(): Promise<void>;
}

export type AgentStart = { readonly kind: 'running' } | Exclude<FolderClaim, { kind: 'ready' }>;

const stopSecondsMax = 5;

/** Puts an agent together. Nothing is read, written, opened or scheduled before `start`. */
export function buildAgent(deps: AgentDeps): Agent {
  const { config, files, time, root } = deps;
  const state: StateDeps = {
    ...deps,
    clock: time.clock,
    stateFolder: config.stateFolder,
    vaultKeyFile: config.vaultKeyFile,
  };
  const settings = new LocalSettings(files, config.stateFolder);
  const known = new KnownTime({ clock: time.clock, files, stateFolder: config.stateFolder, root });
  const status = new Status(time.clock, known);
  const keeperDeps: KeeperDeps = { ...deps, state, settings, status, known };
  const keeper = new ConnectionKeeper(keeperDeps);
  const control = new Control(keeperDeps, keeper);
  let localApi: LocalApi | undefined;
  let release: (() => void) | undefined;

  return {
    control,

    async start() {
      const folder = await takeFolder(state);
      if (folder.kind !== 'ready') return folder;
      release = () => {
        folder.release();
      };
      if (!(await settings.load())) {
        deps.log.warn({}, 'what was changed through the local API cannot be read and is left out');
      }
      await known.load();
      if (known.notice !== undefined) tellNotices(deps.log, [known.notice]);
      // In this order the local API knows from its first request on whether the device is provisioned.
      await keeper.start();
      localApi = await deps.openLocalApi(control, folder.token);
      return { kind: 'running' };
    },

    async stop() {
      const done = new AbortController();
      const late = sleep(time.timers, stopSecondsMax * 1000, done.signal).catch(() => undefined);
      const ended = Promise.allSettled([localApi?.close(), keeper.stop()]).then(() => known.settled());
      await Promise.race([ended, late]);
      done.abort();
      release?.();
    },
  };
}
