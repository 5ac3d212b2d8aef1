/**
 * The one catalogue of errors. `code` is stable and is what programs branch on; `title` and `nextStep` are for
 * people. Statuses of 0 belong to errors that never travel over HTTP (they appear in a device's `last_error`).
 */
export interface ErrorEntry {
  /** HTTP status, or 0. */
  readonly status: number;
  /** Whether the same request, sent again later, may succeed. */
  readonly retryable: boolean;
  readonly title: string;
  /** What a person does now. */
  readonly nextStep: string;
}

export function entry(status: number, title: string, nextStep: string, retryable = false): ErrorEntry {
  return { status, title, nextStep, retryable };
}
