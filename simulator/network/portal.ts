import type { SimulatedSocket } from './socket.ts';

const page = '<!doctype html><title>Guest Wi-Fi</title><p>Please accept our terms.</p>';

/** Answers the first bytes with a page for people, or a redirect to one, as a hotel's network does. */
export function answerAsPortal(socket: SimulatedSocket, isRedirect: boolean): void {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    const head = isRedirect
      ? 'HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n'
      : 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n';
    socket.end(`${head}Connection: close\r\nContent-Length: ${page.length}\r\n\r\n${page}`);
  });
}
