import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Acceptors } from './acceptors.ts';

const host = '127.0.0.1';
const count = 16;
const options = { allowHalfOpen: true } as const;

let accepted: Socket[];
let server: Server;
let acceptors: Acceptors;
const clients: Socket[] = [];
beforeEach(() => {
  accepted = [];
  server = createServer(options, (socket) => {
    accepted.push(socket.on('error', () => undefined));
  });
  acceptors = new Acceptors(server, options, count);
});
afterEach(async () => {
  for (const socket of [...clients.splice(0), ...accepted]) socket.destroy();
  await acceptors.close();
});

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host, port }).on('error', () => undefined);
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('several listening sockets', () => {
  it.runIf(process.platform === 'linux')(
    'accept several connections in one turn of the event loop',
    async () => {
      const port = await acceptors.listen(host, 0);
      let most = 0;
      let before = 0;
      const watch = (async () => {
        while (accepted.length < 200) {
          await turn();
          most = Math.max(most, accepted.length - before);
          before = accepted.length;
        }
      })();
      const dialled = Promise.all(Array.from({ length: 200 }, () => dial(port)));
      // They wait in the kernel's queue, as they do while the process is busy with others.
      const untilMs = performance.now() + 50;
      while (performance.now() < untilMs);
      await Promise.all([dialled, watch]);
      expect(most).toBeGreaterThan(2);
    },
  );

  it('serve whoever came to any of them', async () => {
    const port = await acceptors.listen(host, 0);
    server.on('connection', (socket) => socket.end('hello'));
    for (let dialled = 0; dialled < 3 * count; dialled += 1) {
      const [words] = (await once(await dial(port), 'data')) as [Buffer];
      expect(words.toString()).toBe('hello');
    }
  });

  it('let no other program have the port, and take none that another has', async () => {
    const port = await acceptors.listen(host, 0);
    const other = new Acceptors(createServer(), options, count);
    await expect(other.listen(host, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(server.listening).toBe(true);
  });

  it('resolve their close when the last that came by any of them is gone, and then nothing listens', async () => {
    const port = await acceptors.listen(host, 0);
    await Promise.all(Array.from({ length: 3 * count }, () => dial(port)));
    while (accepted.length < 3 * count) await turn();
    const last = accepted.pop();
    for (const socket of accepted) socket.destroy();
    let closed = false;
    const closing = acceptors.close().then(() => {
      closed = true;
    });
    for (const socket of accepted) if (!socket.closed) await once(socket, 'close');
    await turn();
    expect(closed).toBe(false);
    last?.destroy();
    await closing;
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('may listen again after they could not', async () => {
    const taken = createServer().listen(0, host);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(acceptors.listen(host, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
    await once(taken, 'close');
    expect(await acceptors.listen(host, port)).toBe(port);
    await dial(port);
  });
});
