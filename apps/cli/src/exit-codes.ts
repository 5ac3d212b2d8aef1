/** What the process leaves with. Scripts rely on these numbers: they may grow, never change. */
export const exitCodes = {
  ok: 0,
  /** Anything that is none of the below. */
  failed: 1,
  /** Arguments, settings, or a request that the cloud found malformed. */
  usage: 2,
  /** The credential is missing, unknown or not allowed to do this. */
  refused: 3,
  notFound: 4,
  /** What was asked for contradicts the state of things: a used code, a stale version, a device offline. */
  conflict: 5,
  /** The cloud cannot be reached or cannot answer now. Trying again later may help. */
  unavailable: 6,
  /** The device answered a command with an error, or not in time. */
  device: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** For HTTP statuses of 400 and more. */
export function exitCodeForStatus(status: number): ExitCode {
  switch (status) {
    case 400:
    case 413:
    case 415:
      return exitCodes.usage;
    case 401:
    case 403:
      return exitCodes.refused;
    case 404:
      return exitCodes.notFound;
    case 409:
    case 410:
      return exitCodes.conflict;
    case 429:
    case 503:
      return exitCodes.unavailable;
    case 504:
      return exitCodes.device;
    default:
      return exitCodes.failed;
  }
}
