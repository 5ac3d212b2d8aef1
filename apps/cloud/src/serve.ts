import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock, Files, Random, Timers } from '@edgeflow/platform';
import { type CloudConfig, type DatabaseSetting, SettingError } from './config.ts';
import { NewerSchemaError } from './storage/migrate.ts';
import { buildCloud } from './cloud.ts';
import { type Listeners, startListeners } from './http/listeners.ts';
import { doorLimits } from './http/open-files.ts';
import { createRegistry } from './http/metrics.ts';
import { createKeyRing, keyRingExists, type KeyRing, loadKeyRing } from './keyring/index.ts';
import type { Logger } from './logging.ts';
import { smtpMailer } from './mail/mailer.ts';
import { rememberAddresses, type Setup, setupLink } from './features/people/index.ts';
import { isLoopbackHost } from './config/schema.ts';
import { checkKeyRing, countDevices, isEmpty } from './storage/key-check.ts';
import { openDatabase, type OpenedDatabase } from './storage/open.ts';
import { FolderNamedError } from './storage/private-files.ts';
import { type CertificateSource, defaultRouteAddress, openCertificates } from './tls/index.ts';

/** Requests in flight at a stop are answered within this; then what is left is cut off. */
const drainMs = 10_000;
const dataFolderMode = 0o700;

export interface ServeDeps {
  readonly version: string;
  readonly config: CloudConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly files: Files;
  readonly logger: Logger;
  /** Where the built dashboard is, or will be. */
  readonly dashboardFolder: string;
}

export interface RunningCloud {
  readonly listeners: Listeners;
  readonly publicUrl: string;
  readonly place: string;
  /** Devices in the registry; undefined for a database that was new. */
  readonly devices: number | undefined;
  readonly certificates: CertificateSource;
  /** Where whoever opens it becomes the first owner; undefined when there is one. Secret: for a person, not for the log. */
  readonly setupLink: string | undefined;
  /** Stops accepting, answers what is in flight, closes tunnels with 1001, writes what is in memory. */
  stop(): Promise<void>;
}

export interface Registry {
  readonly opened: OpenedDatabase;
  readonly keyRing: KeyRing;
  /** Whether nothing had ever been stored. */
  readonly fresh: boolean;
}

/** Opens the database and the key ring that belongs to it. Throws with a text that says what to do. */
export async function openRegistry(
  deps: Pick<ServeDeps, 'config' | 'clock' | 'files' | 'logger' | 'random'>,
): Promise<Registry> {
  const { clock, config, files, logger, random } = deps;
  const { database: setting } = config;
  if (setting.kind === 'sqlite') await files.makeFolder(config.dataFolder, dataFolderMode);
  const url = setting.kind === 'sqlite' ? `sqlite:${setting.path}` : setting.url.reveal();
  const opened = await openDatabase(url, {
    clock,
    onPoolError: (error) => {
      logger.warn({ err: error }, 'a database connection broke; it is replaced');
    },
  }).catch((error: unknown) => {
    throw databaseProblem(setting, error);
  });
  if (opened.openFiles.length > 0) {
    const files = opened.openFiles.map((path) => basename(path));
    logger.warn({ files }, 'others on this machine may read the database; close these files with chmod 600');
  }
  if (opened.migrations.copy !== undefined) {
    logger.info({ copy: basename(opened.migrations.copy) }, 'the database was copied before its migration');
  }
  try {
    const fresh = await isEmpty(opened.database);
    const create = setting.kind === 'sqlite' && fresh && !(await keyRingExists(files, config.secretFile));
    const keyRing = create
      ? await createKeyRing(files, config.secretFile, random)
      : await loadKeyRing(files, config.secretFile);
    await checkKeyRing(opened.database, keyRing);
    return { opened, keyRing, fresh };
  } catch (error) {
    await opened.database.close();
    throw error;
  }
}

