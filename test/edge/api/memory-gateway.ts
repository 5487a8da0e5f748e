import { Writable } from 'node:stream';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { Alarm, AlarmAction, AlarmActionRequest } from '../../../contract/alarm.ts';
import { encodeBody } from '../../../contract/cloud-event.ts';
import type { Event } from '../../../contract/event.ts';
import { eventType } from '../../../contract/event-type.ts';
import type { LiveStatus } from '../../../contract/live.ts';
import type { Device, Place, Slot } from '../../../contract/site.ts';
import { SearchCounters } from '../../../edge/adapters/onvif/discovery.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import type { Change } from '../../../edge/alarms/lifecycle.ts';
import type { Actor } from '../../../edge/alarms/rights.ts';
import type {
  AlarmDesk,
  DeskResult,
  InboxPort,
  JournalPort,
  NotReady,
  Person,
  SignInFailure,
  SiteDirectory,
  Users,
} from '../../../edge/api/ports.ts';
import { type ApiDeps, type ApiServer, createApi } from '../../../edge/api/server.ts';
import type { Committed, JournalRow } from '../../../edge/journal/batch.ts';
import type { AlarmQuery, EventQuery, StoredBody } from '../../../edge/journal/reader.ts';

export const PASSWORD = 'Jinan-2026!';

export const people: Person[] = [
  { user: 'wang', name: '王保安', role: 'guard' },
  { user: 'zhao', name: '赵保安', role: 'guard' },
  { user: 'li', name: '李班长', role: 'shift-leader' },
  { user: 'sun', name: '孙安装', role: 'installer' },
  { user: 'admin', name: '管理员', role: 'administrator' },
  { user: 'secadmin', name: '安全管理员', role: 'security-administrator' },
  { user: 'audit', name: '审计员', role: 'auditor' },
  { user: 'screen', name: '值班屏', role: 'kiosk' },
];

const places: Place[] = [
  { id: 'campus', kind: 'campus', name: '主校区' },
  { id: 'b1', kind: 'building', name: '一号楼', parent: 'campus' },
  { id: 'r101', kind: 'room', name: '101 心理咨询室', parent: 'b1' },
  { id: 'p101', kind: 'point', name: '咨询桌下', parent: 'r101' },
  { id: 'duty', kind: 'room', name: '值班室', parent: 'b1' },
];
const slots: Slot[] = [
  { id: 's-panic', name: '门卫一键报警', place: 'duty', armed: 'always' },
  { id: 's-duress', name: '咨询室胁迫按钮', place: 'p101', armed: 'always' },
];
const devices: Device[] = [
  { id: 'io-1', name: '门卫模块', profile: 'io.generic', slot: 's-panic', user: 'io-1' },
  {
    id: 'io-2',
    name: '咨询室模块',
    profile: 'io.generic',
    key: 'mod2',
    slot: 's-duress',
    settings: { window: 5, api_password: 'never-show', nested: { token: 'never-show' } },
  },
];

/** People in memory; passwords are compared in clear, so that tests do not wait for a hash. */
export class MemoryUsers implements Users {
  readonly people = new Map<string, { person: Person; password: string }>();
  /** Password checks under way at once, at most. */
  mostAtOnce = 0;
  checks = 0;
  checkMs = 0;
  #checking = 0;

  constructor(all: readonly Person[]) {
    for (const person of all) this.people.set(person.user, { person, password: PASSWORD });
  }

  async verify(user: string, password: string): Promise<Person | undefined> {
    this.checks++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#checking);
    // a hash takes its time too
    await new Promise((resolve) => setTimeout(resolve, this.checkMs));
    this.#checking--;
    const entry = this.people.get(user);
    return entry?.password === password ? entry.person : undefined;
  }

  person(user: string): Person | undefined {
    return this.people.get(user)?.person;
  }

  list(): Person[] {
    return [...this.people.values()].map(({ person }) => person);
  }

  hasAdministrator(): boolean {
    return [...this.people.values()].some(({ person }) => person.role === 'administrator');
  }

  async createAdministrator(one: { user: string; name: string; password: string }): Promise<Person> {
    const person: Person = { user: one.user, name: one.name, role: 'administrator' };
    this.people.set(one.user, { person, password: one.password });
    return person;
  }
}

/** A journal in memory with the reader's promises: commits are seen whole, positions rise. */
export class MemoryJournal implements JournalPort {
  readonly rows: Array<StoredBody & { alarm?: string; type: string }> = [];
  readonly stored = new Map<string, Alarm>();
  /** Awaited by every read; tests make it slow or broken. */
  beforeRead: () => Promise<void> = async () => undefined;
  /** Rows before it are gone (retention). */
  firstPosition = 1;
  reads = 0;

  write(rows: readonly JournalRow[], alarms: readonly Alarm[]): number {
    for (const { body, alarm, type } of rows) {
      this.rows.push({
        position: this.rows.length + 1,
        body,
        type,
        ...(alarm === undefined ? {} : { alarm }),
      });
    }
    for (const alarm of alarms) this.stored.set(alarm.id, alarm);
    return this.position();
  }

