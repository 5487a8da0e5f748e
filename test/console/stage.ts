import { join } from 'node:path';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { Alarm, Delivery } from '../../contract/alarm.ts';
import { encodeBody } from '../../contract/cloud-event.ts';
import { EVENT_VERSION, type Event, type Lane, type Origin, type Severity } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { LiveStatus } from '../../contract/live.ts';
import type { RawMessage } from '../../contract/raw-message.ts';
import { siteSchema } from '../../contract/site.ts';
import { builtinProfiles } from '../../device-profiles/catalogue.ts';
import { AlarmBook } from '../../edge/alarms/book.ts';
import type { Change } from '../../edge/alarms/lifecycle.ts';
import type { VideoPort } from '../../edge/api/live-video.ts';
import type { AlarmDesk, Person, Users } from '../../edge/api/ports.ts';
import type { KpiPort } from '../../edge/api/routes/kpi.ts';
import type { ZonePort } from '../../edge/api/routes/zones.ts';
import { type ApiServer, createApi } from '../../edge/api/server.ts';
import type { CommandRequest } from '../../edge/commands/desk.ts';
import { mayCommand } from '../../edge/commands/rights.ts';
import type { JournalRow } from '../../edge/journal/batch.ts';
import { CameraSearch, type CameraSearchOptions } from '../../edge/registry/camera-search.ts';
import { UnknownDeviceInbox } from '../../edge/registry/inbox.ts';
import { InboxDesk } from '../../edge/registry/inbox-desk.ts';
import { Registry } from '../../edge/registry/registry.ts';
import { SiteProfiles } from '../../edge/registry/site-profiles.ts';
import { readAddresses } from '../../edge/registry/strangers.ts';
import { MemoryJournal } from '../edge/api/memory-gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { catalogue } from '../support/builtin-catalogue.ts';
import { cameraLinks, cameras, devices, people, places, slots } from './stage-campus.ts';

/** What happens on the stage; the rest follows from the type and the slot. */
export interface Happening {
  type: string;
  slot?: string;
  edge?: Event['edge'];
  mode?: Event['mode'];
  freshness?: Event['freshness'];
  severity?: Severity;
  /** Milliseconds before now. */
  ago?: number;
  readings?: Event['readings'];
  /** Beside the slot's own: many of the same at one place. */
  device?: string;
}

export interface StageOptions {
  consoleDir: string;
  /** Nobody has set the gateway up yet. */
  bare?: boolean;
  recipients?: readonly string[];
  /** Zones of the stage; their status is shown with `showZones`. */
  zones?: ZonePort;
  /** Reports of the stage. */
  kpi?: KpiPort;
  /** Pictures of the stage's cameras; without it there are none. */
  video?: VideoPort['live'];
  /** Where its search of cameras listens; without it there is none. */
  network?: CameraSearchOptions['network'];
}

const logger = pino({ level: 'silent' });
const identity = { gateway: 'gw-stage', school: '2137000001', region: '370102' };
export const SET_UP_CODE = 'K7QM-2XRD';

/**
 * A gateway for the console's tests: the real API, live feed and alarm lifecycle over a journal in memory, so that a
 * test can make happen at once what takes devices and broken disks elsewhere.
 */
export class Stage {
  readonly book: AlarmBook;
  readonly api: ApiServer;
  url = '';
  status: LiveStatus = {
    k: 'status',
    uplinks: [{ recipient: 'province', state: 'up', oldestS: 0 }],
    storage: 'ok',
    clock: 'sync',
    cameras: { total: 0, silent: 0, offline: 0 },
    devices: { total: devices.length, offline: 0, unknown: 0 },
    sound: 'none',
    mode: 'normal',
  };
  /** Nothing reaches the disk: changes are shown unsaved. */
  diskFull = false;
  /** What people sent to devices. */
  readonly commands: Array<CommandRequest & { by: string; second?: string }> = [];
  /** Records of who looked at a camera. */
  readonly looked: unknown[] = [];
  readonly #journal: MemoryJournal;
  readonly #unsaved: Set<string>;
  readonly #inbox: UnknownDeviceInbox;
  #closing: () => Promise<void> = async () => undefined;
  readonly #seq: Record<Lane, number> = { a: 0, e: 0 };

