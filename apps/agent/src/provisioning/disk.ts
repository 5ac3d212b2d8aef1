import { DiskProblemError, type Notice } from '../identity/index.ts';
import type { Log } from '../log-port.ts';
import type { Problem } from './model.ts';

/** @throws `error` itself when it does not come from the disk: that is a fault of this program. */
export function diskProblem(error: unknown): Problem {
  if (!(error instanceof DiskProblemError)) throw error;
  return { code: 'state_folder_unusable', message: error.detail, nextStep: error.nextStep };
}

export function tellNotices(log: Log, notices: readonly Notice[]): void {
  for (const { code, detail, nextStep } of notices) {
    log.warn({ notice: code, next_step: nextStep }, detail);
  }
}
