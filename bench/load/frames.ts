import { randomBytes } from 'node:crypto';

/** RFC 6455, section 5.2: FIN and opcode 1, a whole text frame. */
const wholeText = 0x81;
const closeFrame = 0x88;
const maskedBit = 0x80;
const lengthIn16Bits = 126;
const maskBytes = 4;
const headEnd = Buffer.from('\r\n\r\n');

/** A text frame as clients send it, masked. Payloads from 126 bytes to 64 KiB. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < lengthIn16Bits || payload.length > 0xffff) {
    throw new RangeError(`a frame of ${String(payload.length)} bytes needs another form of length`);
  }
  const mask = randomBytes(maskBytes);
  const masked = payload.map((byte, index) => byte ^ (mask[index % maskBytes] ?? 0));
  const head = Buffer.from([
    wholeText,
    maskedBit | lengthIn16Bits,
    payload.length >> 8,
    payload.length & 0xff,
  ]);
  return Buffer.concat([head, mask, masked]);
}

/**
 * Reads the first frame of a server, which has no mask and is short.
 *
 * @returns its text, or undefined while bytes are missing. Throws for a frame of another kind.
 */
export function readServerFrame(bytes: Buffer): string | undefined {
  const [kind, length] = bytes;
  if (kind === undefined || length === undefined) return undefined;
  if (kind === closeFrame) throw new Error('the server closed the tunnel');
  if (kind !== wholeText || length >= lengthIn16Bits) throw new Error('the server sent an unexpected frame');
  return bytes.length < 2 + length ? undefined : bytes.toString('utf8', 2, 2 + length);
}

/** The request that turns a connection into a WebSocket. The key is the example of RFC 6455, section 1.3. */
export function upgradeRequest(host: string): Buffer {
  const lines = [
    'GET /tunnel HTTP/1.1',
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/**
 * Skips the answer to {@link upgradeRequest}.
 *
 * @returns what follows it, or undefined while it is incomplete. Throws when the upgrade was refused.
 */
export function afterUpgrade(bytes: Buffer): Buffer | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${head.split('\r\n')[0] ?? ''}`);
  return bytes.subarray(end + headEnd.length);
}
