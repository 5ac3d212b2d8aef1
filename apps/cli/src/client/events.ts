import { heartbeatSeconds, silentHeartbeatsMax } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import { exitCodes } from '../exit-codes.ts';
import { localFailure } from '../failure.ts';
import { refusal } from './answers.ts';
import { type HttpConnection, readBody } from './http.ts';
import { networkFailure } from './network-failure.ts';
import { EventStreamParser, type ServerSentEvent } from './sse.ts';

/** A stream that says nothing for so long, not even a comment, counts as broken. */
export const silenceMs = heartbeatSeconds * silentHeartbeatsMax * 1000;

/** One stream of events, from its start to the moment it breaks. */
export interface EventConnection {
  /** What `Last-Event-ID` resumes after; undefined while the stream has given none. */
  readonly lastEventId: string | undefined;
  /** Ends when the cloud ends the stream. Throws CliFailure when it breaks. Leaving the loop closes the stream. */
  events(): AsyncGenerator<ServerSentEvent, void, undefined>;
}

/** @throws CliFailure when the cloud cannot be reached or refuses. */
export async function openEvents(
  http: HttpConnection,
  timers: Timers,
  request: { readonly path: string; readonly headers: Readonly<Record<string, string>> },
  deadlineMs: number,
): Promise<EventConnection> {
  const { head, incoming } = await http.open({ method: 'GET', ...request }, deadlineMs);
  if (head.status !== 200 || head.mediaType !== 'text/event-stream') {
    throw refusal({ ...head, body: await readBody(incoming).catch(() => '') }, http.origin);
  }
  const parser = new EventStreamParser(request.headers['last-event-id']);

  async function* events(): AsyncGenerator<ServerSentEvent, void, undefined> {
    const watch = (): object =>
      timers.after(silenceMs, () => {
        incoming.destroy(Object.assign(new Error('the stream is silent'), { code: 'ETIMEDOUT' }));
      });
    let silence = watch();
    try {
      for await (const piece of incoming as AsyncIterable<string>) {
        timers.clear(silence);
        yield* parser.push(piece);
        silence = watch();
      }
    } catch (error) {
      throw error instanceof RangeError ? tooLarge(error, http.origin) : networkFailure(error, http.origin);
    } finally {
      timers.clear(silence);
    }
  }

  return {
    get lastEventId() {
      return parser.lastEventId === '' ? undefined : parser.lastEventId;
    },
    events,
  };
}

function tooLarge(error: RangeError, origin: string): Error {
  return localFailure('answer_malformed', exitCodes.failed, {
    detail: `The event stream of ${origin} cannot be read: ${error.message}`,
    nextStep: 'Use the version of this program that belongs to the cloud.',
    cause: error,
  });
}
