import { type ErrorCode, errorEntry, type FieldProblem, type Problem } from '@edgeflow/contract';
import { type ExitCode, exitCodeForStatus, exitCodes } from './exit-codes.ts';

/** What the person or program in front of this is told. None of it may hold a secret. */
export interface FailureFacts {
  /** Stable; a code of the contract's catalogue wherever one fits. */
  readonly code: string;
  /** What is wrong, without a period. */
  readonly title: string;
  /** The particular case, where it adds something. */
  readonly detail?: string | undefined;
  /** What to do now. */
  readonly next_step: string;
  /** HTTP status, where the cloud answered. */
  readonly status?: number;
  readonly request_id?: string;
  readonly errors?: readonly FieldProblem[] | undefined;
}

/** The one error that commands end with. */
export class CliFailure extends Error {
  readonly facts: FailureFacts;
  readonly exitCode: ExitCode;
  /** What `Retry-After` said. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    facts: FailureFacts,
    exitCode: ExitCode,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    super(facts.title, { cause: options.cause });
    this.name = 'CliFailure';
    this.facts = facts;
    this.exitCode = exitCode;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Wrong arguments or settings. */
export function usageFailure(title: string, nextStep: string): CliFailure {
  return new CliFailure({ code: 'settings_invalid', title, next_step: nextStep }, exitCodes.usage);
}

/** An error of the catalogue that arose on this machine, with the next step that fits this program. */
export function localFailure(
  code: ErrorCode,
  exitCode: ExitCode,
  particulars: { readonly detail: string; readonly nextStep: string; readonly cause?: unknown },
): CliFailure {
  const { title } = errorEntry(code);
  const facts = { code, title, detail: particulars.detail, next_step: particulars.nextStep };
  return new CliFailure(facts, exitCode, { cause: particulars.cause });
}

/** What the cloud itself said. */
export function problemFailure(problem: Problem, retryAfterSeconds: number | undefined): CliFailure {
  const { code, title, detail, next_step, status, request_id, errors } = problem;
  const facts = { code, title, detail, next_step, status, request_id, errors };
  return new CliFailure(facts, exitCodeForStatus(status), { retryAfterSeconds });
}
