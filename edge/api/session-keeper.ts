import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EARLIEST, STEP_MS } from '../ops/clock-watch.ts';
import type { KeptSession, SessionStore } from './ports.ts';
import type { Session } from './sessions.ts';

/** A sign-in or sign-out waits no longer for the disk; it holds all the same and is written later. */
const WRITTEN_WITHIN_MS = 1_000;
/** A last use that lies further in the future says that a clock is wrong. */
const MAX_AHEAD_MS = 300_000;

export interface SessionKeeperOptions {
  store: SessionStore;
  /** Wall clock, milliseconds since 1970. */
  wall: () => number;
  monotonic: () => number;
  logger: Logger;
}

/** How long a kept session has not been used, and how long it may still last; milliseconds. */
export interface Remains {
  idleMs: number;
  leftMs: number;
}

/**
 * What the wall clock tells of a session of an earlier run. Where the clock of either run is obviously wrong, the time
 * between them counts as none: a dead battery signs nobody out, and nobody gets more than was left.
 */
export function remainsOf({ seenAt, endsAt }: Pick<KeptSession, 'seenAt' | 'endsAt'>, now: number): Remains {
  const trusted = now >= EARLIEST && seenAt >= EARLIEST && seenAt - now <= MAX_AHEAD_MS;
  const at = trusted ? Math.max(now, seenAt) : seenAt;
  return { idleMs: at - seenAt, leftMs: endsAt - at };
}

/** Writes to the store what becomes of sessions: together, one write at a time, again when it fails. Never rejects. */
export class SessionKeeper {
  readonly #o: SessionKeeperOptions;
  #opened = new Map<string, Session>();
  #seen = new Map<string, Session>();
  #ended = new Set<string>();
  /** Last use of each session as it was written. */
  readonly #written = new WeakMap<Session, number>();
  #wallAhead: number;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(options: SessionKeeperOptions) {
    this.#o = options;
    this.#wallAhead = options.wall() - options.monotonic();
  }

  /** Sessions of the last run, the oldest first. */
  async load(): Promise<Array<KeptSession & Remains>> {
    try {
      const now = this.#o.wall();
      return (await this.#o.store.load()).map((kept) => ({ ...kept, ...remainsOf(kept, now) }));
    } catch (error) {
      this.#o.logger.error({ err: error }, 'the sessions cannot be read: everybody has to sign in again');
      return [];
    }
  }

  opened(hash: string, session: Session): void {
    this.#opened.set(hash, session);
    this.#soon();
  }

  ended(hash: string): void {
    this.#opened.delete(hash);
    this.#seen.delete(hash);
    this.#ended.add(hash);
    this.#soon();
  }

  /** Takes over who was used since the last time; all of them when the wall clock was set meanwhile. */
  seen(sessions: Iterable<[hash: string, session: Session]>): void {
    const ahead = this.#o.wall() - this.#o.monotonic();
    const wasSet = Math.abs(ahead - this.#wallAhead) > STEP_MS;
    this.#wallAhead = ahead;
    for (const [hash, session] of sessions) {
      if (this.#opened.has(hash)) continue;
      if (wasSet || this.#written.get(session) !== session.seenAt) this.#seen.set(hash, session);
    }
    this.#soon();
  }

  /** Resolves when everything told so far is stored or has failed to be, at the latest after a second. */
  stored(): Promise<void> {
    return Promise.race([this.#writing, delay(WRITTEN_WITHIN_MS, undefined, { ref: false })]);
  }

  /** What is told while a write is under way shares the next one. */
  #soon(): void {
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const [opened, seen, ended] = [this.#opened, this.#seen, this.#ended];
    if (opened.size + seen.size + ended.size === 0) return;
    this.#opened = new Map();
    this.#seen = new Map();
    this.#ended = new Set();
    try {
      const changes = { opened: this.#kept(opened), seen: this.#kept(seen), ended: [...ended] };
      await this.#o.store.write(changes);
      if (this.#failing) this.#o.logger.info('sessions are stored again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        const consequence = 'sessions cannot be stored: after a restart their people have to sign in again';
        this.#o.logger.warn({ err: error }, consequence);
      }
      this.#failing = true;
      this.#again(opened, seen, ended);
    }
  }

  /** With the next write; what has ended meanwhile stays ended. */
  #again(opened: Map<string, Session>, seen: Map<string, Session>, ended: Set<string>): void {
    for (const [hash, session] of opened) if (!this.#ended.has(hash)) this.#opened.set(hash, session);
    for (const [hash, session] of seen) if (!this.#ended.has(hash)) this.#seen.set(hash, session);
    for (const hash of ended) this.#ended.add(hash);
  }

  #kept(sessions: ReadonlyMap<string, Session>): KeptSession[] {
    const ahead = this.#o.wall() - this.#o.monotonic();
    return Array.from(sessions, ([hash, session]) => {
      const { user, station, place, seenAt, endsAt } = session;
      this.#written.set(session, seenAt);
      return {
        hash,
        user,
        ...(station === undefined ? {} : { station }),
        ...(place === undefined ? {} : { place }),
        seenAt: Math.round(seenAt + ahead),
        endsAt: Math.round(endsAt + ahead),
      };
    });
  }
}
