import { DiskProblemError, type Notice } from '../identity/index.ts';
import type { Log } from '../log-port.ts';
import { problemOf } from './answer.ts';
import type { Problem } from './model.ts';

/**
 * What went wrong, for a person. Total: an error that does not come from the disk is a fault of this program, which
 * is logged by its kind (its text may quote anything) and must not end the process.
 */
export function diskProblem(error: unknown, log: Log): Problem {
  if (error instanceof DiskProblemError) {
    return { code: 'state_folder_unusable', message: error.detail, nextStep: error.nextStep };
  }
  logFault(error, log);
  return problemOf('internal', 'Something in the agent itself went wrong; its log says where.');
}

export function logFault(error: unknown, log: Log): void {
  const kind = error instanceof Error ? error.name : typeof error;
  log.error({ kind }, 'a fault of the agent itself');
}

export function tellNotices(log: Log, notices: readonly Notice[]): void {
  for (const { code, detail, nextStep } of notices) {
    log.warn({ notice: code, next_step: nextStep }, detail);
  }
}
