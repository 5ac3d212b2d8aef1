import { entry } from './error-entry.ts';

/** What can go wrong with a change to many devices. */
export const bulkErrors = {
  count_changed: entry(
    409,
    'The number of devices is no longer the one that was confirmed; nothing was changed',
    'Look at the list again, and confirm the number that it shows now.',
  ),
  bulk_not_found: entry(
    404,
    'There is no such change to many devices',
    'Its id is in the answer to POST /api/v1/devices/bulk; it is kept for 30 days.',
  ),
} as const;
