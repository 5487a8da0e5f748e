import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { Adapter, AdapterStatus, Sink } from '../adapter.ts';
import { OnvifCounters } from './counters.ts';
import type { OnvifDevice } from './device.ts';
import type { Health, HealthState } from './health.ts';
import type { OnvifLimits } from './options.ts';
import type { Reach } from './reach.ts';
import { type Left, Supervisor } from './supervisor.ts';

export interface OnvifAdapterOptions {
  limits: OnvifLimits;
  logger: Logger;
  /** Wall clock, milliseconds since 1970. */
  clock: () => number;
  /** Milliseconds that no step of the wall clock moves. */
  monotonic?: () => number;
  /** 0 to 1; for the jitter. */
  random?: () => number;
  /** The event channel of a device changed its state. */
  onHealth?: (device: string, health: Health) => void;
}

export interface OnvifStatus extends AdapterStatus {
  /** Devices by the state of their event channel; `unknown`: nothing is known yet. */
  states: Readonly<Record<HealthState | 'unknown', number>>;
}

/** A device and who watches it; changes are made one after the other, so that never two watch. */
interface Post {
  /** Undefined: it was removed. */
  device: OnvifDevice | undefined;
  supervisor: Supervisor | undefined;
  /** What the last one could not end, and where. */
  left: { of: string; what: Left | undefined };
  turn: Promise<void>;
}

/** Milliseconds of the start spread that each device adds. */
const SPREAD_PER_DEVICE_MS = 20;

/** Cameras and access controllers over ONVIF: one supervised pull point each. docs/onvif.md says what it promises. */
export class OnvifAdapter implements Adapter {
  readonly name = 'onvif';
  readonly #o: OnvifAdapterOptions;
  readonly #counters = new OnvifCounters();
  readonly #posts = new Map<string, Post>();
  #sink: Sink | undefined;

  constructor(options: OnvifAdapterOptions) {
    this.#o = options;
  }

  /** Begins to connect; resolves at once: cameras that are away must not keep the gateway from starting. */
  async start(sink: Sink): Promise<void> {
    if (this.#sink !== undefined) return;
    this.#sink = sink;
    for (const post of this.#posts.values()) this.#begin(post);
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    await Promise.all([...this.#posts.values()].map((post) => this.#end(post)));
  }

  /** The devices from now on: who is new begins, who is gone ends, who changed begins anew; nobody else notices. */
  setDevices(devices: readonly OnvifDevice[]): void {
    const wanted = new Map(devices.map((device) => [device.id, device]));
    for (const [id, post] of this.#posts) {
      if (wanted.has(id)) continue;
      post.device = undefined;
      void this.#end(post).then(() => {
        if (post.device === undefined) this.#posts.delete(id);
      });
    }
    for (const device of devices) {
      const post = this.#posts.get(device.id) ?? this.#newPost(device.id);
      if (JSON.stringify(post.device) === JSON.stringify(device)) continue;
      post.device = device;
      void this.#end(post);
      this.#begin(post);
    }
  }

  /** State of a device's event channel; undefined: not known yet, or no such device. */
  health(device: string): Health | undefined {
    return this.#posts.get(device)?.supervisor?.health;
  }

  /** The way to a watched device, for what is asked beside its events. */
  reach(id: string): Reach | undefined {
    const { device, supervisor } = this.#posts.get(id) ?? {};
    if (device === undefined || supervisor === undefined) return undefined;
    return { device, client: supervisor.client, health: supervisor.health };
  }

  status(): OnvifStatus {
    const states = { ok: 0, silent: 0, offline: 0, refused: 0, unsupported: 0, unknown: 0 };
    let clients = 0;
    for (const { device, supervisor } of this.#posts.values()) {
      if (device === undefined) continue;
      states[supervisor?.health?.state ?? 'unknown']++;
      if (supervisor?.isOnline === true) clients++;
    }
    return {
      name: this.name,
      state: this.#sink === undefined ? 'stopped' : 'running',
      endpoints: [...this.#posts.values()].flatMap(({ device }) => device?.url ?? []),
      clients,
      counters: this.#counters.snapshot(),
      states,
    };
  }

  #newPost(id: string): Post {
    const post: Post = {
      device: undefined,
      supervisor: undefined,
      left: { of: '', what: undefined },
      turn: Promise.resolve(),
    };
    this.#posts.set(id, post);
    return post;
  }

  #begin(post: Post): void {
    post.turn = post.turn.then(() => {
      // stopped, removed or begun meanwhile
      if (this.#sink === undefined || post.device === undefined || post.supervisor !== undefined) return;
      const { of, what } = post.left;
      post.supervisor = this.#supervisorOf(
        post.device,
        this.#sink,
        of === post.device.url ? what : undefined,
      );
      post.supervisor.start();
    });
  }

  #end(post: Post): Promise<void> {
    post.turn = post.turn.then(async () => {
      const { supervisor } = post;
      if (supervisor !== undefined) post.left = { of: supervisor.url, what: await supervisor.stop() };
      post.supervisor = undefined;
    });
    return post.turn;
  }

  #supervisorOf(device: OnvifDevice, sink: Sink, left: Left | undefined): Supervisor {
    const { limits, logger, clock, monotonic, random = Math.random, onHealth } = this.#o;
    const spread = Math.min(limits.spreadMs, this.#posts.size * SPREAD_PER_DEVICE_MS);
    return new Supervisor({
      adapter: this.name,
      device,
      limits,
      counters: this.#counters,
      sink,
      logger,
      clock,
      monotonic: monotonic ?? (() => performance.now()),
      random,
      startMs: random() * spread,
      left,
      onHealth: (health) => onHealth?.(device.id, health),
    });
  }
}
