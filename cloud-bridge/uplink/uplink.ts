import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { type Lane, lanes } from '../../contract/event.ts';
import { type Receipt, type RejectionCode, receiptSchema } from '../../contract/frame.ts';
import type { Appended, Cursor, Outbox } from '../../contract/outbox.ts';
import { LinkError } from '../mqtt-link.ts';
import { Pause } from '../pause.ts';
import { Reconnect, type ReconnectLimits, reconnectLimits } from '../reconnect.ts';
import { type LaneLimits, laneLimits } from './lane-limits.ts';
import { type Contradiction, LaneSender } from './lane-sender.ts';
import type { Rejection } from './lane-window.ts';
import { MqttTransport } from './mqtt-transport.ts';
import type { RecipientConfig } from './recipient.ts';
import { type GatewayHealth, heartbeatOf, helloOf } from './state-messages.ts';
import { newCounters, type UplinkStatus } from './status.ts';
import type { Transport, TransportConnection } from './transport.ts';

/** Times of an uplink, milliseconds. */
export interface UplinkTiming {
  heartbeatMs: number;
  /** Frames out and no receipt for this long: shown as down. */
  stalledMs: number;
  /** ... and for this long: a new connection. */
  livenessMs: number;
  /** How often ages and status are looked at. */
  statusMs: number;
  /** A goodbye that is not acknowledged within this time is given up. */
  byeMs: number;
}

const timing: UplinkTiming = {
  heartbeatMs: 60_000,
  stalledMs: 30_000,
  livenessMs: 120_000,
  statusMs: 1_000,
  byeMs: 2_000,
};

/** A severity 1 without a receipt is worth quick attempts this long (CONTRACT section 6: 5 min). */
const URGENT_YOUNG_MS = 300_000;

export interface UplinkOptions {
  config: RecipientConfig;
  outbox: Outbox;
  logger: Logger;
  /** Id of this process start. */
  boot: string;
  /** `campus-gateway/{version}`. */
  software: string;
  health: () => GatewayHealth;
  /**
   * Is a severity 1 younger than 5 minutes open? Then the first reconnection is quick. The later ones are, too, while
   * one has no receipt; that the uplink knows by itself.
   */
  urgent?: () => boolean;
  /** Called when state, reason or lanes have changed, at most once per `statusMs` beside changes of state. */
  onStatus?: (status: UplinkStatus) => void;
  /** The recipient has stored everything the cursor names. */
  onReceipted?: (lane: Lane, cursor: Cursor, at: number) => void;
  /** The recipient refused a row, or it fits in no frame. Once for each row. */
  onRejected?: (lane: Lane, seq: number, code: RejectionCode, detail: string) => void;
  /**
   * The recipient has rows that the journal does not have, or others: the journal's newest rows were lost. To be
   * answered by a new epoch of the outbox; called with every receipt that shows it until then.
   */
  onContradiction?: (contradiction: Contradiction) => void;
  /** Default: MQTT as `config` says. */
  transport?: Transport;
  reconnect?: Partial<ReconnectLimits>;
  timing?: Partial<UplinkTiming>;
  lanes?: Partial<Record<Lane, Partial<LaneLimits>>>;
  /** Milliseconds since 1970. */
  clock?: () => number;
  monotonic?: () => number;
  random?: () => number;
}

