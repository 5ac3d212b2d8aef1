import type { Readable } from 'node:stream';
import type { Timers } from '@edgeflow/platform';
import type { FastifyRequest } from 'fastify';
import type { Principal } from './access.ts';
import { answer } from './answer.ts';
import { ProblemError } from './problems.ts';

/** How often it is asked whether the reader of a stream would still be let in. */
const recheckMs = 3_000;

/** A call whose answer is a stream: whoever was let in when it began may not be later. */
export interface StreamedCall {
  readonly caller: Principal;
  readonly callerNow: () => Promise<Principal>;
  readonly request: FastifyRequest;
}

/** Whether the client of a request has gone: nobody will hear the answer. */
export function goneWith(request: FastifyRequest): () => boolean {
  const { socket } = request.raw;
  return () => socket.destroyed;
}

/** The same stream, which ends with the connection that it is sent over: whoever makes it stops when nobody reads. */
export function endWithConnection(stream: Readable, request: FastifyRequest): Readable {
  const { socket } = request.raw;
  const end = (): void => {
    stream.destroy();
  };
  // Gone already, while the stream was opened: nothing will tell.
  if (socket.destroyed) end();
  socket.once('close', end);
  stream.once('close', () => socket.off('close', end));
  return stream;
}

/**
 * Calls `end` as soon as whoever reads a stream would not be let in any more, because they were removed, signed out or
 * given another role or organization: within {@link recheckMs}, whether or not they read.
 */
export function whenRefused(stream: Readable, call: StreamedCall, timers: Timers, end: () => void): void {
  let asking = false;
  const timer = timers.every(recheckMs, () => {
    if (asking) return;
    asking = true;
    call
      .callerNow()
      .then(({ organizationId }) => organizationId === call.caller.organizationId)
      // A database that is away for a moment says nothing of the reader.
      .catch((error: unknown) => !(error instanceof ProblemError) || error.status >= 500)
      .then((allowed) => {
        asking = false;
        if (!allowed) end();
      })
      .catch(() => undefined);
  });
  stream.once('close', () => {
    timers.clear(timer);
  });
}

/**
 * An answer that a browser saves as a file, written while it is read. It is broken off, so that it does not look like a
 * whole one, once its reader would not be let in any more.
 *
 * @param name visible ASCII without quotes
 */
export function fileAnswer(
  call: StreamedCall,
  timers: Timers,
  { body, name }: { readonly body: Readable; readonly name: string },
) {
  whenRefused(body, call, timers, () => {
    body.destroy();
  });
  const headers = { 'content-disposition': `attachment; filename="${name}"` };
  return answer(200, endWithConnection(body, call.request), headers);
}
