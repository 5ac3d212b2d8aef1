import type { ServerResponse } from 'node:http';

/** What the local API answers. Bodies are small and whole: nothing here is streamed. */
export interface LocalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(value: object): LocalAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** On every answer, whatever it says: it may be kept by nobody, guessed at by nobody and embedded by nobody. */
const hardening: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  // A page that opened this one in a tab has no hold on it.
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/** Writes the whole answer; Node leaves the body of an answer to HEAD out. */
export function send(response: ServerResponse, { status, headers, body }: LocalAnswer): void {
  response.writeHead(status, { ...headers, ...hardening, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
