import { entry } from './error-entry.ts';

/** What there is to say when two devices use one identity. */
export const cloneErrors = {
  clone_suspected: entry(
    409,
    'Another device uses the same identity and connected later',
    'If this one was copied from it, give this one a code of its own; an operator decides in the dashboard.',
  ),
  rotation_suspended: entry(
    409,
    'Keys are not rotated over the tunnel while two devices seem to use this identity',
    'Look at the device: restore it if it is one, or replace its key, with mode "replace" or by a new code for it.',
  ),
  replaced: entry(
    0,
    'Another connection with the identity of this device took its place',
    'Nothing if it does not repeat; if it does, a copy of this device is running: give one of the two its own code.',
    true,
  ),
} as const;
