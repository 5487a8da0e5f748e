import type { Server, Socket } from 'node:net';

// Below the range that the kernel gives to outgoing connections and port 0 (32768 up): a camera that closes its
// listener for a while finds its port free again.
const FIRST_PORT = 12_000;
const PORTS = 20_000;

/** Listens on `port`, or on a free one; resolves with it. Waits while another process still holds the port named. */
async function listenOn(server: Server, host: string, port?: number): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const chosen = port ?? FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(chosen, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return chosen;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries > 200) throw error;
      if (port !== undefined) await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** A listener that opens and closes on one address in the order asked, and knows its connections. */
export class Listener {
  host: string;
  port = 0;
  maxConnections = 0;
  readonly #create: () => Server;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #order: Promise<void> = Promise.resolve();

  /** `create` makes a server that does not listen yet. */
  constructor(host: string, create: () => Server) {
    this.host = host;
    this.#create = create;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Listens again, on the port it had before if none is named. */
  open(port?: number): Promise<void> {
    return this.#next(async () => {
      if (this.#server !== undefined) return;
      const server = this.#create();
      server.on('connection', (socket: Socket) => {
        this.#sockets.add(socket);
        this.maxConnections = Math.max(this.maxConnections, this.#sockets.size);
        socket.on('error', () => {});
        socket.once('close', () => this.#sockets.delete(socket));
      });
      this.port = await listenOn(server, this.host, port ?? (this.port || undefined));
      this.#server = server;
    });
  }

  /** Closes the listener and cuts all connections: new ones are refused. */
  close(): Promise<void> {
    return this.#next(async () => {
      const server = this.#server;
      this.#server = undefined;
      if (server === undefined) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        this.cut();
      });
    });
  }

  /** Resolves when all openings and closings asked for so far are done. */
  settled(): Promise<void> {
    return this.#order;
  }

  /** Cuts every open connection with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#order = this.#order.then(step, step);
    return this.#order;
  }
}
