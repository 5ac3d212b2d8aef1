import { createHash } from 'node:crypto';
import { idempotencyKeySchema } from '@edgeflow/contract';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from './problems.ts';

/** How a repeat of an operator's request is recognised: by its key, and by what it asks for. Both in hexadecimal. */
export interface RequestHashes {
  /** SHA-256 of the `Idempotency-Key`; null without one, so that it repeats nothing. */
  readonly request: string | null;
  /** SHA-256 of the body. */
  readonly content: string;
}

/** Throws `request_malformed` for an `Idempotency-Key` that is not in its form. */
export function requestHashes({ headers }: FastifyRequest, body: unknown): RequestHashes {
  const { 'idempotency-key': key } = headers;
  return { request: key === undefined ? null : hashOfKey(key), content: sha256(JSON.stringify(body)) };
}

function hashOfKey(key: string | string[]): string {
  const { data, success } = idempotencyKeySchema.safeParse(key);
  if (success) return sha256(data);
  throw new ProblemError('request_malformed', {
    detail: 'The Idempotency-Key is not in the form expected',
    errors: [{ field: 'Idempotency-Key', message: 'must be 32 to 128 visible ASCII characters' }],
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
