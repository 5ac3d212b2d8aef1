const headEnd = Buffer.from('\r\n\r\n');
/** `HTTP/1.1 ` comes before the status. */
const statusStart = 9;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Reads one HTTP/1.1 answer with a Content-Length (RFC 9112, section 6.3): all that our servers and floors send.
 *
 * @returns undefined while bytes are missing. Throws for an answer in another form, or bytes after its end.
 */
export function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error('an answer has no Content-Length');
  const bodyStart = end + headEnd.length;
  const bodyEnd = bodyStart + Number(length);
  if (bytes.length < bodyEnd) return undefined;
  if (bytes.length > bodyEnd) throw new Error('an answer has bytes after its end');
  const status = Number(head.slice(statusStart, statusStart + 3));
  return { status, body: bytes.toString('utf8', bodyStart, bodyEnd) };
}
