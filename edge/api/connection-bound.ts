import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps a server within `room` connections. When they are all taken, the one that has asked for nothing for longest makes
 * room: whoever only opens connections must not keep the guard out, and a browser opens its own again. A new one is
 * closed only if all are at work. `full` is told each time.
 */
export function boundConnections(server: Server, room: number, full: (address: string) => void): void {
  const open = new Set<string>();
  /** Those without a request under way, by peer, the longest first. */
  const idle = new Map<string, Socket>();

  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    if (open.size >= room) {
      const [idlest] = idle;
      full((idlest?.[1] ?? socket).remoteAddress ?? '');
      if (idlest === undefined) {
        socket.destroy();
        return;
      }
      open.delete(idlest[0]);
      idle.delete(idlest[0]);
      idlest[1].destroy();
    }
    open.add(peer);
    idle.set(peer, socket);
    socket.once('close', () => {
      open.delete(peer);
      idle.delete(peer);
    });
  });
  server.on('request', ({ socket: asking }: IncomingMessage, answer: ServerResponse) => {
    const peer = peerOf(asking);
    const socket = idle.get(peer);
    if (socket === undefined) return;
    idle.delete(peer);
    answer.once('close', () => {
      if (open.has(peer) && !socket.destroyed) idle.set(peer, socket);
    });
  });
  // the live feed: signed in, or closed
  server.on('upgrade', ({ socket }: IncomingMessage) => idle.delete(peerOf(socket)));
}

/** The same for a connection and for the TLS on it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
