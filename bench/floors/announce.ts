import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

const backlogConnections = 4096;

/** Listens on loopback, plain and TLS, and prints both addresses as one line of JSON. */
export async function announce(plain: Server, secure: Server): Promise<void> {
  const [plainPort, securePort] = await Promise.all([listen(plain), listen(secure)]);
  const floor = { plain: `http://127.0.0.1:${plainPort}`, secure: `https://127.0.0.1:${securePort}` };
  process.stdout.write(`${JSON.stringify({ floor })}\n`);
}

async function listen(server: Server): Promise<string> {
  server.listen({ host: '127.0.0.1', port: 0, backlog: backlogConnections });
  await once(server, 'listening');
  return String((server.address() as AddressInfo).port);
}
