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

export interface PosterOptions {
  readonly timers: Timers;
  readonly allowed: NetworkSet;
  /** Hears what a name led to where none of it may be called: for whoever runs the cloud alone. */
  readonly onRefused: (host: string, addresses: readonly string[]) => void;
}

/**
 * Posts over connections of their own, to addresses that may be called (see `mayCall`), judged by what the name
 * resolves to at the moment of the call. Redirects are answers like others: they are not followed.
 *
 * Whoever named the address hears the same of a name that is unknown and of one that leads to where nobody may call:
 * nobody learns the names and addresses of the network that the cloud stands in.
 */
export function publicPoster(options: PosterOptions): Poster {
  return {
    post: (text, headers, body) => {
      const problem = addressProblem(text, options.allowed);
      if (problem !== undefined) return Promise.resolve({ kind: 'failed', reason: problem });
      return send(new URL(text), headers, body, options);
    },
  };
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: PosterOptions,
): Promise<PostOutcome> {
  const { timers } = options;
  const isPlain = url.protocol === 'http:';
  const open = isPlain ? requestPlain : requestTls;
  const { promise, resolve } = Promise.withResolvers<PostOutcome>();
  const request = open(url, {
    method: 'POST',
    agent: false,
    maxHeaderSize: headerBytesMax,
    lookup: allowedLookup(options, isPlain),
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

/** Resolves a name to those of its addresses that may be called. */
function allowedLookup({ allowed, onRefused }: PosterOptions, onlyLoopback: boolean): LookupFunction {
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
        onRefused(
          hostname,
          found.map(({ address }) => address),
        );
        done(new Error(nowhere(hostname)), '', 4);
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
    return isIP(host) === 0 ? nowhere(host) : `${host} is not reached`;
  }
  return `no connection to ${host}: ${error.code}`;
}

function nowhere(host: string): string {
  return `${host} leads to no address that may be called; check the name, or ask whoever runs this cloud about WEBHOOK_NETWORKS`;
}
