import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** RFC 6455, section 5.2. */
export const opcodes = { continuation: 0, text: 1, close: 8, ping: 9 } as const;

export interface RawFrame {
  readonly opcode: number;
  readonly payload?: string | Buffer;
  /** Whether it is the last piece of its message. */
  readonly final?: boolean;
  /** RSV1: compressed, where that was agreed on. */
  readonly compressed?: boolean;
}

/** A frame as clients send it, under a mask of zeros, for what no well-behaved library would send. */
export function rawFrame({ opcode, payload = '', final = true, compressed = false }: RawFrame): Buffer {
  const bytes = Buffer.from(payload);
  const first = (final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode;
  const head =
    bytes.length < 126
      ? [first, 0x80 | bytes.length]
      : [first, 0x80 | 126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), bytes]);
}

export function rawText(value: object): Buffer {
  return rawFrame({ opcode: opcodes.text, payload: JSON.stringify(value) });
}

/** The far end of a tunnel without any library: an upgraded socket that sends what it is told, byte for byte. */
export class RawTunnel {
  readonly socket: Socket;
  /** Everything that came after the upgrade. */
  heard = Buffer.alloc(0);
  readonly closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.heard = Buffer.concat([this.heard, chunk]);
    });
  }

  static async open(origin: string, headers: readonly string[] = []): Promise<RawTunnel> {
    const { hostname, port } = new URL(origin);
    const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
    const request = [
      ...['GET /tunnel HTTP/1.1', 'Host: cloud', 'Connection: Upgrade', 'Upgrade: websocket'],
      ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==', ...headers],
    ];
    socket.write(`${request.join('\r\n')}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const text = answer.toString('latin1');
    if (!text.startsWith('HTTP/1.1 101')) throw new Error(text);
    if (/^sec-websocket-extensions:/im.test(text)) throw new Error(`an extension was agreed on: ${text}`);
    return new RawTunnel(socket);
  }

  /** The close frame that came: its code and reason; undefined as long as there is none. */
  get closing(): string | undefined {
    const close = this.frames().find(({ opcode }) => opcode === opcodes.close);
    if (close === undefined) return undefined;
    const { payload } = close;
    return `${String(payload.readUInt16BE(0))} ${payload.toString('utf8', 2)}`;
  }

  /** What has come as whole frames. Ours are never longer than 65,535 bytes, nor in pieces. */
  frames(): { readonly opcode: number; readonly payload: Buffer }[] {
    const found: { readonly opcode: number; readonly payload: Buffer }[] = [];
    const { heard } = this;
    for (let at = 0; at + 4 <= heard.length || (heard[at + 1] ?? 126) < 126;) {
      const short = heard[at + 1] ?? 0;
      const start = at + (short === 126 ? 4 : 2);
      const end = start + (short === 126 ? heard.readUInt16BE(at + 2) : short);
      if (end > heard.length) break;
      found.push({ opcode: (heard[at] ?? 0) & 0x0f, payload: heard.subarray(start, end) });
      at = end;
    }
    return found;
  }

  count(text: string): number {
    return this.heard.toString('latin1').split(text).length - 1;
  }
}
