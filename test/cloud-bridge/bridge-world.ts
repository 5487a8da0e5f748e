import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbeddedBroker } from '../../cloud-bridge/receiver/embedded-broker.ts';
import { Receiver, type ReceiverOptions } from '../../cloud-bridge/receiver/receiver.ts';
import { SqliteStore } from '../../cloud-bridge/receiver/sqlite-store.ts';
import type { EventView, ReceiverStore } from '../../cloud-bridge/receiver/store.ts';
import { MqttTransport } from '../../cloud-bridge/uplink/mqtt-transport.ts';
import type { RecipientConfig } from '../../cloud-bridge/uplink/recipient.ts';
import { Uplink, type UplinkOptions } from '../../cloud-bridge/uplink/uplink.ts';
import type { Lane } from '../../contract/event.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import type { MemoryOutbox } from '../support/memory-outbox.ts';
import { requirePeer } from '../support/peers.ts';

export const quiet = pino({ level: process.env.BRIDGE_LOG ?? 'silent' });

/** A broker of a test; `restart` comes back on the same port. */
export interface TestBroker {
  port: number;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

export type BrokerKind = 'aedes' | 'mosquitto';

/** Everything between a journal and a province's table, real but for the journal. Closes in reverse order. */
export class World {
  readonly dir: string;
  readonly broker: TestBroker;
  /** Between gateway and broker. */
  readonly proxy: FaultProxy;
  readonly #closers: Array<() => Promise<unknown> | unknown> = [];

  private constructor(dir: string, broker: TestBroker, proxy: FaultProxy) {
    this.dir = dir;
    this.broker = broker;
    this.proxy = proxy;
  }

  static async open(kind: BrokerKind, extra: string[] = []): Promise<World> {
    const { dir, remove } = tempDir('bridge');
    const broker = kind === 'aedes' ? await aedes() : await mosquitto(dir, extra);
    const world = new World(dir, broker, await FaultProxy.start(broker.port));
    world.#closers.push(
      remove,
      () => broker.stop(),
      () => world.proxy.close(),
    );
    return world;
  }

  onClose(close: () => Promise<unknown> | unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  /** The province's table. */
  store(): Promise<SqliteStore> {
    return SqliteStore.open({ file: join(this.dir, 'receiver.db'), deadLetterBytes: 16 * 1024 * 1024 });
  }

  /** A receiver on the broker itself, connected; on the province's table unless told otherwise. */
  async receiver(
    options: Partial<ReceiverOptions> = {},
  ): Promise<{ receiver: Receiver; store: ReceiverStore; rows: (lane?: Lane) => Promise<EventView[]> }> {
    const store = options.store ?? (await this.store());
    const receiver = await Receiver.start({
      recipient: 'province',
      broker: { url: `mqtt://127.0.0.1:${this.broker.port}` },
      http: { host: '127.0.0.1', port: 0 },
      logger: quiet,
      reconnect: { firstMs: 50, maxMs: 200 },
      ...options,
      store,
    });
    this.onClose(() => receiver.stop());
    await receiver.connected();
    const rows = async (lane?: Lane) => {
      const all: EventView[] = [];
      for (;;) {
        const page = await store.events({ lane, after: all.at(-1)?.position ?? 0, limit: 1000 });
        all.push(...page);
        if (page.length < 1000) return all;
      }
    };
    return { receiver, store, rows };
  }

  /** An uplink through the proxy, started, with quick timers. */
  uplink(
    outbox: MemoryOutbox,
    options: Partial<UplinkOptions> = {},
    change: Partial<RecipientConfig> = {},
  ): Uplink {
    const config = {
      recipient: 'province',
      url: this.proxy.url,
      ...outbox.origin,
      name: '示例大学',
      ...change,
    };
    const uplink = new Uplink({
      config,
      transport: new MqttTransport(config, { connectTimeoutMs: 2_000, answerTimeoutMs: 2_000 }),
      outbox,
      logger: quiet,
      boot: randomUUID(),
      software: 'campus-gateway/test',
      health: () => ({ holdHours: 1000, clock: 'sync' }),
      reconnect: { startMs: 10, firstMs: 100, maxMs: 500, urgentMs: 20 },
      lanes: {
        a: { firstResendMs: 300, maxResendMs: 2_000 },
        e: { firstResendMs: 700, maxResendMs: 2_000, lingerMs: 20 },
      },
      timing: { statusMs: 50, byeMs: 500 },
      ...options,
    });
    this.onClose(() => uplink.stop());
    uplink.start();
    return uplink;
  }
}

async function aedes(): Promise<TestBroker> {
  let broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, logger: quiet });
  const { port } = broker;
  let up = true;
  const stop = async () => {
    if (up) await broker.close();
    up = false;
  };
  const restart = async () => {
    await stop();
    broker = await startEmbeddedBroker({ host: '127.0.0.1', port, logger: quiet });
    up = true;
  };
  return { port, stop, restart };
}

async function mosquitto(dir: string, extra: string[]): Promise<TestBroker> {
  const program = requirePeer('mosquitto');
  let broker = await startMosquitto(program, dir, { extra });
  const { port } = broker;
  const stop = () => broker.process.kill();
  const restart = async () => {
    await stop();
    broker = await startMosquitto(program, dir, { port, extra });
  };
  return { port, stop, restart };
}

/** The numbers of a lane as the receiver stored them, in the order of arrival. */
export function seqs(rows: readonly EventView[]): number[] {
  return rows.map(({ seq }) => seq);
}

export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** A store with some of its methods exchanged. */
export function storeWith(store: ReceiverStore, change: Partial<ReceiverStore>): ReceiverStore {
  return {
    commit: (batch) => store.commit(batch),
    lane: (key) => store.lane(key),
    lanes: () => store.lanes(),
    gateways: () => store.gateways(),
    regionOf: (school, gateway) => store.regionOf(school, gateway),
    counts: (by) => store.counts(by),
    events: (query) => store.events(query),
    alarms: (query) => store.alarms(query),
    deadLetters: (query) => store.deadLetters(query),
    check: () => store.check(),
    close: () => store.close(),
    ...change,
  };
}
