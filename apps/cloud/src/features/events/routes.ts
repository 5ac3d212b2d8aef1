import { Readable } from 'node:stream';
import { eventStreamsMax, eventStreamsPerOrganizationMax, operations } from '@edgeflow/contract';
import { type Timers, toRfc3339 } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { ProblemError } from '../../http/problems.ts';
import { route } from '../../http/route.ts';
import { endWithConnection, whenRefused } from '../../http/streams.ts';
import type { Events, Subscription } from './feed.ts';
import type { StoredEvent } from './store.ts';

/** Comments keep proxies from closing a quiet stream. */
const keepAliveMs = 15_000;
/** What a browser waits before it reconnects. */
const retryMs = 2_000;

export function eventRoutes(app: FastifyInstance, events: Events, timers: Timers): void {
  route(
    app,
    operations.streamEvents,
    async (call) => {
      const sent = call.headers['last-event-id'];
      const sequence = readLastEventId(typeof sent === 'string' ? sent : undefined);
      const body = await openStream(events, timers, call.caller.organizationId, sequence);
      // Nothing is missing: a stream of events ends anywhere.
      whenRefused(body, call, timers, () => {
        body.push(null);
      });
      return answer(200, endWithConnection(body, call.request), { 'X-Accel-Buffering': 'no' });
    },
    { waits: true },
  );
}

/** A stream of server-sent events that pauses with its reader. */
async function openStream(
  events: Events,
  timers: Timers,
  organizationId: string,
  sequence: number | undefined,
): Promise<Readable> {
  const open: { subscription?: Subscription } = {};
  const stream = new Readable({
    read: () => open.subscription?.resume(),
    destroy: (error, done) => {
      open.subscription?.close();
      timers.clear(keepAlive);
      done(error);
    },
  });
  const keepAlive = timers.every(keepAliveMs, () => {
    stream.push(': still here\n\n');
  });
  stream.push(`retry: ${String(retryMs)}\n\n`);
  const subscription = await events
    .subscribe(organizationId, sequence, {
      onEvent: (event) => stream.push(format(event)),
      onEnd: () => stream.push(null),
    })
    .catch((error: unknown) => {
      stream.destroy();
      throw error;
    });
  if (subscription === undefined) {
    stream.destroy();
    throw new ProblemError('unavailable', {
      detail: `No more event streams can be opened now: a node has room for ${String(eventStreamsPerOrganizationMax)} of an organization, and ${String(eventStreamsMax)} of all.`,
    });
  }
  // An id without data sets where the reader resumes, so that a break before the first event misses none.
  stream.push(`id: ${String(subscription.startsAfter)}\n\n`);
  open.subscription = subscription;
  subscription.resume();
  return stream;
}

function format(event: StoredEvent): string {
  const { atMs, data, objectId, sequence, type } = event;
  const document = JSON.stringify({ type, at: toRfc3339(atMs), object: objectId, data });
  return `id: ${String(sequence)}\nevent: ${type}\ndata: ${document}\n\n`;
}

function readLastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  const sequence = Number(header);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new ProblemError('request_malformed', {
    detail: 'Last-Event-ID is not an id of this stream.',
    errors: [{ field: 'Last-Event-ID', message: 'must be the id of an event of this stream' }],
  });
}
