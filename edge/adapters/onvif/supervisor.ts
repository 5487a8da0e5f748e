import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { RawMessage } from '../../../contract/raw-message.ts';
import type { Sink } from '../adapter.ts';
import {
  type Bounds,
  createPullPoint,
  findEvents,
  getClock,
  identify,
  type PullPoint,
  pullMessages,
  renew,
  synchronise,
  unsubscribe,
} from './calls.ts';
import type { OnvifCounters } from './counters.ts';
import type { OnvifDevice } from './device.ts';
import { DeviceClock } from './device-clock.ts';
import { isAnswer, OnvifFailure } from './failure.ts';
import type { Health, HealthState } from './health.ts';
import { Liveness } from './liveness.ts';
import { fingerprintOf, readNotification } from './notification.ts';
import type { OnvifLimits } from './options.ts';
import { type Action, PullPointCore, type Result } from './pull-point-core.ts';
import { SoapClient } from './soap-client.ts';
import { writeXml, type XmlElement } from './xml.ts';

/** A subscription that could not be ended. */
export interface Left {
  pullPoint: PullPoint;
  /** It ends by itself then, monotonic milliseconds. */
  endsAt: number;
}

export interface SupervisorOptions {
  adapter: string;
  device: OnvifDevice;
  limits: OnvifLimits;
  counters: OnvifCounters;
  sink: Sink;
  logger: Logger;
  /** Wall clock, milliseconds since 1970. */
  clock: () => number;
  /** Milliseconds that no step of the wall clock moves. */
  monotonic: () => number;
  /** 0 to 1; for the jitter. */
  random: () => number;
  /** Before the first attempt. */
  startMs: number;
  /** Of whoever watched this device before. */
  left?: Left | undefined;
  onHealth: (health: Health) => void;
}

/** Bytes of an unreadable notification that are kept. */
const SAMPLE_BYTES = 4_096;

/**
 * Keeps the event channel of one device alive, for ever: carries out what the core says, hands on what was pulled, and
 * watches that something comes. Nothing that the device does ends it; `stop()` does.
 */
