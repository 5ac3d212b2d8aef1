import type { Socket } from 'node:net';
import { reasonOf } from './deadline.ts';

/**
 * Waits for `connect` or `secureConnect`. On an error, a close or an abort the socket is destroyed before this
 * rejects, so that nobody else has to.
 */
export function whenReady(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off(event, onReady).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else {
        socket.destroy();
        reject(error);
      }
    };
    const onReady = (): void => {
      settle();
    };
    const onClose = (): void => {
      settle(new Error('the connection was closed'));
    };
    const onAbort = (): void => {
      settle(reasonOf(signal));
    };
    socket.on(event, onReady).on('close', onClose);
    // Stays: a socket may break between two phases, when nobody listens; the next phase then sees it closed.
    socket.on('error', settle);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** `ECONNREFUSED` and its like, also inside the error that several tried addresses share. */
export function networkErrorCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return networkErrorCode(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}