/** Sends the journal to one recipient: connects, keeps connected, and lets both lanes flow (CONTRACT section 6). */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #timing: UplinkTiming;
  readonly #transport: Transport;
  readonly #reconnect: Reconnect;
  readonly #firstMs: number;
  #senders: Record<Lane, LaneSender>;
  readonly #counters = newCounters();
  readonly #logger: Logger;
  readonly #clock: () => number;
  readonly #monotonic: () => number;
  readonly #stop = new AbortController();
  #connection: TransportConnection | undefined;
  #connections = 0;
  #lose: (reason: Error) => void = () => {};
  readonly #pause = new Pause();
  #hurriedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #forget: Array<() => void> = [];
  #state: Pick<UplinkStatus, 'state' | 'since' | 'reason'>;
  #shown = '';
  /** Said of the current or last connection. */
  #wasUp = false;
  #useful = false;

  constructor(options: UplinkOptions) {
    const { config } = options;
    this.#options = options;
    this.#timing = { ...timing, ...options.timing };
    this.#clock = options.clock ?? Date.now;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#logger = options.logger.child({ recipient: config.recipient });
    this.#transport = options.transport ?? new MqttTransport(config);
    const limits = { ...reconnectLimits, ...options.reconnect };
    this.#firstMs = limits.firstMs;
    this.#reconnect = new Reconnect(limits, options.random ?? Math.random);
    this.#state = { state: 'down', since: this.#clock(), reason: 'not connected yet' };
    this.#senders = { a: this.#sender('a'), e: this.#sender('e') };
  }

  /** Begins to connect and returns. Never throws for a recipient that cannot be reached. */
  start(): void {
    if (this.#running !== undefined) return;
    const { outbox } = this.#options;
    this.#forget = [
      outbox.onAppend((appended) => this.#appended(appended)),
      outbox.onRenewed(() => this.#renewed()),
    ];
    // What was stored since this object was made.
    this.#appended({ heads: { a: outbox.head('a'), e: outbox.head('e') }, urgent: [] });
    this.#running = this.#run();
    this.#findUrgent();
  }

  /** Says goodbye, disconnects and writes the cursors. `untilAt`: when the gateway means to be back. */
  async stop(bye: { planned?: boolean; untilAt?: string } = {}): Promise<void> {
    for (const forget of this.#forget) forget();
    const connection = this.#connection;
    if (connection !== undefined) {
      const { planned = true, untilAt } = bye;
      for (const lane of lanes) this.#senders[lane].detach();
      const goodbye = connection.sendState({
        k: 'bye',
        boot: this.#boot(),
        planned,
        ...(untilAt ? { untilAt } : {}),
      });
      await within(this.#timing.byeMs, goodbye).catch((error) =>
        this.#logger.warn({ reason: String(error.message) }, 'uplink: goodbye not acknowledged'),
      );
      await connection.close();
    }
    this.#stop.abort();
    this.#lose(new Error('stopped'));
    await this.#running;
    // A disk that fails must not hold up the stop; what is not written is sent again.
    for (const lane of lanes) await within(this.#timing.byeMs, this.#senders[lane].settled()).catch(() => {});
  }

  /** As people see it now. */
  status(): UplinkStatus {
    return {
      recipient: this.#options.config.recipient,
      ...this.#state,
      protocol: this.#connection?.protocol,
      lanes: { a: this.#senders.a.status, e: this.#senders.e.status },
      counters: { ...this.#counters },
    };
  }

  /** Sends a row once more although the recipient refused it; the answer comes through the callbacks. */
  resend(lane: Lane, seq: number): void {
    this.#senders[lane].repeat(seq);
  }

  #sender(lane: Lane): LaneSender {
    const { config, outbox } = this.#options;
    return new LaneSender({
      lane,
      recipient: config,
      outbox,
      limits: { ...laneLimits[lane], ...this.#options.lanes?.[lane] },
      clock: this.#clock,
      monotonic: this.#monotonic,
      counters: this.#counters,
      logger: this.#logger,
      onRejected: (from, rejection) => this.#rejected(from, rejection),
      onContradiction: (contradiction) => this.#options.onContradiction?.(contradiction),
    });
  }

  #findUrgent(): void {
    this.#senders.a
      .findUrgent()
      .catch((error) => this.#logger.error({ err: error }, 'uplink: journal cannot be read'));
  }

  /** The journal has a new epoch: everything starts anew, on the connection that is there. */
  #renewed(): void {
    const connection = this.#connection;
    for (const lane of lanes) this.#senders[lane].end();
    this.#senders = { a: this.#sender('a'), e: this.#sender('e') };
    this.#findUrgent();
    if (connection === undefined) return;
    this.#hello(connection).catch((error: Error) => this.#lose(error));
    for (const lane of lanes) this.#senders[lane].attach(connection);
  }

  #hello(connection: TransportConnection): Promise<void> {
    const { config, outbox, software } = this.#options;
    return connection.sendState(helloOf(config, outbox, this.#boot(), software));
  }

  async #run(): Promise<void> {
    const watch = setInterval(() => void this.#watch(), this.#timing.statusMs);
    while (!this.#stop.signal.aborted) {
      const urgent = this.#options.urgent?.() ?? false;
      const delay = this.#reconnect.delay(urgent, this.#senders.a.urgentWaits(URGENT_YOUNG_MS));
      await this.#pause.wait(delay, this.#stop.signal);
      if (this.#stop.signal.aborted) break;
      const startedAt = this.#monotonic();
      const reason = await this.#session();
      if (this.#stop.signal.aborted) break;
      const lasted = this.#monotonic() - startedAt;
      const useful = this.#useful || (this.#wasUp && lasted > this.#timing.heartbeatMs);
      if (useful) this.#reconnect.lost();
      else this.#reconnect.failed(reason instanceof LinkError && reason.failure === 'busy');
    }
    clearInterval(watch);
    this.#set('down', 'stopped');
  }

  /** One connection, from the attempt to its end; resolves with why it ended. */
  async #session(): Promise<Error> {
    const { config, outbox } = this.#options;
    const { url } = config;
    this.#useful = false;
    this.#wasUp = false;
    this.#connections += 1;
    const lost = new Promise<Error>((resolve) => {
      this.#lose = resolve;
    });
    let connection: TransportConnection;
    try {
      connection = await this.#transport.connect(
        { k: 'gone', boot: this.#boot() },
        { receipt: (payload) => this.#receipt(payload), closed: this.#lose },
        this.#stop.signal,
      );
    } catch (error) {
      return this.#failed(error as Error, `cannot connect to ${url}`);
    }
    try {
      let told: string;
      do {
        told = outbox.epoch;
        await Promise.race([this.#hello(connection), lost.then((reason) => Promise.reject(reason))]);
      } while (told !== outbox.epoch);
    } catch (error) {
      connection.abandon();
      return this.#failed(error as Error, `${url} does not take the hello`);
    }
    this.#connection = connection;
    this.#wasUp = true;
    this.#counters.connects += 1;
    this.#logger.info({ url, protocol: connection.protocol }, 'uplink: connected');
    this.#set('up', undefined);
    for (const lane of lanes) this.#senders[lane].attach(connection);
    const heartbeat = setInterval(() => void this.#beat(connection), this.#timing.heartbeatMs);
    const reason = await lost;
    clearInterval(heartbeat);
    this.#connection = undefined;
    for (const lane of lanes) this.#senders[lane].detach();
    connection.abandon();
    if (!this.#stop.signal.aborted) {
      this.#logger.warn({ url, reason: reason.message }, 'uplink: connection lost');
      this.#set('down', `connection to ${url} lost: ${reason.message}`);
    }
    return reason;
  }

  #failed(error: Error, what: string): Error {
    if (this.#stop.signal.aborted) return error;
    this.#counters.connectFailures += 1;
    this.#logger.warn({ reason: error.message }, `uplink: ${what}`);
    this.#set('down', `${what}: ${error.message}`);
    return error;
  }

  /**
   * Names the process start; from its second connection on with a number, so that the late will of an older
   * connection cannot say `gone` for this one.
   */
  #boot(): string {
    return this.#connections <= 1 ? this.#options.boot : `${this.#options.boot}.${this.#connections}`;
  }

  async #beat(connection: TransportConnection): Promise<void> {
    const { outbox, software, health } = this.#options;
    const from = { boot: this.#boot(), software };
    try {
      await connection.sendState(heartbeatOf(outbox, this.status().lanes, health(), from, this.#clock()));
    } catch (error) {
      if (this.#connection !== connection) return;
      this.#logger.warn({ reason: (error as Error).message }, 'uplink: heartbeat not acknowledged');
    }
  }

  #receipt(payload: Uint8Array): void {
    const receipt = readReceipt(payload);
    const { config, outbox } = this.#options;
    if (receipt === undefined || receipt.recipient !== config.recipient || receipt.epoch !== outbox.epoch) {
      this.#counters.receiptsIgnored += 1;
      return;
    }
    this.#counters.receipts += 1;
    this.#useful = true;
    const { lane } = receipt;
    if (this.#senders[lane].take(receipt)) {
      this.#options.onReceipted?.(lane, this.#senders[lane].cursor, this.#clock());
    }
  }

  #rejected(lane: Lane, { seq, code, detail }: Rejection): void {
    this.#counters.rejected += 1;
    this.#logger.error({ lane, seq, rejection: code, detail }, 'uplink: row refused');
    this.#options.onRejected?.(lane, seq, code, detail);
  }

  #appended({ heads, urgent }: Appended): void {
    for (const lane of lanes) this.#senders[lane].appended(heads[lane].seq, lane === 'a' ? urgent : []);
    if (urgent.length > 0) this.#hurry();
  }

  /** A new severity 1 shortens the wait for a connection: to `urgentMs` once in `firstMs`, else to `urgentMaxMs`. */
  #hurry(): void {
    const now = this.#monotonic();
    const again = now - this.#hurriedAt < this.#firstMs;
    if (this.#pause.shorten(this.#reconnect.earlyDelay(again)) && !again) this.#hurriedAt = now;
  }

  async #watch(): Promise<void> {
    const quiet = lanes.map((lane) => this.#senders[lane].quietSince ?? Number.POSITIVE_INFINITY);
    const silence = this.#monotonic() - Math.min(...quiet);
    if (this.#connection !== undefined) {
      const seconds = Math.round(silence / 1000);
      if (silence > this.#timing.livenessMs) this.#lose(new Error(`no receipt for ${seconds} s`));
      else if (silence <= this.#timing.stalledMs) this.#set('up', undefined);
      else this.#set('down', `connected, but no receipt for ${seconds} s: is the receiver running?`);
    }
    try {
      for (const lane of lanes) await this.#senders[lane].refreshOldest();
    } catch (error) {
      this.#logger.warn({ err: error }, 'uplink: journal cannot be read');
    }
    this.#show();
  }

  #set(state: UplinkStatus['state'], reason: string | undefined): void {
    const since = state === this.#state.state ? this.#state.since : this.#clock();
    const news = state !== this.#state.state || this.#state.reason !== reason;
    this.#state = { state, since, reason };
    if (news) this.#show();
  }

  #show(): void {
    const status = this.status();
    const { state, reason, lanes: both } = status;
    const shown = JSON.stringify([state, reason, both]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.onStatus?.(status);
  }
}

function readReceipt(payload: Uint8Array): Receipt | undefined {
  try {
    return receiptSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))).data;
  } catch {
    return undefined;
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