/** What speaks for itself stays as it is; the rest is said of the setting. */
function databaseProblem(setting: DatabaseSetting, cause: unknown): unknown {
  if (cause instanceof NewerSchemaError) return cause;
  const place = setting.kind === 'sqlite' ? setting.path : setting.shown;
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${place} cannot be opened (${why})`;
  return new SettingError([{ setting: 'DATABASE_URL', message, nextStep: nextStepFor(setting, cause) }], {
    cause,
  });
}

function nextStepFor(setting: DatabaseSetting, cause: unknown): string {
  if (setting.kind === 'postgres') return 'Check that the server runs, and its address, name and password.';
  return cause instanceof FolderNamedError
    ? `Name a file in it, such as sqlite:${join(setting.path, 'edgeflow.db')}.`
    : 'Name a database file that this program made, in a folder that this user may write.';
}

/** Starts everything in the order in which it may fail: settings are right already, nothing listens until the end. */
export async function serve(deps: ServeDeps): Promise<RunningCloud> {
  const { clock, config, logger, timers } = deps;
  const { fresh, keyRing, opened } = await openRegistry(deps);
  const { database } = opened;
  try {
    const certificates = await openCertificates({
      ...deps,
      dataFolder: config.dataFolder,
      hostName: hostname(),
      otherNames: config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname],
      certificateFiles: config.tlsFiles,
    });
    const { strangersMax, ...doorway } = await doorLimits(deps.files);
    const registry = createRegistry();
    let publicUrl = config.publicUrl ?? '';
    const cloud = await buildCloud({
      ...deps,
      ...config,
      database,
      keyRing,
      registry,
      strangersMax,
      bootstrapToken: config.bootstrapToken?.reveal(),
      caPem: () => certificates.caPem,
      pins: () => certificates.pins,
      mailer: config.mail === undefined ? undefined : smtpMailer(config.mail.url.reveal(), config.mail.from),
      publicUrl: () => publicUrl,
      dashboard: {
        files: deps.files,
        folder: deps.dashboardFolder,
        hasGivenCertificate: config.tlsFiles !== undefined,
      },
    });
    await cloud.start();
    const listeners = await startListeners({
      app: cloud.app,
      https: config.https,
      http: config.http,
      certificates,
      onUpgrade: (request, socket, head) => {
        cloud.upgrade(request, socket, head);
      },
      time: { clock, timers },
      logger,
      limits: doorway,
      trustedProxies: config.trustedProxies,
      registry,
    });
    publicUrl = await publicUrlOf(deps, listeners);
    const localUrl = localUrlOf(listeners) ?? publicUrl;
    await rememberAddresses(database, { localUrl, publicUrl });
    return {
      listeners,
      publicUrl,
      place: opened.place,
      devices: fresh ? undefined : await countDevices(database),
      certificates,
      setupLink: await setupLinkFor(cloud.people.setup, localUrl),
      stop: async () => {
        // The listeners stop accepting at once; tunnels are closed meanwhile, so that draining can finish.
        await Promise.all([listeners.stop(drainMs), cloud.stop()]);
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function publicUrlOf(deps: ServeDeps, listeners: Listeners): Promise<string> {
  if (deps.config.publicUrl !== undefined) return deps.config.publicUrl;
  const { host, port } = listeners.https;
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? ((await defaultRouteAddress()) ?? 'localhost') : host;
  return `https://${name.includes(':') ? `[${name}]` : name}:${String(port)}`;
}

/** Plain HTTP on this machine: the way in that needs no certificate. */
function localUrlOf({ http }: Listeners): string | undefined {
  if (http === undefined) return undefined;
  const name = isLoopbackHost(http.host) ? 'localhost' : http.host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${String(http.port)}`;
}

async function setupLinkFor(setup: Setup, localUrl: string): Promise<string | undefined> {
  return (await setup.hasOwner()) ? undefined : setupLink(localUrl, await setup.makeSetupLink());
}
