import type { IncomingMessage } from 'node:http';
import { makeId } from '@edgeflow/contract';
import { pooled, type Random } from '@edgeflow/platform';
import { scrubSecrets } from '../logging.ts';

const acceptable = /^[A-Za-z0-9_-]{8,64}$/;

/** A request's id: the client's `X-Request-Id` where it is harmless to repeat and to log, else a new one. */
export function requestIds(random: Random): (request: IncomingMessage) => string {
  const { bytes } = pooled(random);
  return (request) => {
    const sent = request.headers['x-request-id'];
    if (typeof sent === 'string' && acceptable.test(sent) && scrubSecrets(sent) === sent) return sent;
    return makeId('request', bytes);
  };
}
