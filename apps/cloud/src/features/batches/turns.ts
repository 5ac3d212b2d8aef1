import { ProblemError } from '../../http/problems.ts';

/** How a long reading shares the thread with heartbeats and registrations. */
export interface Turns {
  /** Lets everything that waits have its turn. */
  readonly pause: () => Promise<void>;
  /** Whether nobody waits for the result any more. */
  readonly isGone: () => boolean;
}

/** Between two parts of a reading. Throws where nobody waits for it any more: what has been read is then of no use. */
export async function takeTurns({ isGone, pause }: Turns): Promise<void> {
  await pause();
  if (isGone())
    throw new ProblemError('request_malformed', { detail: 'The client left before the table was read' });
}
