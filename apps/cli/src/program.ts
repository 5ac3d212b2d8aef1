import { Command, CommanderError, Option } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addCodeCommands } from './commands/codes.ts';
import { addCommandCommand } from './commands/command.ts';
import { addDeviceCommands } from './commands/devices.ts';
import { addEventsCommand } from './commands/events.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addOpenApiCommand } from './commands/openapi.ts';
import { addOrganizationCommands } from './commands/organization.ts';
import { addShadowCommands } from './commands/shadow.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { type CliDeps, type GlobalFlags, Session } from './session.ts';

const helpAfter = `
Settings (a flag wins over its variable):
  EDGEFLOW_URL             address of the cloud: a host, host:port or https:// address
  EDGEFLOW_TOKEN           operator token; or EDGEFLOW_TOKEN_FILE, a file that holds it
  EDGEFLOW_CA_FILE         PEM file of the authorities to trust, where the cloud's is a private one
  HTTPS_PROXY, NO_PROXY    as usual

Leaves with 0 when done, 1 failed, 2 arguments or settings, 3 refused, 4 not found,
5 conflict, 6 cloud unreachable or busy, 7 the device answered with an error or not in time.
`;

/**
 * Runs one command line to its end.
 *
 * @param argv without the program's own name.
 * @returns what to leave with. Rejects only for a fault of this program.
 */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<ExitCode> {
  const program = new Command();
  const session = new Session(deps, () => program.opts<GlobalFlags>());
  buildProgram(program, session);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    // Commander has printed its own message already; help and version are successes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (!(error instanceof CliFailure)) throw error;
    session.output.fail(error);
    return error.exitCode;
  } finally {
    session.close();
  }
}

function buildProgram(program: Command, session: Session): void {
  const { stdout, stderr, version } = session.deps;
  // Before any subcommand: those inherit what is set here.
  program
    .name('edgeflow')
    .description("the operator's command line of an EdgeFlow cloud")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('Next: add --help to see what this command takes.')
    .option('--url <url>', 'address of the cloud')
    .option('--token-file <path>', 'file that holds the operator token')
    .option('--ca-file <path>', 'PEM file of the authorities to trust')
    .option('--json', 'JSON for programs: results on standard output, a failure on standard error')
    .addOption(new Option('--token <token>').hideHelp())
    .hook('preAction', () => {
      refuseTokenInArguments(program);
    })
    .addHelpText('after', helpAfter);
  addCodeCommands(program, session);
  addKeyCommands(addDeviceCommands(program, session), session);
  addCommandCommand(program, session);
  addShadowCommands(program, session);
  addOrganizationCommands(program, session);
  addEventsCommand(program, session);
  addAuditCommands(program, session);
  addOpenApiCommand(program, session);
}

/** The option exists to be refused: as an unknown one, its value would be printed in the message. */
function refuseTokenInArguments(program: Command): void {
  if (program.opts<{ token?: string }>().token === undefined) return;
  throw usageFailure(
    'A token among the arguments can be read by everybody on this machine',
    'Put it into a file for --token-file, or into EDGEFLOW_TOKEN. Replace it if others use this machine.',
  );
}
