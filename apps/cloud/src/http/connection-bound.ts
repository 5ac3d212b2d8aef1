import type { Server, Socket } from 'node:net';
import type { WaitingRoom } from './waiting-room.ts';

/**
 * Bounds all connections of the process, tunnels too, so that file descriptors are left for its files and for whoever
 * comes next. At the bound a newcomer is let in, and somebody goes who waits for nothing but their client, of whichever
 * listener has most of these; it is the newcomer itself when nobody else waits. A tunnel is never sent away for another.
 *
 * (Without it libuv closes all newcomers unseen, once it cannot accept any more.)
 */
export function boundConnections(
  doors: readonly { readonly server: Server; readonly room: WaitingRoom }[],
  connectionsMax: number,
  onFull: () => void,
): void {
  let open = 0;
  // One for all sockets: whatever is made for each is kept as long as its tunnel.
  const left = (): void => {
    open -= 1;
  };
  for (const { server } of doors) {
    // The room has its own listener already: a newcomer is in it.
    server.on('connection', (socket: Socket) => {
      open += 1;
      socket.on('close', left);
      if (open <= connectionsMax) return;
      const [first, ...others] = doors;
      const fullest = others.reduce(
        (most, door) => (door.room.size > (most?.room.size ?? 0) ? door : most),
        first,
      );
      fullest?.room.makeRoom(1);
      onFull();
    });
  }
}
