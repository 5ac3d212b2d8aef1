import { backoffFirstSeconds, backoffMostSeconds, backoffResetSeconds } from '@edgeflow/contract';
import { fullJitterMs, type Random, sleep, type TimeSource } from '@edgeflow/platform';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { EventConnection } from './events.ts';
import type { ServerSentEvent } from './sse.ts';

const limits = { firstMs: backoffFirstSeconds * 1000, mostMs: backoffMostSeconds * 1000 };
/** Longest wait that the cloud can ask for, in seconds. */
const retryAfterSecondsMax = 300;

export interface Break {
  /** undefined: the cloud ended the stream, as it does when it stops. */
  readonly failure: CliFailure | undefined;
  readonly delayMs: number;
  /** undefined: nothing to resume after, so what happens meanwhile is missed. */
  readonly resumeAfter: string | undefined;
}

export interface FollowOptions extends TimeSource {
  readonly random: Random;
  readonly open: (lastEventId: string | undefined) => Promise<EventConnection>;
  /** Told of every break before the wait. */
  readonly onBreak: (event: Break) => void;
}

/**
 * Every event, across breaks, without end.
 *
 * Guarantees: an event is given once and in order as long as the cloud resumes where it was asked to; the first
 * connection fails at once (a wrong address does not hang); later ones are tried again for as long as it takes, unless
 * the cloud refuses.
 *
 * @throws CliFailure
 */
export async function* followEvents(
  { clock, timers, random, open, onBreak }: FollowOptions,
  after: string | undefined,
): AsyncGenerator<ServerSentEvent, never, undefined> {
  let connection = await open(after);
  let resumeAfter = after;
  let attempt = 0;
  let failure: CliFailure | undefined;
  for (;;) {
    const openedMs = clock.monotonic();
    try {
      for await (const event of connection.events()) {
        attempt = 0;
        yield event;
      }
      failure = undefined;
    } catch (error) {
      failure = passing(error);
    }
    resumeAfter = connection.lastEventId ?? resumeAfter;
    if (clock.monotonic() - openedMs >= backoffResetSeconds * 1000) attempt = 0;
    for (let reopened: EventConnection | undefined; reopened === undefined;) {
      const delayMs = Math.max(fullJitterMs(limits, attempt, random), askedMs(failure));
      onBreak({ failure, delayMs, resumeAfter });
      await sleep(timers, delayMs);
      attempt += 1;
      try {
        reopened = connection = await open(resumeAfter);
      } catch (error) {
        failure = passing(error);
      }
    }
  }
}

/** Trying again helps only against what passes by itself. */
function passing(error: unknown): CliFailure {
  if (error instanceof CliFailure && error.exitCode === exitCodes.unavailable) return error;
  throw error;
}

function askedMs(failure: CliFailure | undefined): number {
  return Math.min(failure?.retryAfterSeconds ?? 0, retryAfterSecondsMax) * 1000;
}