  position(): number {
    return this.rows.length;
  }

  async oldest(): Promise<number> {
    await this.beforeRead();
    return this.firstPosition;
  }

  async commitsSince(
    position: number,
    limit: number,
  ): Promise<{ position: number; bodies: string[]; alarms: Alarm[] }> {
    this.reads++;
    const rows = this.rows.slice(position, position + limit);
    const alarms = [...this.stored.values()];
    await this.beforeRead();
    return {
      position: rows.at(-1)?.position ?? position,
      bodies: rows.map(({ body }) => body),
      alarms: alarms.filter(({ id }) => rows.some(({ alarm }) => alarm === id)),
    };
  }

  /** Looks at ten rows a time, as the real one does at thousands. */
  async page({ before = this.rows.length + 1, limit, type }: EventQuery): ReturnType<JournalPort['page']> {
    const lowest = Math.max(1, before - 10);
    const seen = this.rows
      .slice(lowest - 1, before - 1)
      .filter((row) => type === undefined || row.type === type);
    const rows = seen.reverse().slice(0, limit);
    const reached = rows.length < limit ? lowest : (rows.at(-1)?.position ?? lowest);
    return reached > 1 ? { rows, next: reached } : { rows };
  }

  async alarm(id: string): Promise<Alarm | undefined> {
    return this.stored.get(id);
  }

  async alarmHistory(id: string): Promise<StoredBody[]> {
    return this.rows.filter(({ alarm }) => alarm === id);
  }

  async alarms({ state, limit, before }: AlarmQuery): Promise<Alarm[]> {
    return [...this.stored.values()]
      .filter(({ operator }) => state === 'all' || (operator === 'closed') === (state === 'closed'))
      .filter(({ id }) => before === undefined || id < before)
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }
}

/** Everything behind the API in memory, around the real alarm book. */
export class MemoryGateway implements AlarmDesk {
  readonly users = new MemoryUsers(people);
  readonly journal = new MemoryJournal();
  readonly book = new AlarmBook({ clock: () => Date.now(), newId: uuidv7, recipients: ['province'] });
  readonly failures: SignInFailure[] = [];
  readonly logged: string[] = [];
  readonly missing: NotReady[] = [];
  readonly status: LiveStatus = {
    k: 'status',
    uplinks: [{ recipient: 'province', state: 'up', oldestS: 0 }],
    storage: 'ok',
    clock: 'sync',
    cameras: { total: 0, silent: 0, offline: 0 },
    devices: { total: 2, offline: 0, unknown: 0 },
    sound: 'none',
    mode: 'normal',
  };
  /** Milliseconds; time-outs are measured with it. */
  now = 0;
  /** Nothing reaches the disk: actions are shown, not stored. */
  storageFails = false;
  siteVersion = 1;
  #seq = { a: 0, e: 0 };
  #unsaved = new Map<string, Alarm>();
  api!: ApiServer;
  url = '';

  async start(options: Partial<ApiDeps> = {}): Promise<this> {
    this.api = await createApi({ ...this.deps(), ...options });
    const { url } = await this.api.start();
    this.url = url;
    return this;
  }

  async stop(): Promise<void> {
    await this.api.stop();
  }

