/** Exit statuses, as sysexits.h names them: a service manager can tell what helps from what does not. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  /** EX_IOERR: the state folder cannot be used. */
  stateFolder: 74,
  /** EX_TEMPFAIL: another agent runs on this state folder. */
  busy: 75,
  /** EX_CONFIG: a setting is wrong. Starting again changes nothing. */
  settings: 78,
} as const;
