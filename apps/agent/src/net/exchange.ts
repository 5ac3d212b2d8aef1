import { type ClientRequest, type IncomingMessage, request as sendRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { CloudAddress } from './address.ts';
import { isRedirect, redirected } from './answers.ts';
import { reasonOf } from './deadline.ts';
import { answerBytesMax, headBytesMax } from './limits.ts';
import { networkErrorCode } from './socket.ts';
import { type CloudAnswer, type CloudRequest, TransportError } from './transport.ts';

/**
 * One request on a connection of its own, which is closed afterwards. TLS, if any, is on `socket` already, hence
 * node:http.
 *
 * @throws TransportError; from then on the outcome at the cloud is unknown.
 */
export function exchange(
  socket: Socket,
  address: CloudAddress,
  request: Pick<CloudRequest, 'method' | 'path' | 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<CloudAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = begin(socket, address, request);
    const finish = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const fail = (error: Error): void => {
      finish(() => {
        reject(error);
      });
    };
    const onAbort = (): void => {
      fail(reasonOf(signal));
    };
    outgoing.on('error', (error) => {
      fail(withoutAnswer(error, address.authority));
    });
    outgoing.on('response', (response) => {
      readAnswer(response, address.authority).then((answer) => {
        finish(() => {
          resolve(answer);
        });
      }, fail);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else sendBody(outgoing, request.body);
  });
}

/** Node refuses a header or a path that HTTP cannot carry at once; the connection must not outlive that. */
function begin(
  socket: Socket,
  address: CloudAddress,
  { method, path, headers, body }: Pick<CloudRequest, 'method' | 'path' | 'headers' | 'body'>,
): ClientRequest {
  try {
    return sendRequest({
      method,
      path: address.basePath + path,
      headers: {
        accept: 'application/json',
        ...headers,
        host: address.authority,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      setHost: false,
      maxHeaderSize: headBytesMax,
      createConnection: () => socket,
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function sendBody(outgoing: ClientRequest, body: string | undefined): void {
  if (body === undefined) outgoing.end();
  else outgoing.end(body);
}

/** The whole answer, within bounds, in UTF-8. A redirect is refused before its body is read. */
export async function readAnswer(response: IncomingMessage, host: string): Promise<CloudAnswer> {
  const status = response.statusCode ?? 0;
  const headers = plainHeaders(response);
  if (isRedirect(status)) throw redirected({ status, headers }, host);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > answerBytesMax) throw malformed(host, `is longer than ${String(answerBytesMax)} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw malformed(host, `broke off after ${String(bytes)} bytes`, error);
  }
  try {
    return { status, headers, body: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch (error) {
    throw malformed(host, 'is not UTF-8', error);
  }
}

function plainHeaders(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** The connection failed before an answer began. */
export function withoutAnswer(error: Error, host: string): TransportError {
  const code = networkErrorCode(error);
  if (code === 'HPE_HEADER_OVERFLOW') return malformed(host, 'has a head that is too long', error);
  if (code.startsWith('HPE_')) {
    const message = `${host} answered with something that is not HTTP (${code}).`;
    return new TransportError('not_the_cloud', message, { cause: error });
  }
  const message = `${host} closed the connection without an answer${code === '' ? '' : ` (${code})`}.`;
  return new TransportError('cloud_unreachable', message, { cause: error });
}

function malformed(host: string, what: string, cause?: unknown): TransportError {
  return new TransportError('answer_malformed', `The answer of ${host} ${what}.`, { cause });
}
