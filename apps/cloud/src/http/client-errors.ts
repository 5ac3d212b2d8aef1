import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemFor, problemMediaType } from '@edgeflow/contract';
import type { Logger } from '../logging.ts';

/** Statuses and texts for bytes that never became a request. */
const meanings: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time'],
};

/** Answers what the HTTP parser refused with a problem document, and closes the connection. */
export function answerClientErrors(server: Server, logger: Logger): void {
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    const code = error.code ?? '';
    // Anything else is a broken connection, or a TLS handshake that failed: writing there would wait for ever.
    const fromParser = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT';
    // On a connection that has answered before, another answer could be taken for one that is still awaited.
    const answered =
      'bytesWritten' in socket && typeof socket.bytesWritten === 'number' && socket.bytesWritten > 0;
    if (!fromParser || answered || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, detail] = meanings[code] ?? [400, 'The request is not HTTP/1.1'];
    logger.debug({ status, code }, 'refused bytes that are no request');
    const body = JSON.stringify({ ...problemFor('request_malformed', 'none', detail), status });
    socket.end(
      [
        `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
        `Content-Type: ${problemMediaType}`,
        `Content-Length: ${String(Buffer.byteLength(body))}`,
        'Cache-Control: no-store',
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
      // A peer that does not read must not keep the socket.
      () => socket.destroy(),
    );
  });
}
