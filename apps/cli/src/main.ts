import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import manifest from '../package.json' with { type: 'json' };
import { runCli } from './program.ts';

// `edgeflow events | head -1` closes the pipe: that is how such a pipeline ends, and no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// The platform's timers do not keep a process alive, and while it waits to reconnect there is nothing else.
const alive = setInterval(() => undefined, 2 ** 31 - 1);
try {
  process.exitCode = await runCli(process.argv.slice(2), {
    environment: process.env,
    files: systemFiles,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    stdout: process.stdout,
    stderr: process.stderr,
    workingFolder: process.cwd(),
    version: manifest.version,
  });
} finally {
  clearInterval(alive);
}
