import type { WebSocket } from '@fastify/websocket';
import type { Logger } from 'pino';
import type { Alarm } from '../../contract/alarm.ts';
import { LIVE_HEARTBEAT_MS, type LiveStatus, liveClose } from '../../contract/live.ts';
import type { Committed } from '../journal/batch.ts';
import { within } from '../ops/within.ts';
import type { AlarmView } from './alarm-view.ts';
import type { Discretion } from './audience.ts';
import { catchUp, MAX_REPLAY_ROWS } from './live-catch-up.ts';
import { LiveClient, type LiveClientEvents } from './live-client.ts';
import { commitFrame, SharedFrame } from './live-frame.ts';
import type { ConnectionViews, VideoDesk } from './live-video.ts';
import type { JournalPort } from './ports.ts';
import { onDuty, type Session, type Sessions } from './sessions.ts';

/** Connections of the live feed at once; beyond, a new one is asked to come later. */
export const MAX_LIVE_CLIENTS = 200;
/** The journal must answer a joining client within this time; else it gets the snapshot from memory. */
const JOURNAL_MS = 2_000;

export interface LiveHubOptions {
  epoch: string;
  journal: Pick<JournalPort, 'position' | 'oldest' | 'commitsSince'>;
  alarms: AlarmView;
  discretion: Discretion;
  sessions: Sessions;
  video: VideoDesk;
  status: () => LiveStatus;
  clock: () => number;
  logger: Logger;
  /** Milliseconds between heartbeats; 5,000 unless a test is in a hurry. */
  heartbeatMs?: number;
}

/** What a client asks for: `since` is the last position it has, of the journal `epoch`. */
export interface LiveRequest {
  since?: string;
  epoch?: string;
}

const nothing: Pick<Committed, 'rows' | 'joined'> = { rows: [] };

