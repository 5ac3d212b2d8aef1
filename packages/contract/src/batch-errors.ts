import { entry } from './error-entry.ts';

/** What there is to say about batches of codes. */
export const batchErrors = {
  batch_not_found: entry(
    404,
    'There is no such batch',
    'Look for it under Batches; codes made without a batch stand under Codes.',
  ),
  batch_rows_wrong: entry(
    422,
    'Some rows of the table are wrong, and nothing was made',
    'Correct the lines named in errors[], or ask for the good rows alone.',
  ),
  batch_not_ready: entry(
    409,
    'The codes of this batch are being made',
    'Wait until its progress is complete; it goes on by itself, also after a restart.',
  ),
  batch_texts_wiped: entry(
    410,
    'The texts of these codes are no longer kept',
    'Use what was saved, or choose Replace unused: it issues the unused rows anew.',
  ),
  batch_revoked: entry(409, 'This batch was revoked', 'Make a new batch.'),
  idempotency_key_reused: entry(
    409,
    'This Idempotency-Key was sent before, with another request',
    'Send a new key with a new request, and the same key only with the very same request.',
  ),
} as const;
