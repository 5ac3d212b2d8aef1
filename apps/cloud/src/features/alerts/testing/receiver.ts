import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { AlertMessage } from '../message.ts';

export interface ReceivedMessage {
  /** `webhook-id` */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly message: AlertMessage;
}

/** A webhook's other end: a real server on loopback that keeps what it gets. */
export interface Receiver {
  readonly url: string;
  readonly got: ReceivedMessage[];
  /** What it answers from now on. */
  status: number;
  /** Takes messages and answers none from now on. */
  isSilent: boolean;
  /** Checks a message as Standard Webhooks say. Throws for a signature that is wrong, or too old. */
  verify(message: ReceivedMessage, secret: string): unknown;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const got: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const id = String(request.headers['webhook-id']);
      got.push({ id, headers: request.headers, body, message: JSON.parse(body) as AlertMessage });
      if (receiver.isSilent) return;
      response.writeHead(receiver.status, { location: '/elsewhere' });
      response.end('x'.repeat(1_000_000));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${String(port)}/hook`,
    got,
    status: 204,
    isSilent: false,
    verify: ({ body, headers }, secret) =>
      new Webhook(secret).verify(body, headers as Record<string, string>),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}
