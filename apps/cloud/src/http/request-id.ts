import type { IncomingMessage } from 'node:http';
import { makeId } from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { scrubSecrets } from '../logging.ts';

const acceptable = /^[A-Za-z0-9_-]{8,64}$/;
/** Random bytes drawn at once: a system call for each request would be the dearest part of a cheap one. */
const poolBytes = 4096;

/** A request's id: the client's `X-Request-Id` where it is harmless to repeat and to log, else a new one. */
export function requestIds(random: Random): (request: IncomingMessage) => string {
  const pooled = pooledBytes(random);
  return (request) => {
    const sent = request.headers['x-request-id'];
    if (typeof sent === 'string' && acceptable.test(sent) && scrubSecrets(sent) === sent) return sent;
    return makeId('request', pooled);
  };
}

/** For public ids alone: the bytes of later ids wait in memory. */
function pooledBytes(random: Random): (length: number) => Uint8Array {
  let pool = new Uint8Array(0);
  let used = 0;
  return (length) => {
    if (used + length > pool.length) {
      pool = Uint8Array.from(random.bytes(poolBytes));
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}