  private constructor(
    parts: Pick<Stage, 'book' | 'api'> & {
      journal: MemoryJournal;
      unsaved: Set<string>;
      inbox: UnknownDeviceInbox;
    },
  ) {
    this.book = parts.book;
    this.api = parts.api;
    this.#journal = parts.journal;
    this.#unsaved = parts.unsaved;
    this.#inbox = parts.inbox;
  }

  static async open({
    consoleDir,
    bare = false,
    recipients = ['province'],
    video,
    network,
    zones,
    kpi,
  }: StageOptions): Promise<Stage> {
    const book = new AlarmBook({ clock: Date.now, newId: uuidv7, recipients });
    const journal = new MemoryJournal();
    const unsaved = new Set<string>();
    const folder = tempDir('stage');
    const registry = await Registry.open({ file: join(folder.dir, 'site.db'), logger });
    await registry.importSite(
      siteSchema.parse(
        video === undefined
          ? { places, slots: slots.filter(({ id }) => !id.startsWith('cam-')), devices }
          : { places, slots, devices: [...devices, ...cameras], links: cameraLinks },
      ),
    );
    const builtin = builtinProfiles();
    const profiles = new SiteProfiles(catalogue, { builtin });
    const inbox = new UnknownDeviceInbox({
      addresses: readAddresses(profiles),
      isIgnored: (names) => registry.ignored.takes(names),
    });
    const inboxDesk = new InboxDesk({
      inbox,
      registry,
      profiles,
      profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
      clock: Date.now,
      monotonic: () => performance.now(),
      emit: async () => stage?.happen({ type: 'SYS.CFG', edge: 'pulse' }) && undefined,
      logger,
    });
    const commandsOf = (id: string) =>
      profiles.get(registry.device(id)?.profile ?? '')?.definition.commands ?? {};
    let stage: Stage | undefined;
    const desk: AlarmDesk = {
      open: () => book.open(),
      get: (id) => book.get(id),
      isUnsaved: (id) => unsaved.has(id),
      act: async (...request) => {
        const result = book.act(...request);
        if ('refused' in result) return result;
        stage?.store([], result.changes);
        return { alarm: result.alarm, stored: stage?.diskFull !== true };
      },
    };
    const api = await createApi({
      ...(zones === undefined ? {} : { zones }),
      ...(kpi === undefined ? {} : { kpi }),
      listeners: [{ host: '127.0.0.1', port: 0 }],
      logger,
      clock: Date.now,
      identity: { ...identity, name: '历下区实验小学', zone: 'Asia/Shanghai' },
      version: '0.0.0',
      epoch: uuidv7(),
      journal,
      desk,
      directory: registry,
      users: users(bare),
      setupCode: SET_UP_CODE,
      inbox: inboxDesk,
      ...(network === undefined
        ? {}
        : {
            discovery: new CameraSearch({
              registry,
              profiles,
              clock: Date.now,
              emit: async () => undefined,
              logger,
              network,
            }),
          }),
      profiles,
      credentials: {
        issue: async (device) => ({
          user: device,
          password: 'k7m3x-9pq4d-t2v8w-hc5ry',
          created: true,
          devices: [device],
        }),
        account: (user) => ({ publish: [`io/${user}/#`], subscribe: [`io/${user}/set`] }),
      },
      commands: {
        commandsOf: async (id) =>
          Object.fromEntries(
            Object.entries(commandsOf(id)).map(([name, command]) => [name, { ...command, choices: {} }]),
          ),
        run: async (request, actor) => {
          if (mayCommand(actor, commandsOf(request.device)[request.name]?.output ?? 'other') !== 'allowed')
            return { refused: 'second-person-needed', detail: { zh: '须由带班班长同意', en: 'leader' } };
          const { user: by, second } = actor;
          stage?.commands.push({ ...request, by, ...(second === undefined ? {} : { second: second.user }) });
          return { sent: true, stored: true, at: Date.now() };
        },
        refuse: async () => undefined,
      },
      ...(video === undefined
        ? {}
        : {
            video: {
              live: video,
              isCamera: ({ id }) => cameras.some((camera) => camera.id === id),
              record: async ({ data }) => void stage?.looked.push(data),
            } satisfies VideoPort,
          }),
      status: () => stage?.status ?? unreachable(),
      readiness: () => [],
      metrics: { contentType: 'text/plain', text: async () => '' },
      onSignInFailure: () => undefined,
      consoleDir,
    });
    stage = new Stage({ book, api, journal, unsaved, inbox });
    stage.#closing = async () => {
      await registry.close();
      folder.remove();
    };
    stage.url = (await api.start()).url;
    return stage;
  }

  async close(): Promise<void> {
    await this.api.stop();
    await this.#closing();
    this.#closing = async () => undefined;
  }

  /** A device that nobody registered says something. */
  hear(channel: string, payload: unknown, user = 'z2m', ago = 0): void {
    this.#inbox.addUnknown(this.#raw(channel, payload, user, ago));
    this.tellStatus({ inbox: this.#inbox.counts });
  }

  /** A registered device says what its profile cannot read. */
  hearUnreadable(device: string, channel: string, payload: unknown, detail: string): void {
    this.#inbox.addUnread(this.#raw(channel, payload, device, 0), 'unmapped', { device, detail, mask: [] });
    this.tellStatus({ inbox: this.#inbox.counts });
  }

  #raw(channel: string, payload: unknown, user: string, ago: number): RawMessage {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return {
      source: 'mqtt',
      adapter: 'mqtt',
      channel,
      user,
      clientId: `${user}-client`,
      payload: Buffer.from(text),
      receivedAt: Date.now() - ago,
      receivedMonotonicMs: 0,
    };
  }

  /** Lets things happen, in one commit. Returns the alarms they touched. */
  happen(...happenings: Happening[]): Alarm[] {
    const events = happenings.map((happening) => this.#event(happening));
    const changes = events.flatMap((event) => [...this.book.onEvent(event, { armed: 'always' })]);
    this.store(events, changes);
    return changes.map(({ alarm }) => alarm);
  }

  /** One thing, and the alarm it raised. */
  raise(happening: Happening): Alarm {
    const [alarm] = this.happen(happening);
    if (alarm === undefined) throw new Error(`${happening.type} raised no alarm`);
    return alarm;
  }

  /** What a person does at another station. */
  act(alarm: Alarm, action: Parameters<AlarmBook['act']>[1], user: string, more: object = {}): Alarm {
    const person = people.find((candidate) => candidate.user === user) ?? unreachable();
    const version = this.book.get(alarm.id)?.version ?? 0;
    const request = { version, station: '南门岗亭', ...more };
    const actor = { user, role: person.role, station: '南门岗亭' };
    const result = this.book.act(alarm.id, action, request, actor);
    if ('refused' in result) throw new Error(`${action}: ${result.detail.en}`);
    this.store([], result.changes);
    return result.alarm;
  }

  /** A receipt, or none, of a recipient for everything so far. */
  deliver(state: Delivery['state'], recipient = 'province'): void {
    const altered = this.book.setDelivery(recipient, () => state, Date.now());
    this.api.live.commit({ position: this.#journal.position(), rows: [], alarms: [], cursors: [] }, altered);
  }

  tellStatus(change: Partial<LiveStatus>): void {
    this.status = { ...this.status, ...change };
    this.api.live.status(this.status);
  }

  /** Space on the disk again: what waited is stored. */
  spaceAgain(): void {
    this.diskFull = false;
    const alarms = [...this.#unsaved].map((id) => this.book.get(id)).filter((alarm) => alarm !== undefined);
    this.#unsaved.clear();
    this.api.live.commit({ position: this.#journal.position(), rows: [], alarms, cursors: [] });
  }

  /** Commits events and what they changed, or shows the alarms unsaved while the disk is full. */
  store(events: readonly Event[], changes: readonly Change[]): void {
    const transitions = changes.map((change) => this.#transition(change));
    const alarms = [...new Map(changes.map(({ alarm }) => [alarm.id, alarm])).values()];
    const rows = [...events, ...transitions].map(rowOf);
    if (this.diskFull) {
      for (const { id } of alarms) this.#unsaved.add(id);
      this.api.live.unsaved(alarms);
      return;
    }
    this.#journal.write(rows, alarms);
    this.api.live.commit({ position: this.#journal.position(), rows, alarms, cursors: [] });
  }

  #numbered(event: Omit<Event, 'id' | 'lane' | 'seq'>): Event {
    const lane = eventType(event.type)?.lane ?? 'e';
    this.#seq[lane] += 1;
    return { ...event, id: uuidv7(), lane, seq: this.#seq[lane] };
  }

  #event({ type, slot, edge = 'raise', ago = 0, severity, device, ...rest }: Happening): Event {
    const entry = eventType(type) ?? unreachable();
    const at = new Date(Date.now() - ago).toISOString();
    const place = slots.find(({ id }) => id === slot)?.place;
    const origin: Origin = { ...identity };
    if (slot !== undefined && device === undefined) origin.slot = slot;
    if (place !== undefined) origin.place = place;
    const unit = device ?? devices.find((candidate) => candidate.slot === slot)?.id;
    if (unit !== undefined) origin.device = unit;
    return this.#numbered({
      v: EVENT_VERSION,
      type,
      kind: entry.kind,
      severity: severity ?? entry.severity,
      edge,
      mode: 'live',
      freshness: 'live',
      occurredAt: at,
      receivedAt: new Date().toISOString(),
      clock: { source: 'gateway', quality: 'sync' },
      origin,
      ...rest,
    });
  }

  #transition({ alarm, transition }: Change): Event {
    const { device, slot, place } = alarm;
    const now = new Date().toISOString();
    return this.#numbered({
      v: EVENT_VERSION,
      type: 'ALM.TRANSITION',
      kind: 'record',
      severity: 4,
      edge: 'pulse',
      mode: alarm.mode,
      freshness: 'live',
      occurredAt: now,
      receivedAt: now,
      clock: { source: 'gateway', quality: 'sync' },
      origin: {
        ...identity,
        ...(device === undefined ? {} : { device }),
        ...(slot === undefined ? {} : { slot }),
        ...(place === undefined ? {} : { place }),
      },
      data: transition,
    });
  }
}

function rowOf(event: Event): JournalRow {
  const { lane, seq, id, type, severity, freshness, edge } = event;
  const alarm = type === 'ALM.TRANSITION' ? String(event.data?.alarmId) : undefined;
  const at = Date.parse(event.receivedAt);
  const row: JournalRow = { lane, seq, id, type, severity, freshness, edge, at, body: encodeBody(event) };
  return alarm === undefined ? row : { ...row, alarm };
}

function users(bare: boolean): Users {
  const known = new Map<string, Person & { password: string }>(
    bare ? [] : people.map((person) => [person.user, person]),
  );
  return {
    verify: async (user, password) => {
      const person = known.get(user);
      return person?.password === password ? person : undefined;
    },
    person: (user) => known.get(user),
    list: () => [...known.values()],
    hasAdministrator: () => !bare || known.size > 0,
    createAdministrator: async (administrator) => {
      const person = { ...administrator, role: 'administrator' as const };
      known.set(person.user, person);
      return person;
    },
  };
}

function unreachable(): never {
  throw new Error('the stage has no such thing');
}
