import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { Command, InvalidArgumentError } from 'commander';
import { type CloudConfig, describeProblem, loadConfig, SettingError } from './config.ts';
import { Identity } from './features/identity/index.ts';
import { PeopleCommands } from './features/people/index.ts';
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
  if (running.setupLink !== undefined) {
    // Beside the log, which keeps no secret.
    process.stderr.write(`Set up this cloud (works once, within one hour): ${running.setupLink}\n`);
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

type PeopleCommand = (commands: PeopleCommands) => Promise<{ readonly link: string; readonly words: string }>;

/** Beside a running cloud, on its database. */
async function printLink(command: PeopleCommand): Promise<void> {
  const config = await readConfig();
  const logger = createLogger({ level: 'warn', pretty: process.stdout.isTTY });
  const { keyRing, opened } = await openRegistry({ ...system, config, logger });
  try {
    const addresses = addressesIn(config);
    const commands = new PeopleCommands({ ...system, database: opened.database, keyRing, logger, addresses });
    const { link, words } = await command(commands);
    process.stdout.write(`${link}\n`);
    process.stderr.write(`${words}\n`);
  } finally {
    await opened.database.close();
  }
}

/** Where the cloud will be, as far as the settings say. */
function addressesIn({ http, https, publicUrl }: CloudConfig): { localUrl: string; publicUrl: string } {
  const url = publicUrl ?? `https://localhost:${String(https.port)}`;
  return { publicUrl: url, localUrl: http === undefined ? url : `http://localhost:${String(http.port)}` };
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
  .command('setup-link')
  .description('print a fresh link for the first owner')
  .action(() => printLink((commands) => commands.setupLink()));
program
  .command('reset-owner')
  .description('print a link with which an owner is set anew, for when all owners are lost')
  .action(() => printLink((commands) => commands.resetOwner()));
program
  .command('reset-password')
  .description('print a link with which somebody sets a new password')
  .requiredOption('--email <address>', 'whose')
  .action(({ email }: { email: string }) => printLink((commands) => commands.resetPassword(email)));
program
  .command('sign-in-link')
  .description('print a link that signs somebody in once, without a password')
  .requiredOption('--email <address>', 'whom')
  .action(({ email }: { email: string }) => printLink((commands) => commands.signInLink(email)));
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
