import { lookup, type LookupAddress } from 'node:dns';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Timers } from '@edgeflow/platform';
import { isLoopback, type NetworkSet } from '../http/addresses.ts';
import { addressProblem, hostOf, mayCall } from './destinations.ts';

/** From the first packet to the first line of the answer. */
const deadlineMs = 10_000;
/** Bytes of the answer's headers. */
const headerBytesMax = 16 * 1024;

export type PostOutcome =
  /** Of the answer its status alone is read: whatever else comes is nobody's business. */
  | { readonly kind: 'answered'; readonly status: number }
  /** In words that may be shown to whoever named the address. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Sends a text to an address that somebody else has named. */
export interface Poster {
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostOutcome>;
}

/**
 * Posts over connections of their own, to addresses that may be called (see `mayCall`), judged by what the name
 * resolves to at the moment of the call. Redirects are answers like others: they are not followed.
 */
export function publicPoster(timers: Timers, allowed: NetworkSet): Poster {
  return {
    post: (text, headers, body) => {
      const problem = addressProblem(text, allowed);
      if (problem !== undefined) return Promise.resolve({ kind: 'failed', reason: problem });
      return send(new URL(text), headers, body, timers, allowed);
    },
  };
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  timers: Timers,
  allowed: NetworkSet,
): Promise<PostOutcome> {
  const isPlain = url.protocol === 'http:';
  const open = isPlain ? requestPlain : requestTls;
  const { promise, resolve } = Promise.withResolvers<PostOutcome>();
  const request = open(url, {
    method: 'POST',
    agent: false,
    maxHeaderSize: headerBytesMax,
    lookup: allowedLookup(allowed, isPlain),
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
  });
  const timer = timers.after(deadlineMs, () => {
    request.destroy(new Error(`no answer within ${String(deadlineMs / 1000)} seconds`));
  });
  request.once('response', (response) => {
    resolve({ kind: 'answered', status: response.statusCode ?? 0 });
    response.destroy();
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    resolve({ kind: 'failed', reason: reasonOf(error, hostOf(url)) });
  });
  request.once('close', () => {
    timers.clear(timer);
    resolve({ kind: 'failed', reason: 'the connection closed before the answer' });
  });
  request.end(body);
  return promise;
}

class RefusedAddressError extends Error {}

/** Resolves a name to those of its addresses that may be called. */
function allowedLookup(allowed: NetworkSet, onlyLoopback: boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) {
        done(error, '', 4);
        return;
      }
      const usable = found.filter(
        ({ address }) => mayCall(address, allowed) && (!onlyLoopback || isLoopback(address)),
      );
      const [first] = usable;
      if (first === undefined) {
        const to = found.map(({ address }) => address).join(', ');
        done(new RefusedAddressError(`${hostname} leads to ${to}, which may not be called`), '', 4);
        return;
      }
      if (options.all === true) done(null, usable);
      else done(null, first.address, first.family);
    });
  };
}

function reasonOf(error: NodeJS.ErrnoException, host: string): string {
  if (error.code === undefined) return error.message;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return isIP(host) === 0 ? `the name ${host} is not found` : `${host} is not reached`;
  }
  return `no connection to ${host}: ${error.code}`;
}
