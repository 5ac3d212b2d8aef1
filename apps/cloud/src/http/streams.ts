import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

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
