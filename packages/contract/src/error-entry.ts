/** One error of the catalogue. Statuses of 0 belong to errors that never travel over HTTP. */
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
