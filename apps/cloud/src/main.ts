import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { Command, InvalidArgumentError } from 'commander';
import { type CloudConfig, describeProblem, loadConfig, SettingError } from './config.ts';
import { Identity } from './features/identity/index.ts';
import { type Role, roles } from './http/access.ts';
import { createKeyRing } from './keyring/index.ts';
import { createLogger, type Logger } from './logging.ts';
import { openRegistry, type RunningCloud, serve } from './serve.ts';

/** sysexits.h: something is wrong with the settings. */
const exitConfig = 78;
const exitFailure = 1;
/** Built by `npm ci`, and before `npm start` when it is stale. */
const dashboardFolder = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));
const system = {
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  files: systemFiles,
};

async function readConfig(): Promise<CloudConfig> {
  const surroundings = { files: systemFiles, workingFolder: process.cwd() };
  const reading = await loadConfig(process.env, surroundings);
  if (reading.ok) return reading.config;
  throw new SettingError(reading.problems);
}

async function runServer(): Promise<void> {
  const config = await readConfig();
  const logger = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
  const running = await serve({ ...system, version: readVersion(), config, logger, dashboardFolder });
  announce(logger, running);
  // Timers do not keep the process alive; its listeners do, and so does this until it is told to stop.
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    clearInterval(keepAlive);
    logger.info({ signal }, 'stopping: answering what is in flight, closing tunnels');
    running.stop().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(exitFailure);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function announce(logger: Logger, running: RunningCloud): void {
  const { certificates, devices, listeners, place, publicUrl } = running;
  const plain = listeners.http;
  const registry = devices === undefined ? 'new' : `${String(devices)} devices`;
  logger.info({ url: publicUrl }, `HTTPS for devices and operators: ${publicUrl}`);
  if (plain !== undefined) {
    const url = `http://${plain.host.includes(':') ? `[${plain.host}]` : plain.host}:${String(plain.port)}`;
    logger.info({ url }, `HTTP on this machine: ${url}`);
  }
  logger.info({ database: place, registry }, `database: ${place} (${registry})`);
  if (certificates.caFile !== undefined) {
    const { caFile, pins } = certificates;
    logger.info({ ca: caFile, pins }, `development CA: ${caFile}, pin ${pins.join(' ')}`);
  }
  if (!running.hasOperator) {
    logger.warn(
      'there is no operator yet: set EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN, or run: npm start -- token create --name me',
    );
  }
}

async function createToken(options: { name: string; role: Role; days?: number }): Promise<void> {
  const config = await readConfig();
  const logger = createLogger({ level: 'warn', pretty: process.stdout.isTTY });
  const { opened } = await openRegistry({ ...system, config, logger });
  try {
    const identity = new Identity(opened.database, systemRandom, undefined);
    await identity.start();
    const { days, name, role } = options;
    const life = days === undefined ? {} : { ttlSeconds: days * 24 * 3600 };
    const made = await identity.createToken({ name, role, ...life });
    process.stdout.write(`${made.token}\n`);
    process.stderr.write(`${made.id} (${role}): shown this once, keep it where only you can read it\n`);
  } finally {
    await opened.database.close();
  }
}

async function createServerKeys(): Promise<void> {
  const config = await readConfig();
  await createKeyRing(systemFiles, config.secretFile, systemRandom);
  process.stderr.write(`made ${config.secretFile}; every node needs this file, and a backup of it\n`);
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const named = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return named && typeof manifest.version === 'string' ? manifest.version : 'unknown';
}

function parseRole(text: string): Role {
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new InvalidArgumentError(`It is one of ${roles.join(', ')}.`);
  return role;
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) throw new InvalidArgumentError('It is a whole number of days.');
  return days;
}

const program = new Command('edgeflow-cloud')
  .description(
    'The EdgeFlow cloud: API, tunnel and registry. Settings come from the environment; see README.md.',
  )
  .version(readVersion())
  .action(runServer);
program
  .command('token')
  .description('operator tokens')
  .command('create')
  .description('make an operator token and print it once')
  .requiredOption('--name <name>', 'what it is for')
  .option('--role <role>', `one of ${roles.join(', ')}`, parseRole, 'operator')
  .option('--days <days>', 'how long it is valid; for ever when left out', parseDays)
  .action(createToken);
program
  .command('keys')
  .description('the server key ring')
  .command('create')
  .description('make the file that EDGEFLOW_CLOUD_SECRET_FILE names, for a new PostgreSQL database')
  .action(createServerKeys);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof SettingError) {
    for (const problem of error.problems) process.stderr.write(`${describeProblem(problem)}\n`);
    process.exitCode = exitConfig;
  } else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitFailure;
  }
}
