/** Where the agent reads its settings from. */
const settingsPath = '/etc/edgeflow/.env';
/** The systemd unit that runs the agent. */
const unit = 'edgeflow-agent';

/** Installs a downloaded file of settings, readable by its owner alone: for the shell of the device. */
export function formatInstallCommand(fileName: string): string {
  return `sudo install -D -m 600 ${quoteForShell(fileName)} ${settingsPath}`;
}

/** What the line says, after what systemctl said, where there is no such unit. It stands between apostrophes. */
const notRestarted = `The settings are written. No service ${unit} was restarted: start the agent by hand.`;

/**
 * One line for a POSIX shell on the device: writes the file of settings and restarts the agent, or says to start it
 * where it is no service. It fails only if the settings could not be written. `printf` is built into shells, so the secret
 * stands in no list of processes.
 *
 * @param envFile what `formatEnvFile` made
 */
export function formatShellCommand(envFile: string): string {
  const lines = linesOf(envFile).filter((line) => !line.startsWith('#'));
  const printed = lines.map((line) => quoteForShell(line)).join(' ');
  const restart = `{ sudo systemctl restart ${unit} || echo '${notRestarted}'; }`;
  return `printf '%s\\n' ${printed} | ${formatInstallCommand('/dev/stdin')} && ${restart}`;
}

/**
 * User data for cloud-init that does the same at the first boot.
 *
 * @param envFile what `formatEnvFile` made: lines of visible text, none of which begins with a space
 */
export function formatCloudInit(envFile: string): string {
  return [
    '#cloud-config',
    'write_files:',
    `  - path: ${settingsPath}`,
    '    owner: root:root',
    `    permissions: '0600'`,
    '    content: |',
    ...linesOf(envFile).map((line) => `      ${line}`),
    'runcmd:',
    `  - [systemctl, restart, --no-block, ${unit}]`,
    '',
  ].join('\n');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** One word of a POSIX shell, whatever it holds. A leading dash would be read as an option. */
function quoteForShell(text: string): string {
  const word = text.startsWith('-') ? `./${text}` : text;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
