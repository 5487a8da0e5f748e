import { type InjectionKey, inject, ref, shallowRef } from 'vue';
import type { Alarm } from '../../contract/alarm.ts';
import type { Kind } from '../../contract/event.ts';
import type { LiveFrame } from '../../contract/live.ts';
import { isLouder } from '../../contract/sounding.ts';
import { type AlarmRow, orderedRows } from './alarm-order.ts';
import { apiUrl, call, isProblem, Unreachable } from './api.ts';
import { Campus, emptySite, fetchCampus } from './campus.ts';
import { EVENTS_KEPT, type LoggedEvent } from './event-log.ts';
import { type Link, LiveFeed, type Socket } from './live.ts';
import { alarmOf, emptyState, type LiveInput, openAlarms, reduce } from './live-state.ts';
import { ServerClock } from './server-clock.ts';
import { fetchSession, may, type Session } from './session.ts';
import type { Sound } from './sound/sound.ts';
import { Views } from './video/views.ts';

/** Frames that come within this time are shown together. */
const SHOW_AFTER_MS = 40;
const CLOSED_ASKED = 100;
/** Pause before asking again for names or lists that did not come. */
const RETRY_MS = 10_000;

type Loading = 'waiting' | 'busy' | 'done';

/**
 * The security room's screen: feeds what the gateway tells into the live state, lets it be heard at once, and shows it
 * a moment later. `tick` drives every clock.
 */
export class Duty {
  readonly session: Session;
  /** As shown; `rows` are its open alarms in order. */
  readonly live = shallowRef(emptyState);
  readonly rows = shallowRef<readonly AlarmRow[]>([]);
  readonly link = ref<Link>('down');
  /** The alarms were received at least once. */
  readonly ready = ref(false);
  /** Gateway time in whole seconds, as milliseconds since 1970. */
  readonly now = ref(0);
  /** `now` in whole hours: enough to know the day, and cards that show one do not change every second. */
  readonly hour = ref(0);
  /** When the gateway was last heard, by its clock. */
  readonly heardAt = ref(0);
  readonly campus = shallowRef(new Campus(emptySite));
  /** The last events could not be had. */
  readonly eventsMissing = ref(false);
  /** The last events were asked for and are there. */
  readonly eventsKnown = ref(false);
  /** Alarms that have just come, for who cannot see them. */
  readonly arrived = shallowRef<readonly Alarm[]>([]);
  /** Live pictures. */
  readonly views: Views;
  readonly #sound: Sound;
  readonly #clock = new ServerClock();
  readonly #feed: LiveFeed;
  #state = emptyState;
  #heard: readonly AlarmRow[] = [];
  #showing: ReturnType<typeof setTimeout> | undefined;
  #lists: Loading = 'done';
  #names: Loading = 'done';
  #retryAt = 0;
  #known: ReadonlySet<string> = new Set();