export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #core: PullPointCore;
  readonly #liveness: Liveness;
  readonly #deviceClock: DeviceClock;
  readonly #client: SoapClient;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;
  #eventPath = '';
  #pullPoint: PullPoint | undefined;
  /** What was pulled last, on its way to the disk. */
  #committed: Promise<unknown> = Promise.resolve();
  #isOnline = false;
  #isProbing = false;
  #health: Health | undefined;
  /** Why it is as it is, for people. */
  #reason = '';
  /** The last failure of a call. */
  #failed = '';

  constructor(options: SupervisorOptions) {
    this.#o = options;
    const { device, limits, monotonic, clock, random, startMs, left } = options;
    this.#core = new PullPointCore({ ...limits, random, startMs, leftUntil: left?.endsAt });
    this.#pullPoint = left?.pullPoint;
    this.#liveness = new Liveness(limits.silentAfterMs, monotonic() + startMs);
    this.#deviceClock = new DeviceClock(monotonic, clock);
    this.#client = this.#newClient(device);
  }

  /** Undefined: not known yet. */
  get health(): Health | undefined {
    return this.#health;
  }

  /** A session is up. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  get url(): string {
    return this.#o.device.url;
  }

  /** For other calls to the device: who we are and what its clock says is known here. */
  get client(): SoapClient {
    return this.#client;
  }

  start(): void {
    this.#running = this.#run();
    const every = Math.min(1_000, this.#o.limits.silentAfterMs / 10);
    this.#watch = setInterval(() => this.#look(), every);
  }

  /**
   * Ends the session and the subscription there, in bounded time. Nothing is handed on afterwards. What is returned could
   * not be ended.
   */
  async stop(): Promise<Left | undefined> {
    clearInterval(this.#watch);
    this.#stopping.abort();
    await this.#running;
    if (this.#isOnline) this.#tell(false, 'the gateway stops watching it', true);
    const { endsAt } = this.#core;
    if (this.#pullPoint === undefined || endsAt === undefined) return undefined;
    const left = { pullPoint: this.#pullPoint, endsAt };
    // credentials that were just refused are not tried once more
    if (!this.#client.isProven) return left;
    this.#o.counters.unsubscribes++;
    return unsubscribe(this.#client, this.#pullPoint, { timeoutMs: this.#o.limits.stopMs }).then(
      () => undefined,
      () => left,
    );
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let action = this.#core.action;
    while (!signal.aborted) {
      const result = await this.#perform(action, signal);
      if (signal.aborted) return;
      this.#observe(action, result);
      action = this.#core.next(result, this.#o.monotonic());
      this.#follow(action, result);
    }
  }

  async #perform(action: Action, signal: AbortSignal): Promise<Result> {
    const wasProven = this.#client.isProven;
    try {
      return await this.#carryOut(action, signal);
    } catch (error) {
      const failure =
        error instanceof OnvifFailure
          ? error
          : new OnvifFailure('program', `a fault of the program: ${String(error)}; please report it`);
      if (signal.aborted) return { is: 'failed', kind: 'stopped' };
      if (failure.kind === 'program') this.#o.logger.error({ err: error }, 'onvif: a fault of the program');
      this.#o.counters.failed(failure.kind);
      const mayNot = failure.kind === 'rejected' && action.do === 'create' && wasProven;
      this.#failed = mayNot
        ? `the user "${this.#o.device.user}" signs in, but may not ask for events${failure.said === undefined ? '' : ` ("${failure.said}")`}: make it Operator there`
        : failure.message;
      this.#reason = this.#failed;
      if (failure.kind === 'malformed' && action.do === 'pull') this.#lost(failure.message);
      return { is: 'failed', kind: failure.kind };
    }
  }

  /** What came and went within an answer that could not be taken is not told again: whoever looks after it must know. */
  #lost(reason: string): void {
    const { adapter, device, logger, clock, monotonic, counters } = this.#o;
    counters.unreadable++;
    logger.warn({ device: device.id, reason }, 'onvif: an answer could not be taken; events may be missing');
    const raw: RawMessage = {
      source: 'onvif',
      adapter,
      channel: 'unreadable/answer',
      clientId: device.id,
      deviceKey: device.id,
      payload: Buffer.from(JSON.stringify({ lost: reason.slice(0, 200) })),
      contentType: 'application/json',
      receivedAt: clock(),
      receivedMonotonicMs: monotonic(),
    };
    void this.#handOn([raw]).catch(() => undefined);
  }

  async #carryOut(action: Action, signal: AbortSignal): Promise<Result> {
    const { device, limits, counters, monotonic } = this.#o;
    const bounds = { timeoutMs: limits.answerMs, signal };
    switch (action.do) {
      case 'wait':
        await sleep(action.ms, undefined, { signal });
        return { is: 'done' };
      case 'clock': {
        const askedAt = monotonic();
        const time = await getClock(this.#client, bounds);
        if (time !== undefined) this.#deviceClock.measured(time, askedAt);
        return { is: 'done' };
      }
      case 'find':
        await this.#tryCredentials(bounds);
        this.#eventPath = await findEvents(this.#client, device.url, bounds);
        return { is: 'done' };
      case 'create': {
        counters.creates++;
        const { terminationMs } = action;
        const made = await createPullPoint(this.#client, this.#eventPath, device.url, terminationMs, bounds);
        this.#pullPoint = made.pullPoint;
        return { is: 'created', grantedMs: made.grantedMs };
      }
      case 'synchronise':
        counters.synchronisations++;
        await synchronise(this.#client, this.#known(), bounds);
        return { is: 'done' };
      case 'pull': {
        counters.pulls++;
        const timeoutMs = limits.pullMs + limits.answerMs;
        const found = await pullMessages(this.#client, this.#known(), limits.pullMs, { timeoutMs, signal });
        const raws = this.#read(found);
        this.#committed = this.#handOn(raws);
        // the same rejection is met again where the commit is awaited
        this.#committed.catch(() => undefined);
        return { is: 'pulled', notifications: raws.length };
      }
      case 'commit': {
        const waiting = new AbortController();
        const all = await Promise.race([
          this.#committed.then(() => true),
          sleep(action.withinMs, false, { signal: AbortSignal.any([signal, waiting.signal]) }),
        ]).finally(() => waiting.abort());
        return { is: 'committed', all };
      }
      case 'renew':
        counters.renews++;
        return {
          is: 'renewed',
          grantedMs: await renew(this.#client, this.#known(), action.terminationMs, bounds),
        };
      case 'unsubscribe':
        counters.unsubscribes++;
        await unsubscribe(this.#client, this.#known(), bounds);
        return { is: 'done' };
    }
  }

  /** With a question that changes nothing; once they were accepted, the calls themselves tell. */
  async #tryCredentials(bounds: Bounds): Promise<void> {
    if (this.#client.isProven) return;
    const facts = await identify(this.#client, bounds);
    const { logger, device } = this.#o;
    if (facts !== undefined)
      logger.info({ device: device.id, ...facts }, 'onvif: the device has told who it is');
  }

  #known(): PullPoint {
    if (this.#pullPoint === undefined) throw new Error('no pull point');
    return this.#pullPoint;
  }

  /** What the result says about the device, before the next step. */
  #observe(action: Action, result: Result): void {
    const now = this.#o.monotonic();
    if (result.is === 'pulled') this.#liveness.pulled(now);
    // our own disk may be slow
    if (action.do === 'commit') this.#liveness.pulled(now);
    if (result.is === 'created') this.#liveness.accepted();
    this.#showHealth();
  }

  /** What the core made of it. */
  #follow(action: Action, result: Result): void {
    const now = this.#o.monotonic();
    if (action.do === 'wait' && (action.why === 'refused' || action.why === 'unsupported'))
      this.#liveness.judged(action.why, now);
    if (action.do === 'wait' && action.why === 'orphans')
      this.#reason = `answers to our subscriptions were lost, and it may still hold them; the next is made when the oldest has ended (the last: ${this.#failed})`;
    this.#showHealth();
    if (this.#core.isInSession && !this.#isOnline) this.#tell(true);
    else if (result.is === 'failed' && this.#isOnline && !this.#core.isInSession)
      this.#tell(false, this.#reason);
  }

  #read(found: XmlElement[]): RawMessage[] {
    const { adapter, device, counters, clock, monotonic, sink } = this.#o;
    const now = monotonic();
    const isStarting = this.#core.isStarting(now);
    return found.flatMap((message) => {
      const notifications = readNotification(message);
      if (notifications.length === 0) {
        counters.unreadable++;
        const sample = Buffer.from(writeXml(message)).subarray(0, SAMPLE_BYTES);
        sink.refused({ adapter, reason: 'bad-notification', clientId: device.id, sample, at: clock() });
      }
      return notifications.map(({ topic, body, wasCut, isUnread }): RawMessage => {
        if (wasCut) counters.cut++;
        if (isUnread === true) counters.unreadable++;
        return {
          source: 'onvif',
          adapter,
          channel: topic,
          clientId: device.id,
          deviceKey: device.id,
          payload: Buffer.from(JSON.stringify(body)),
          fingerprint: fingerprintOf(topic, body),
          contentType: 'application/json',
          receivedAt: clock(),
          receivedMonotonicMs: now,
          ...(isStarting && body.operation === 'Initialized' ? { initial: true } : {}),
        };
      });
    });
  }

  /** In order; resolves when all of it is on disk. */
  #handOn(raws: readonly RawMessage[]): Promise<unknown> {
    this.#o.counters.notifications += raws.length;
    return Promise.all(raws.map((raw) => this.#o.sink.message(raw))).catch((error: Error) => {
      throw new OnvifFailure('stopped', `what it said was not stored: ${error.message}`);
    });
  }

  /** Once a second: has something come in time, and if not, does the device answer at all? */
  #look(): void {
    if (this.#isProbing || !this.#liveness.isOverdue(this.#o.monotonic())) return;
    // what waits for our own disk is no silence of the device
    if (this.#core.action.do === 'commit') return;
    this.#isProbing = true;
    void this.#probe().finally(() => {
      this.#isProbing = false;
    });
  }

  async #probe(): Promise<void> {
    const { limits, counters, monotonic } = this.#o;
    counters.probes++;
    let answers = true;
    try {
      const timeoutMs = Math.min(limits.answerMs, 0.2 * limits.silentAfterMs);
      await getClock(this.#client, { timeoutMs, signal: this.#stopping.signal });
    } catch (error) {
      answers = error instanceof OnvifFailure && isAnswer(error.kind);
      if (!answers && error instanceof OnvifFailure && this.#reason === '') this.#reason = error.message;
    }
    if (this.#stopping.signal.aborted) return;
    this.#liveness.probed(answers, monotonic());
    this.#showHealth();
  }

  #showHealth(): void {
    const { state } = this.#liveness;
    if (state === undefined || state === this.#health?.state) return;
    if (state === 'ok') this.#reason = '';
    const { device, logger, clock, onHealth } = this.#o;
    const reason = state === 'ok' ? '' : inWords(state, device, this.#reason);
    this.#health = { state, reason, at: clock() };
    if (state === 'ok') logger.info({ device: device.id }, 'onvif: the event channel works');
    else logger.warn({ device: device.id, state }, `onvif: ${reason}`);
    onHealth(this.#health);
  }

  #tell(online: boolean, reason?: string, causedByUs?: boolean): void {
    this.#isOnline = online;
    const { adapter, device, sink, clock } = this.#o;
    sink.connection({
      adapter,
      clientId: device.id,
      online,
      at: clock(),
      ...(reason === undefined ? {} : { reason }),
      ...(causedByUs === true ? { causedByUs } : {}),
    });
  }

  #newClient(device: OnvifDevice): SoapClient {
    const { maxBytes } = this.#o.limits;
    return new SoapClient({
      device,
      maxBytes,
      deviceClock: () => this.#deviceClock.now(),
      isClockKnown: () => this.#deviceClock.isKnown,
    });
  }
}

function inWords(state: Exclude<HealthState, 'ok'>, { url }: OnvifDevice, reason: string): string {
  const { host } = new URL(url);
  const why = reason === '' ? '' : `: ${reason}`;
  switch (state) {
    case 'silent':
      return `${host} answers, but sends no events${why || '; restart the device if this lasts'}`;
    case 'offline':
      return `${host} does not answer${why}`;
    default:
      return `${host}${why}`;
  }
}
