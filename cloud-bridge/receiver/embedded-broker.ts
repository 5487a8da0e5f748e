import { timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes, type AuthenticateError } from 'aedes';
import type { Logger } from 'pino';

export interface EmbeddedBrokerOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Asked of every client when given. */
  username?: string | undefined;
  password?: string | undefined;
  logger: Logger;
}

export interface EmbeddedBroker {
  /** `mqtt://host:port`, with the real port. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const REFUSED = 4;

/**
 * A province's broker for a demo or a single school: MQTT 3.1.1, nothing on disk, no rights per gateway. It delivers
 * nothing on shared subscriptions. For real use put mosquitto, EMQX or another MQTT 5 broker here.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { host, port, username, password, logger } = options;
  const broker = await Aedes.createBroker();
  if (username !== undefined) {
    broker.authenticate = (_client, user, secret, done) => {
      if (same(user ?? '', username) && same(secret?.toString() ?? '', password ?? ''))
        return done(null, true);
      const error: AuthenticateError = Object.assign(new Error('user or password is wrong'), {
        returnCode: REFUSED,
      });
      done(error, null);
    };
  }
  broker.on('clientError', (client, error) =>
    logger.warn({ client: client.id, reason: error.message }, 'broker: client error'),
  );
  broker.on('connectionError', (_client, error) =>
    logger.warn({ reason: error.message }, 'broker: connection refused'),
  );
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: async () => {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
