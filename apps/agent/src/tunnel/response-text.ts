import { frameBytesMax, type ResponseFrame } from '@edgeflow/contract';
import type { CommandAnswer } from '../commands/runner.ts';

/** A frame that would be too large for the cloud becomes an error that says so. */
export function responseText(id: string, answer: CommandAnswer): string {
  const text = encode(id, answer);
  const bytes = Buffer.byteLength(text);
  if (bytes <= frameBytesMax) return text;
  const error = `answer_too_large: the answer has ${String(bytes)} bytes, a frame holds ${String(frameBytesMax)}`;
  return encode(id, { status: 'error', error });
}

function encode(id: string, answer: CommandAnswer): string {
  const { status, data, error } = answer;
  const frame: ResponseFrame = {
    type: 'response',
    id,
    status,
    ...(data === undefined ? {} : { data }),
    ...(error === undefined ? {} : { error }),
  };
  return JSON.stringify(frame);
}
