import { randomUUID } from 'node:crypto';
import { type CameraSettings, cameraSettings } from './camera-options.ts';
import { Door } from './doors.ts';
import { FaultBook } from './fault-book.ts';
import { PropertyStates } from './notifications.ts';
import { PullPoint } from './pull-point.ts';
import { type Namespaces, NS } from './soap.ts';
import { formatTime, steadyNow } from './times.ts';
import type { TopicFilter } from './topic-filter.ts';
import type {
  AuthenticationAttempt,
  CameraCommand,
  CameraOptions,
  CameraStats,
  Notification,
} from './types.ts';

/** Where nothing listens; on loopback, so that a client that follows it leaves the machine in peace. */
export const NOWHERE = '127.255.255.254:9';
const ATTEMPTS_KEPT = 10_000;

/** Where the camera is on the network at this moment. */
export interface Whereabouts {
  readonly host: string;
  readonly port: number;
}

type Counters = Omit<CameraStats, 'subscriptions' | 'maxSubscriptions' | 'connections' | 'maxConnections'>;

/** The device behind the HTTP listener: its clock, properties, subscriptions, and what happened to it. */
export class CameraState {
  readonly options: CameraSettings;
  readonly namespaces: Namespaces;
  readonly faults = new FaultBook();
  readonly states = new PropertyStates();
  readonly uuid = randomUUID();
  readonly doors: readonly Door[];
  counters: Counters = noCounters();
  maxSubscriptions = 0;
  password: string;
  #clockOffsetMs: number;
  #where: Whereabouts;
  #reboot: () => void;
  readonly #pullPoints = new Map<string, PullPoint>();
  #made = 0;
  #refusedInARow = 0;
  #lockedUntil = 0;

  constructor(options: CameraOptions, where: Whereabouts, reboot: () => void) {
    this.options = cameraSettings(options);
    this.namespaces = { ...NS, ...this.options.namespaces };
    this.password = this.options.password;
    this.#clockOffsetMs = this.options.clockOffsetMs;
    this.#where = where;
    this.#reboot = reboot;
    for (const state of this.options.states) this.states.take(state);
    this.doors = this.options.doors.map(({ token }) => new Door(token, (event) => this.emit(event)));
    for (const state of this.doors.flatMap((door) => door.states())) this.states.take(state);
  }