  constructor(session: Session, sound: Sound, onSessionEnded: () => void) {
    this.session = session;
    this.#sound = sound;
    this.views = new Views((request) => this.#feed.ask(request));
    this.#feed = new LiveFeed({
      open: (resume) => openSocket(liveUrl(resume)),
      resume: () => {
        const { position, epoch } = this.#state;
        return position === undefined || epoch === undefined ? undefined : { since: position, epoch };
      },
      onFrame: (frame) => this.#take(frame),
      onVideo: (message) => this.views.take(message),
      onLink: (link) => {
        this.link.value = link;
        if (link !== 'up') this.views.lost();
        this.#listen();
      },
      onBadSince: () => this.learn({ k: 'resync' }),
      onSessionEnded,
      isSessionEnded,
      monotonic: () => performance.now(),
      random: Math.random,
    });
  }

  start(): void {
    this.heardAt.value = this.#clock.now();
    this.#feed.start();
    this.tick();
  }

  stop(): void {
    clearTimeout(this.#showing);
    this.#feed.stop();
  }

  /** At least once a second: clocks, links, what has begun or ceased to sound. */
  tick(): void {
    this.#feed.tick();
    this.#feed.tellSound(this.#sound.state.value === 'armed');
    this.now.value = Math.floor(this.#clock.now() / 1000) * 1000;
    this.hour.value = Math.floor(this.now.value / 3_600_000) * 3_600_000;
    this.#listen();
    if (this.ready.value) this.#show();
    this.#load();
  }

  /** The computer's network is back. */
  hurry(): void {
    this.#feed.hurry();
  }

  /** Takes over what an answer of the gateway taught. */
  learn(input: LiveInput): void {
    const before = this.#state;
    this.#state = reduce(before, input);
    if (this.#state.stored !== before.stored || this.#state.unsaved !== before.unsaved) this.#listen();
    this.#showing ??= setTimeout(() => this.#show(), SHOW_AFTER_MS);
  }

  alarm(id: string): Alarm | undefined {
    return alarmOf(this.#state, id);
  }

  #take(frame: LiveFrame): void {
    this.heardAt.value = this.#clock.now();
    switch (frame.k) {
      case 'hb':
        return;
      case 'hello':
        this.#clock.set(frame.serverTime);
        this.views.connected();
        // the campus may have been imported anew
        if (this.#names === 'done') this.#names = 'waiting';
        break;
      case 'snapshot':
        // what closed and happened before it is not in it
        if (this.#lists === 'done') this.#lists = 'waiting';
        this.ready.value = true;
        break;
      case 'commit':
        this.ready.value = true;
        // somebody registered a device: it has a name now
        if (this.#names === 'done' && frame.events.some(({ type }) => type === 'SYS.CFG'))
          this.#names = 'waiting';
        break;
    }
    this.learn(frame);
    if (frame.k === 'hello' || frame.k === 'snapshot') this.#load();
  }

  /** Not later than the frame itself: a hidden tab shows late, but must be heard. */
  #listen(): void {
    this.#heard = orderedRows(openAlarms(this.#state), this.#clock.now(), this.#heard);
    const sounding = this.#heard.filter((row) => row.sounding).map(({ alarm }) => alarm);
    this.#sound.hear(
      sounding.map(({ severity }) => severity),
      this.link.value === 'lost',
      sounding.some(isLouder),
    );
  }

  #show(): void {
    clearTimeout(this.#showing);
    this.#showing = undefined;
    this.live.value = this.#state;
    if (this.rows.value === this.#heard) return;
    const fresh = this.#heard.filter(({ alarm }) => alarm.operator === 'new' && !this.#known.has(alarm.id));
    this.#known = new Set(this.#heard.map(({ alarm }) => alarm.id));
    this.rows.value = this.#heard;
    if (fresh.length > 0) this.arrived.value = fresh.map(({ alarm }) => alarm);
  }

  #load(): void {
    if (performance.now() < this.#retryAt) return;
    if (this.#names === 'waiting') void this.#loadNames();
    if (this.#lists === 'waiting') void this.#loadLists();
  }

  async #loadNames(): Promise<void> {
    this.#names = 'busy';
    try {
      const campus = await fetchCampus();
      if (campus !== undefined) this.campus.value = campus;
      this.#names = 'done';
    } catch (error) {
      this.#again(error);
      this.#names = 'waiting';
    }
  }

  async #loadLists(): Promise<void> {
    this.#lists = 'busy';
    try {
      const closed = await call<{ alarms: Alarm[] }>('GET', `alarms?state=closed&limit=${CLOSED_ASKED}`);
      if (closed.body !== undefined) this.learn({ k: 'closed', alarms: closed.body.alarms });
      if (may(this.session, 'events.read')) await this.#loadEvents();
      this.#lists = 'done';
    } catch (error) {
      this.#again(error);
      this.eventsMissing.value = true;
      this.#lists = 'waiting';
    }
  }

  /** The last events of one kind, which a flood of others may have pushed out of the last of all. */
  async loadKind(kind: Kind): Promise<void> {
    try {
      await this.#loadEvents(`&kind=${kind}`);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.eventsMissing.value = true;
    }
  }

  async #loadEvents(filter = ''): Promise<void> {
    const { body } = await call<{ events: LoggedEvent[] }>('GET', `events?limit=${EVENTS_KEPT}${filter}`);
    if (body !== undefined) this.learn({ k: 'events', events: body.events });
    this.eventsMissing.value = body === undefined;
    if (body !== undefined) this.eventsKnown.value = true;
  }

  #again(error: unknown): void {
    if (!(error instanceof Unreachable)) throw error;
    this.#retryAt = performance.now() + RETRY_MS;
  }
}

const dutyKey: InjectionKey<Duty> = Symbol('duty');

export { dutyKey };

/** The duty of the page around. */
export function useDuty(): Duty {
  const duty = inject(dutyKey);
  if (duty === undefined) throw new Error('useDuty() outside of a duty page');
  return duty;
}

function openSocket(url: URL): Socket {
  const browsers = new WebSocket(url.href);
  browsers.binaryType = 'arraybuffer';
  const socket: Socket = {
    onmessage: null,
    onclose: null,
    send: (text) => browsers.send(text),
    close: () => browsers.close(),
  };
  browsers.onmessage = ({ data }) => socket.onmessage?.({ data });
  browsers.onclose = ({ code }) => socket.onclose?.({ code });
  return socket;
}

function liveUrl(resume: { since: number; epoch: string } | undefined): URL {
  const url = apiUrl('live');
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (resume !== undefined) {
    url.searchParams.set('since', String(resume.since));
    url.searchParams.set('epoch', resume.epoch);
  }
  return url;
}

async function isSessionEnded(): Promise<boolean> {
  try {
    return isProblem(await fetchSession(), 'expired-session');
  } catch {
    return false;
  }
}
