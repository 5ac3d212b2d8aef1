/**
 * The floor of tunnels: a bare `ws` server that answers the first frame and keeps the socket.
 * Started by the bench with a certificate and its key for TLS.
 */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type WebSocket, WebSocketServer } from 'ws';
import { announce } from './floors/announce.ts';

const [certificate = '', key = ''] = process.argv.slice(2);

/** `GET /` answers how many sockets are open. */
const count: RequestListener = (_request, response) => {
  response.end(String(servers.reduce((open, server) => open + server.clients.size, 0)));
};

function welcome(socket: WebSocket): void {
  socket.on('error', () => undefined);
  socket.once('message', (data: Buffer) => {
    const { device_id } = JSON.parse(data.toString('utf8')) as { readonly device_id: string };
    socket.send(JSON.stringify({ type: 'connected', device_id, timestamp: new Date().toISOString() }));
  });
}

const plain = createServer(count);
const secure = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, count);
const servers = [plain, secure].map((server) => new WebSocketServer({ server }).on('connection', welcome));
await announce(plain, secure);