/** The live feed (CONTRACT section 8): what is committed goes to every client, one frame a commit. */
export class LiveHub {
  readonly #o: LiveHubOptions;
  readonly #clients = new Set<LiveClient>();
  /** Of those who look at a camera, or did. */
  readonly #views = new Map<LiveClient, ConnectionViews>();
  #position: number;
  #heartbeat: NodeJS.Timeout | undefined;
  #soundArmed = false;
  /** Frames of clients that mean nothing, since the start. */
  ignored = 0;
  readonly #events: LiveClientEvents = {
    view: (client, request) => {
      const views = this.#views.get(client) ?? this.#o.video.open(client);
      this.#views.set(client, views);
      views.take(request);
    },
    sound: () => this.#soundChanged(),
    ignored: () => this.ignored++,
    closed: (client) => this.#leave(client),
  };

  constructor(options: LiveHubOptions) {
    this.#o = options;
    this.#position = options.journal.position();
    options.sessions.onEnd((session) => this.#endSession(session));
  }

  /** Connections that are not closing. */
  get clients(): number {
    let open = 0;
    for (const client of this.#clients) if (client.state !== 'closed') open++;
    return open;
  }

  /** A guard or a shift leader has a console open; a kiosk is nobody. */
  watched(): boolean {
    for (const { state, session } of this.#clients)
      if (state !== 'closed' && onDuty.has(session.role) && session.role !== 'kiosk') return true;
    return false;
  }

  /** A console of somebody on duty can be heard. */
  soundArmed(): boolean {
    for (const client of this.#clients) if (client.soundArmed && onDuty.has(client.session.role)) return true;
    return false;
  }

  /** Position of the last commit that was announced. */
  get position(): number {
    return this.#position;
  }

  /**
   * Call once for each commit, in order, from the journal's listener. `touched`: alarms that no row of it changed, but
   * whose delivery did.
   */
  commit(committed: Committed, touched: readonly Alarm[] = []): void {
    const { rows, position } = committed;
    // only rows move the position: a receipt may be told before the commit that is under way
    if (rows.length > 0 && position > this.#position) this.#position = position;
    if (this.#clients.size === 0) return;
    const alarms = touched.length === 0 ? committed.alarms : [...committed.alarms, ...touched];
    if (rows.length === 0) {
      this.#sendAlarms(alarms);
      return;
    }
    const frame = this.#frame(committed, alarms);
    // these read the commit from the journal before it was announced: only the deliveries are news to them
    const ahead: LiveClient[] = [];
    for (const client of this.#clients) {
      if (client.position >= position) {
        ahead.push(client);
        continue;
      }
      if (client.state === 'live') {
        client.position = position;
        this.#sendLive(client, frame);
      } else if (client.state !== 'closed' && client.pendingRows <= MAX_REPLAY_ROWS) {
        client.wait({ position, rows: rows.length, frame });
      }
    }
    if (ahead.length > 0) this.#sendAlarms(touched, ahead);
  }

  /** Alarms that hold but are not on disk; a later commit of the same alarm replaces them. */
  unsaved(alarms: readonly Alarm[]): void {
    if (this.#clients.size === 0 || alarms.length === 0) return;
    const views = alarms.map((alarm) => ({ ...this.#o.alarms.stored(alarm), unsaved: true }));
    const frame = new SharedFrame(nothing, views, this.#o.discretion, (_, some) =>
      Buffer.from(JSON.stringify({ k: 'unsaved', alarms: some })),
    );
    for (const client of this.#clients) this.#sendLive(client, frame);
  }

  /** Links, storage, counts: call when they may have changed; who has this status already is not told again. */
  status(status: LiveStatus): void {
    if (this.#clients.size === 0) return;
    const text = JSON.stringify(status);
    for (const client of this.#clients) if (client.state === 'live') client.show(text);
  }

  /** Serves one connection until it closes. */
  async join(socket: WebSocket, session: Session, request: LiveRequest): Promise<void> {
    const audience = this.#o.discretion.audienceOf(session);
    const client = new LiveClient(socket, session, audience, this.#events);
    this.#clients.add(client);
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#o.heartbeatMs ?? LIVE_HEARTBEAT_MS).unref();
    const since = request.since === undefined ? undefined : Number(request.since);
    const wellFormed = request.since === undefined || /^\d{1,15}$/.test(request.since);
    const sameJournal = request.epoch === undefined || request.epoch === this.#o.epoch;
    const known = Math.max(this.#position, this.#o.journal.position());
    if (!wellFormed || (sameJournal && since !== undefined && since > known)) {
      client.close(liveClose.badSince, 'since is no position of this journal');
      return;
    }
    const oldest = await this.#within(this.#o.journal.oldest());
    client.greet(this.#hello(oldest ?? 0));
    const resumes = since !== undefined && sameJournal && oldest !== undefined && since >= oldest - 1;
    if (!resumes || !(await this.#catchUp(client, since))) this.#snapshot(client);
    client.show(JSON.stringify(this.#o.status()));
  }

  /** Ends every connection. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    for (const client of this.#clients) client.close(1001, 'the gateway is stopping');
  }

  #frame(rows: Pick<Committed, 'rows' | 'joined'>, alarms: readonly Alarm[]): SharedFrame {
    const views = alarms.map((alarm) => this.#o.alarms.stored(alarm));
    const position = this.#position;
    return new SharedFrame(rows, views, this.#o.discretion, (joined, some) =>
      commitFrame(position, joined, some),
    );
  }

  /** A commit without rows has no position of its own. */
  #sendAlarms(alarms: readonly Alarm[], clients: Iterable<LiveClient> = this.#clients): void {
    if (alarms.length === 0) return;
    const frame = this.#frame(nothing, alarms);
    for (const client of clients) this.#sendLive(client, frame);
  }

  #sendLive(client: LiveClient, frame: SharedFrame): void {
    if (client.state !== 'live') return;
    const text = frame.for(client.audience);
    if (text !== undefined) client.send(text);
  }

  #hello(oldest: number): string {
    return JSON.stringify({
      k: 'hello',
      position: this.#position,
      epoch: this.#o.epoch,
      oldest,
      serverTime: new Date(this.#o.clock()).toISOString(),
      hb: LIVE_HEARTBEAT_MS,
    });
  }

  /** False: too far behind, or the journal does not answer. True once the client is live (or gone). */
  async #catchUp(client: LiveClient, since: number): Promise<boolean> {
    client.position = since;
    const caughtUp = await catchUp(client, {
      head: () => this.#position,
      read: (position, limit) => this.#within(this.#o.journal.commitsSince(position, limit)),
      alarms: this.#o.alarms,
      discretion: this.#o.discretion,
    });
    return caughtUp || client.state === 'closed';
  }

  #snapshot(client: LiveClient): void {
    const { alarms, discretion } = this.#o;
    const open = alarms.open().filter((alarm) => discretion.seesAlarm(client.audience, alarm));
    // memory is never behind the commits announced: from here on every commit is news
    client.position = this.#position;
    client.goLive();
    client.send(Buffer.from(JSON.stringify({ k: 'snapshot', position: this.#position, alarms: open })));
  }

  #beat(): void {
    let shared: Buffer | undefined;
    for (const client of this.#clients) {
      if (!this.#o.sessions.watches(client.session)) continue;
      client.ping();
      if (client.state === 'new') continue;
      if (client.position === this.#position) {
        shared ??= heartbeat(this.#position);
        client.send(shared);
      } else {
        client.send(heartbeat(client.position));
      }
    }
  }

  #endSession(session: Session): void {
    for (const client of this.#clients) {
      if (client.session === session) client.close(liveClose.sessionEnded, 'the session has ended');
    }
  }

  #soundChanged(): void {
    const armed = this.soundArmed();
    if (armed === this.#soundArmed) return;
    this.#soundArmed = armed;
    this.status(this.#o.status());
  }

  #leave(client: LiveClient): void {
    this.#clients.delete(client);
    this.#views.get(client)?.close();
    this.#views.delete(client);
    this.#soundChanged();
    if (this.#clients.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  /** The journal's answer; undefined when it fails or takes too long. */
  async #within<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await within(JOURNAL_MS, answer);
    } catch (error) {
      this.#o.logger.warn(
        { err: error },
        'live feed: the journal cannot be read; clients get the open alarms',
      );
      return undefined;
    }
  }
}

function heartbeat(position: number): Buffer {
  return Buffer.from(`{"k":"hb","position":${position}}`);
}