  deps(): ApiDeps {
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.logged.push(chunk.toString());
        done();
      },
    });
    return {
      listeners: [{ host: '127.0.0.1', port: 0 }],
      logger: pino({ level: 'trace' }, sink),
      clock: () => Date.now(),
      monotonic: () => this.now,
      identity: {
        gateway: 'gw-1',
        school: '3137000001',
        region: '370102',
        name: '示范中学',
        zone: 'Asia/Shanghai',
      },
      version: '0.1.0',
      epoch: 'epoch-1',
      journal: this.journal,
      desk: this,
      directory: this.#directory(),
      users: this.users,
      inbox: emptyInbox,
      discovery: {
        start: () => undefined,
        settled: async () => undefined,
        view: () => ({ state: 'idle', startedAt: undefined, counters: new SearchCounters(), devices: [] }),
        try: async () => ({ refused: 'gone', detail: { zh: '没有', en: 'none' } }),
        adopt: async () => ({ refused: 'gone', detail: { zh: '没有', en: 'none' } }),
        move: async () => ({ refused: 'gone', detail: { zh: '没有', en: 'none' } }),
      },
      profiles: { list: () => [], get: () => undefined },
      credentials: {
        issue: async (device) => ({ user: device, password: 'shown-once', created: true, devices: [device] }),
        account: () => undefined,
      },
      commands: {
        commandsOf: async () => ({}),
        run: async () => ({ sent: true, stored: true, at: 0 }),
        refuse: async () => undefined,
      },
      status: () => ({ ...this.status, sound: this.api.live.soundArmed() ? 'armed' : 'none' }),
      readiness: () => this.missing,
      metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' },
      onSignInFailure: (failure) => this.failures.push(failure),
      signInsPerMinute: 1_000,
    };
  }

  open(): readonly Alarm[] {
    return this.book.open();
  }

  get(id: string): Alarm | undefined {
    return this.book.get(id);
  }

  isUnsaved(id: string): boolean {
    return this.#unsaved.has(id);
  }

  async act(id: string, action: AlarmAction, request: AlarmActionRequest, actor: Actor): Promise<DeskResult> {
    const result = this.book.act(id, action, request, actor);
    if ('refused' in result) return result;
    this.commit([], result.changes);
    return { alarm: result.alarm, stored: !this.storageFails };
  }

  /** A device speaks: its event and what the alarm book makes of it are one commit. */
  raise(type: string, slot: string, edge: Event['edge'] = 'raise'): Alarm | undefined {
    const event = this.event(type, slot, edge);
    const changes = this.book.onEvent(event, { armed: 'always' });
    this.commit([event], changes);
    return changes.at(-1)?.alarm;
  }

  /** `count` events that open nothing, in one commit. */
  record(count: number): void {
    this.commit(
      Array.from({ length: count }, () => this.event('ACC.GRANT', 's-panic', 'pulse')),
      [],
    );
  }

  /** Writes and announces one commit; `announce: false` leaves that to the caller. */
  commit(events: readonly Event[], changes: readonly Change[], announce = true): Committed {
    const rows = [
      ...events.map((event) => rowOf(event)),
      ...changes.map((change) => this.#transition(change)),
    ];
    const alarms = [...new Map(changes.map(({ alarm }) => [alarm.id, alarm])).values()];
    if (this.storageFails) {
      for (const alarm of alarms) this.#unsaved.set(alarm.id, alarm);
      this.api.live.unsaved(alarms);
      return { position: this.journal.position(), rows: [], alarms: [], cursors: [] };
    }
    const position = this.journal.write(rows, alarms);
    for (const { id } of alarms) this.#unsaved.delete(id);
    const committed: Committed = { position, rows, alarms, cursors: [] };
    if (announce) this.api.live.commit(committed);
    return committed;
  }

  event(type: string, slotId: string, edge: Event['edge']): Event {
    const entry = eventType(type);
    const slot = slots.find(({ id }) => id === slotId);
    if (entry === undefined || slot === undefined) throw new Error(`no ${type} or ${slotId}`);
    const at = new Date().toISOString();
    return {
      v: 1,
      id: uuidv7(),
      lane: entry.lane,
      seq: ++this.#seq[entry.lane],
      type,
      kind: entry.kind,
      severity: entry.severity,
      edge,
      mode: 'live',
      freshness: 'live',
      occurredAt: at,
      receivedAt: at,
      clock: { source: 'gateway', quality: 'sync' },
      origin: {
        gateway: 'gw-1',
        school: '3137000001',
        region: '370102',
        device: 'io-1',
        slot: slotId,
        place: slot.place,
      },
    };
  }

  #transition({ alarm, transition }: Change): JournalRow {
    const event = this.event('ALM.TRANSITION', alarm.slot ?? 's-panic', 'pulse');
    event.data = { ...transition };
    if (alarm.place !== undefined) event.origin.place = alarm.place;
    return { ...rowOf(event), alarm: alarm.id };
  }

  #directory(): SiteDirectory {
    const version = () => this.siteVersion;
    return {
      get version() {
        return version();
      },
      places: () => places,
      units: () => [],
      slots: () => slots,
      devices: () => devices,
      phones: () => [],
      links: () => [],
      place: (id) => places.find((place) => place.id === id),
      device: (id) => devices.find((device) => device.id === id),
    };
  }

  /** A cookie of a new session of this person. */
  async cookie(user: string, desk: { station?: string; place?: string } = {}): Promise<string> {
    const response = await this.post('/api/v1/session', { user, password: PASSWORD, ...desk });
    if (response.status !== 200)
      throw new Error(`sign-in of ${user}: ${response.status} ${await response.text()}`);
    return cookieOf(response);
  }

  get$(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { headers, redirect: 'manual' });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }
}

/** Nothing unknown was ever heard. */
export const emptyInbox: InboxPort = {
  groups: () => [],
  get: () => undefined,
  counts: { unknown: 0, unreadable: 0, described: 0 },
  evicted: 0,
  mqtt5: [],
  offer: () => undefined,
  isOver: () => false,
  judge: () => ({ candidates: [], partial: false }),
  preview: (_, { payload }) => payload,
  suggest: () => ({ id: 'device' }),
  adopt: async () => 'gone',
  dismiss: async () => 'gone',
  ignored: () => [],
  revoke: async () => false,
};

export function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
}

function rowOf(event: Event): JournalRow {
  return {
    lane: event.lane,
    seq: event.seq,
    id: event.id,
    type: event.type,
    severity: event.severity,
    freshness: event.freshness,
    edge: event.edge,
    at: Date.parse(event.receivedAt),
    body: encodeBody(event),
  };
}
