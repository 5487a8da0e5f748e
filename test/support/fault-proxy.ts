import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback with faults that are switched while it runs. */
export class FaultProxy {
  /** Milliseconds each chunk waits, both ways. */
  latencyMs = 0;
  /** Forwards nothing and closes nothing: half-open connections. */
  blackhole = false;
  /** Resets new connections. */
  refuse = false;
  /** Changes bytes towards the target: called with each chunk. */
  tamper: ((chunk: Buffer) => Buffer) | undefined;
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  /** Connections so far. */
  connections = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      if (this.refuse) {
        client.resetAndDestroy();
        return;
      }
      this.connections += 1;
      const upstream = connect(target, '127.0.0.1');
      client.setNoDelay(true);
      upstream.setNoDelay(true);
      const pair: [Socket, Socket] = [client, upstream];
      this.#pairs.add(pair);
      this.#pipe(client, upstream, true);
      this.#pipe(upstream, client, false);
      client.on('close', () => this.#pairs.delete(pair));
    });
  }

  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Cuts every connection, as a failing network does. */
  reset(): void {
    for (const [client, upstream] of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pipe(from: Socket, to: Socket, up: boolean): void {
    let chain = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      if (this.blackhole) return;
      chain = chain.then(async () => {
        if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
        if (this.blackhole || to.destroyed) return;
        to.write(up && this.tamper ? this.tamper(chunk) : chunk);
      });
    });
    from.on('error', () => {});
    from.on('close', () => {
      if (!this.blackhole) void chain.then(() => to.destroy());
    });
  }
}
