import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { CommonOptions, Surroundings } from './cli/surroundings.ts';

/**
 * The process: environment, arguments, output and signals. Commands are loaded when they are asked for, so that the
 * agent holds only what it uses.
 */
const surroundings: Surroundings = {
  environment: process.env,
  workingFolder: process.cwd(),
  isTerminal: process.stdout.isTTY,
  version: manifest.version,
  print: (line) => process.stdout.write(line),
  complain: (line) => process.stderr.write(`${line}\n`),
};

// Whoever read the output has gone; that is no reason for an agent to go as well.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

// A young generation that never grows: an agent waits nearly all the time, and what V8 makes room for at the start it
// would hold for good, 2 MB of a small device's memory.
setFlagsFromString('--semi-space-growth-factor=1');

const program = new Command('edgeflow-agent')
  .description('The EdgeFlow device agent. Settings come from /etc/edgeflow/.env and the environment.')
  .version(manifest.version, '--version')
  .option('--env-file <path>', 'the file of settings, instead of EDGEFLOW_ENV_FILE or /etc/edgeflow/.env')
  .option('--root <folder>', 'where /proc, /sys and /etc are found', '/');

program.command('run', { isDefault: true }).description('run the agent (default)').action(run);
program
  .command('status')
  .description('print what the running agent says about itself')
  .action(async () => {
    const { printStatus } = await import('./cli/status.ts');
    process.exitCode = await printStatus(surroundings, common());
  });
program
  .command('doctor')
  .description('check the way to the cloud, step by step')
  .action(async () => {
    const { runDoctor } = await import('./cli/doctor.ts');
    process.exitCode = await runDoctor(surroundings, common());
  });
program
  .command('version')
  .description('print the version')
  .action(() => {
    surroundings.print(`${manifest.version}\n`);
  });
const vault = program
  .command('vault')
  .description('the encrypted identity on this disk; stop the agent first');
vault
  .command('rebind')
  .description('say that this is still the same device, after its machine id has changed')
  .option('--previous-machine-id <id>', 'the machine id it had before, where it is known')
  .action(async (options: { previousMachineId?: string }) => {
    const { rebindVault } = await import('./cli/vault.ts');
    process.exitCode = await rebindVault(surroundings, { ...common(), ...options });
  });
vault
  .command('new-key')
  .description('make a new vault key, where the old one is lost for good')
  .action(async () => {
    const { makeNewKey } = await import('./cli/vault.ts');
    process.exitCode = await makeNewKey(surroundings, common());
  });

function common(): CommonOptions {
  return program.opts<CommonOptions>();
}

async function run(): Promise<void> {
  const { runAgent } = await import('./cli/run.ts');
  const agent = await runAgent(surroundings, common());
  if (typeof agent === 'number') {
    process.exitCode = agent;
    return;
  }
  // Timers of the agent do not keep the process alive, and its local API may not be listening.
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  const stop = (): void => {
    clearInterval(keepAlive);
    void agent.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

void program.parseAsync();