  /** Milliseconds since the epoch by the camera's clock. */
  now(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  stepClock(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  /** A time of the camera's clock in the form it writes. */
  time(ms = this.now()): string {
    const form = this.faults.of('times');
    return formatTime(ms, form === undefined ? this.options.timeForm : (form.form ?? 'offset'));
  }

  host(): string {
    return this.#where.host;
  }

  /** An absolute address of this device as it tells it in answers. */
  address(path: string): string {
    const foreign = this.faults.of('foreign-address');
    const authority =
      foreign === undefined ? `${this.#where.host}:${this.#where.port}` : (foreign.authority ?? NOWHERE);
    return `${this.options.tls === undefined ? 'http' : 'https'}://${authority}${path}`;
  }

  /** Services by namespace, with their paths. */
  services(): Array<[uri: string, path: string]> {
    const always: Array<[string, string]> = [
      [NS.tds, '/onvif/device_service'],
      [NS.tev, '/onvif/event_service'],
    ];
    const io: [string, string] = [NS.tmd, '/onvif/deviceio_service'];
    return this.options.kind === 'camera'
      ? [...always, io, [NS.trt, '/onvif/media_service'], [NS.tptz, '/onvif/ptz_service']]
      : [...always, io, [NS.tac, '/onvif/accesscontrol_service'], [NS.tdc, '/onvif/doorcontrol_service']];
  }

  scopes(): string[] {
    const { kind, name, model } = this.options;
    const profiles = kind === 'camera' ? ['Streaming', 'T'] : ['A', 'C'];
    return [
      ...profiles.map((profile) => `onvif://www.onvif.org/Profile/${profile}`),
      `onvif://www.onvif.org/type/${kind === 'camera' ? 'video_encoder' : 'access_controller'}`,
      `onvif://www.onvif.org/name/${encodeURIComponent(name)}`,
      `onvif://www.onvif.org/hardware/${encodeURIComponent(model)}`,
      'onvif://www.onvif.org/location/country/china',
    ];
  }

  macAddress(): string {
    return `02:${this.uuid.slice(0, 8).match(/../g)?.join(':')}:01`;
  }

  /** Leaves the network and comes back without subscriptions. */
  reboot(): void {
    this.#reboot();
  }

  command(operation: string, parameters: Record<string, string>): void {
    this.counters.commands.push({ at: steadyNow(), operation, parameters } satisfies CameraCommand);
  }

  // Subscriptions.

  get subscriptions(): number {
    return this.#pullPoints.size;
  }

  createPullPoint(lifeMs: number, filter: TopicFilter): PullPoint {
    this.#made += 1;
    const expired = (point: PullPoint): void => {
      this.counters.expired += 1;
      this.#pullPoints.delete(point.id);
    };
    const point = new PullPoint(`${this.uuid.slice(0, 8)}-${this.#made}`, lifeMs, filter, expired);
    this.#pullPoints.set(point.id, point);
    this.maxSubscriptions = Math.max(this.maxSubscriptions, this.#pullPoints.size);
    this.counters.creates += 1;
    if (this.options.initialStates) this.offer(point, this.states.initialized());
    return point;
  }

  pullPoint(id: string): PullPoint | undefined {
    return this.#pullPoints.get(id);
  }

  endPullPoint(point: PullPoint): void {
    point.end();
    this.#pullPoints.delete(point.id);
  }

  endAllPullPoints(): void {
    for (const point of [...this.#pullPoints.values()]) this.endPullPoint(point);
  }

  /** Notifies all subscriptions, and remembers the properties among it. */
  emit(given: Notification | readonly Notification[]): number {
    const notifications = [given].flat() as Notification[];
    for (const notification of notifications) this.states.take(notification);
    let reached = 0;
    for (const point of this.#pullPoints.values()) if (this.offer(point, notifications) > 0) reached += 1;
    return reached;
  }

  /** Queues notifications for one subscription, as this camera's quirks have them. */
  offer(point: PullPoint, notifications: readonly Notification[]): number {
    const { taken, lost } = point.offer(notifications.flatMap((notification) => this.#quirks(notification)));
    this.counters.overflowed += lost;
    return taken;
  }

  #quirks(notification: Notification): Notification[] {
    const topic = this.faults.has('trailing-topic') ? `${notification.topic}//.` : notification.topic;
    const utcTime = notification.utcTime ?? this.time();
    const written: Notification = { ...notification, topic, utcTime };
    const initialized: Notification = { ...written, operation: 'Initialized' };
    if (notification.operation === undefined) return [written];
    if (this.faults.has('all-initialized')) return [initialized];
    return this.faults.has('duplicate-initialized') ? [written, initialized] : [written];
  }

  // Credentials.

  /** Whether the account is shut after too many refused attempts. */
  lockedOut(): boolean {
    return steadyNow() < this.#lockedUntil;
  }

  attempted(attempt: Omit<AuthenticationAttempt, 'at'>): void {
    const { lockOutAfter, lockOutMs } = this.options;
    const { counters } = this;
    counters.attempts.push({ at: steadyNow(), ...attempt });
    if (counters.attempts.length > ATTEMPTS_KEPT) counters.attempts.shift();
    if (attempt.accepted) {
      counters.authenticated += 1;
      this.#refusedInARow = 0;
      return;
    }
    counters.refused += 1;
    if (this.lockedOut()) return;
    this.#refusedInARow += 1;
    if (lockOutAfter !== undefined && this.#refusedInARow >= lockOutAfter) {
      this.#lockedUntil = steadyNow() + lockOutMs;
      this.#refusedInARow = 0;
    }
  }

  resetCounters(): void {
    this.counters = noCounters();
    this.maxSubscriptions = this.#pullPoints.size;
  }
}

function noCounters(): Counters {
  return {
    creates: 0,
    pulls: 0,
    renews: 0,
    unsubscribes: 0,
    synchronizations: 0,
    expired: 0,
    authenticated: 0,
    refused: 0,
    attempts: [],
    requests: {},
    delivered: 0,
    overflowed: 0,
    commands: [],
  };
}
