import type { IncomingMessage } from 'node:http';
import { bodyBytesMax } from '@edgeflow/contract';
import { ByteCollector } from '@edgeflow/platform';
import type * as z from 'zod';
import type { LocalAnswer } from './answer.ts';
import type { ProblemAnswer } from './problems.ts';

export type BodyReading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly answer: LocalAnswer };

/**
 * The body of a change: JSON under `application/json` and nothing else, so that no form and no simple request of a
 * foreign page passes; at most {@link bodyBytesMax}, whatever length it claims to have.
 */
export async function readBody<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  problem: ProblemAnswer,
): Promise<BodyReading<T>> {
  if (!isJson(request)) return { ok: false, answer: problem('media_type_unsupported') };
  const bytes = await readBytes(request);
  if (bytes === undefined) return { ok: false, answer: problem('body_too_large') };
  const document = parse(bytes);
  if (document === undefined) {
    return { ok: false, answer: problem('request_malformed', { detail: 'The body is not JSON in UTF-8.' }) };
  }
  const parsed = schema.safeParse(document.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  return { ok: false, answer: problem('request_malformed', { errors }) };
}

/** Calls that take nothing may come without a body (RFC 9112, section 6.3); one that is there is still JSON. */
export function isJsonOrEmpty(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return (Number(length ?? 0) === 0 && encoding === undefined) || isJson(request);
}

function isJson(request: IncomingMessage): boolean {
  return /^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '');
}

async function readBytes(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) return undefined;
  const collector = new ByteCollector(bodyBytesMax);
  // Not destroyed with the loop: the answer goes out on the same socket.
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (collector.add(piece)) continue;
    // What else comes is thrown away, for as long as the server lets a request last.
    request.resume();
    return undefined;
  }
  return collector.bytes();
}

function parse(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}
