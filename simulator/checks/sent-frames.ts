export interface SentFrame {
  /** RFC 6455, section 5.2. */
  readonly opcode: number;
  readonly payload: Buffer;
}

export const textOpcode = 1;
export const closeOpcode = 8;

const noBytes = Buffer.alloc(0);
const switching = 'HTTP/1.1 101 ';
const lengthIn16Bits = 126;
const lengthIn64Bits = 127;

/**
 * The WebSocket frames in what a server writes to one connection. A frame may come in any pieces: ws writes its head and
 * its payload apart, and a payload may begin like a head.
 */
export class SentFrames {
  #isTunnel = false;
  #rest: Buffer = noBytes;

  /** @returns the frames that are whole with these bytes; none before the connection is a WebSocket */
  add(bytes: Buffer): SentFrame[] {
    if (!this.#isTunnel) {
      // ws writes this head in one piece, and nothing with it.
      this.#isTunnel = bytes.toString('latin1', 0, switching.length) === switching;
      return [];
    }
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: SentFrame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): SentFrame | undefined {
    const head = readHead(this.#rest);
    if (head === undefined || this.#rest.length < head.end) return undefined;
    const payload = this.#rest.subarray(head.start, head.end);
    this.#rest = this.#rest.subarray(head.end);
    return { opcode: head.opcode, payload };
  }
}

/** Where the payload lies; a server's frames have no mask. */
function readHead(bytes: Buffer): { opcode: number; start: number; end: number } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const opcode = first & 0x0f;
  const short = second & 0x7f;
  if (short < lengthIn16Bits) return { opcode, start: 2, end: 2 + short };
  if (short < lengthIn64Bits)
    return bytes.length < 4 ? undefined : { opcode, start: 4, end: 4 + bytes.readUInt16BE(2) };
  return bytes.length < 10 ? undefined : { opcode, start: 10, end: 10 + Number(bytes.readBigUInt64BE(2)) };
}
