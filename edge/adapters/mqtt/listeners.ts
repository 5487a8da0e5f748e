import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ListenerOptions } from './options.ts';

export interface ListenerHooks {
  /** A connection was accepted; for TLS before its handshake. False: there is no room, it is dropped. */
  accept(socket: Socket): boolean;
  /** A connection is ready to be read. */
  ready(socket: Socket): void;
  tlsFailed(error: Error, address: string | undefined): void;
  handshakeTimeoutMs: number;
}

/** The bound listeners of a broker. */
export class Listeners {
  /** URL of each, with its real port: `mqtt://127.0.0.1:34567`. */
  readonly endpoints: string[] = [];
  readonly #servers: Server[] = [];

  /** Binds all of them, or none: the error names the address and what to do. */
  async bind(name: string, listeners: readonly ListenerOptions[], hooks: ListenerHooks): Promise<void> {
    try {
      for (const [index, options] of listeners.entries()) {
        const server = makeServer(options, hooks, index);
        await listen(server, options, index);
        this.#servers.push(server);
        this.endpoints.push(endpointOf(server, options));
      }
    } catch (error) {
      await this.close();
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`mqtt broker "${name}": ${message}`, { cause: error });
    }
  }

  /** Stops accepting; resolves when every connection has ended. */
  async close(): Promise<void> {
    const servers = this.#servers.splice(0);
    this.endpoints.length = 0;
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }
}

function makeServer(options: ListenerOptions, hooks: ListenerHooks, index: number): Server {
  const { tls } = options;
  const accept = (socket: Socket): void => {
    if (!hooks.accept(socket)) socket.destroy();
  };
  // Acknowledgements are 4 bytes: Nagle would hold them back for the next one.
  if (tls === undefined) {
    return createServer({ noDelay: true }, (socket) => {
      accept(socket);
      if (!socket.destroyed) hooks.ready(socket);
    });
  }
  try {
    const server = createTlsServer(
      {
        cert: tls.cert,
        key: tls.key,
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        requestCert: tls.requestCert === true,
        rejectUnauthorized: tls.requestCert === true,
        handshakeTimeout: hooks.handshakeTimeoutMs,
        noDelay: true,
      },
      hooks.ready,
    );
    // asked for while it is connected: a socket that has closed does not know its peer any more
    const peers = new WeakMap<object, string>();
    server.on('connection', (socket: Socket) => {
      if (socket.remoteAddress !== undefined) peers.set(socket, socket.remoteAddress);
      accept(socket);
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // not in the published types: the connection below
      const { _parent: below } = socket as { _parent?: object };
      const address = socket.remoteAddress ?? (below === undefined ? undefined : peers.get(below));
      const why = new Error(whyRefused(error, socket.authorizationError), { cause: error });
      hooks.tlsFailed(why, address);
    });
    return server;
  } catch (error) {
    throw new Error(
      `listener ${index + 1} (${options.host}:${options.port}): the TLS certificate or key cannot be used ` +
        `(${error instanceof Error ? error.message : error}): check that both are PEM and belong together`,
      { cause: error },
    );
  }
}

/** What OpenSSL says of a certificate, in words. */
const certificateFaults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, not by an authority of ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not in ca_file',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of an authority that is not in ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an authority that is not in ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not in ca_file',
  INVALID_PURPOSE: 'its certificate is not one of a client',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it showed no certificate',
  ERR_SSL_HTTP_REQUEST: 'it speaks HTTP without TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks without TLS, or a version that is not supported',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks a version of TLS that is not supported',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the certificate of this listener',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it did not finish the handshake in time',
};

/** Node says of a certificate that it refused only that the connection is gone: what was wrong is at the socket. */
function whyRefused({ code, message }: NodeJS.ErrnoException, refused: Error | string | null): string {
  const found =
    typeof refused === 'string' ? refused : ((refused as NodeJS.ErrnoException | null)?.code ?? code);
  const words = found === undefined ? undefined : certificateFaults[found];
  return words === undefined
    ? `${message.trim()}${refused === null ? '' : `, ${found}`}`
    : `${words}, ${found}`;
}

async function listen(server: Server, { host, port }: ListenerOptions, index: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const what = `listener ${index + 1}: cannot listen on ${host}:${port} (${error.code ?? error.message})`;
      reject(new Error(`${what}: ${advice(error.code, port)}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      // EMFILE and the like while accepting: the listener lives on.
      server.on('error', () => {});
      resolve();
    });
  });
}

function advice(code: string | undefined, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another program uses port ${port}: stop it, or choose another port`;
    case 'EACCES':
      return `ports below 1024 need a privilege: choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE`;
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address: use one of its own, or 0.0.0.0 for all of them';
    case 'ENOTFOUND':
      return 'the host name is unknown: use an IP address';
    default:
      return 'check host and port';
  }
}

function endpointOf(server: Server, { host, tls }: ListenerOptions): string {
  const { port } = server.address() as AddressInfo;
  const scheme = tls === undefined ? 'mqtt' : 'mqtts';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
