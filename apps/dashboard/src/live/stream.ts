import { createParser } from 'eventsource-parser';
import { problemOf } from '../api/problem.ts';
import { after } from '../platform.ts';

/** One event of the cloud, as `GET /api/v1/events` tells it. */
export interface LiveEvent {
  /** `device.online`, `code.failed_attempt`, … */
  readonly type: string;
  readonly at: string;
  /** Id of what it is about. */
  readonly object: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StreamHandlers {
  /** The stream is open: everything after the last id will come. */
  readonly onOpen: () => void;
  readonly onEvent: (event: LiveEvent) => void;
  /** Resume after this one. Also said of no event, when the stream opens. */
  readonly onId: (id: string) => void;
  /** Something arrived, be it a comment that only says that the stream lives. */
  readonly onHeard: () => void;
}

/** The cloud says something every 15 s. A laptop that slept, or a network that changed, says nothing at all. */
export const silenceMs = 40_000;

/**
 * Reads the stream of events until it ends, breaks, is silent for too long, or `signal` says so.
 *
 * `fetch` and not `EventSource`, which tells neither a refusal from a broken line nor hears the comments that keep a
 * quiet stream alive, and cannot resume in another tab.
 *
 * @throws whatever ended it; an `ApiProblem` when the cloud refused
 */
export async function readStream(
  lastId: string | undefined,
  handlers: StreamHandlers,
  signal: AbortSignal,
): Promise<void> {
  const silence = new AbortController();
  let cancelSilence = (): void => undefined;
  const heard = (): void => {
    cancelSilence();
    cancelSilence = after(silenceMs, () => {
      silence.abort(new Error('the stream of events is silent'));
    });
  };
  heard();
  try {
    const response = await fetch('/api/v1/events', {
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || response.body === null) throw await problemOf(response);
    handlers.onOpen();
    await readBody(response.body, handlers, heard);
  } finally {
    cancelSilence();
  }
}

async function readBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  handlers: StreamHandlers,
  heard: () => void,
): Promise<void> {
  const parser = createParser({
    onId: handlers.onId,
    onEvent: ({ data }) => {
      const event = readEvent(data);
      if (event !== undefined) handlers.onEvent(event);
    },
  });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    handlers.onHeard();
    parser.feed(value);
  }
}

/** What cannot be read is left out: a later cloud may say more than this page knows. */
function readEvent(text: string): LiveEvent | undefined {
  try {
    const event: unknown = JSON.parse(text);
    const named = typeof event === 'object' && event !== null && 'type' in event && 'object' in event;
    return named ? (event as LiveEvent) : undefined;
  } catch {
    return undefined;
  }
}
