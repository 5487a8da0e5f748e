// What a test asks of a simulated camera, and what the camera tells about itself.

/** Name and value pairs of SimpleItems in the order in which the camera sends them; pairs may repeat a name. */
export type Items = Readonly<Record<string, string>> | ReadonlyArray<readonly [name: string, value: string]>;

/** One notification as the camera's firmware writes it. Nothing is corrected: values, topic and time go out as given. */
export interface Notification {
  /** Topic with the camera's own prefixes (`tns1:Device/Trigger/DigitalInput`); may end in `//.`. */
  topic: string;
  /**
   * PropertyOperation. Left out: a one-shot event without the attribute. `Initialized` and `Changed` are remembered
   * as the property's state, which a new subscription and SetSynchronizationPoint repeat as `Initialized`;
   * `Deleted` forgets it.
   */
  operation?: 'Initialized' | 'Changed' | 'Deleted';
  source?: Items;
  key?: Items;
  data?: Items;
  /** Names of ElementItems in Data (a vendor's XML instead of a SimpleItem). */
  elements?: readonly string[];
  /** UtcTime exactly so; left out: the camera's clock in its own form. */
  utcTime?: string;
}

/**
 * What the camera demands of a request with a credential:
 * `token` WS-UsernameToken only, `digest` HTTP Digest only, `either` one of the two, `both` one on top of the other,
 * `none` answers everybody.
 */
export type Authentication = 'none' | 'token' | 'digest' | 'either' | 'both';

/** How the camera writes times: ONVIF's own `Z`, with `+08:00`, without any zone, or the zero date of a dead clock. */
export type TimeForm = 'utc' | 'offset' | 'zoneless' | 'zero';

/** A door of an access controller and the access point before it. */
export interface DoorOptions {
  token: string;
  name?: string;
  accessPoint?: string;
}

/** How a camera is built. Everything has a default: `startCamera()` is a camera with one profile pair and one input. */
export interface CameraOptions {
  /** Unique; used in scopes, serial number and the process protocol. Default `camera-<n>`. */
  name?: string;
  /** Loopback address it listens on, any of 127.0.0.0/8. Default 127.0.0.1. */
  host?: string;
  /** Default: a free port outside the range that the kernel gives to others, so that the camera can return to it. */
  port?: number;
  kind?: 'camera' | 'access-controller';
  manufacturer?: string;
  model?: string;
  firmware?: string;
  serial?: string;
  /** Default `admin`. */
  user?: string;
  /** Default `campus-2026`. */
  password?: string;
  /** Default `either`. */
  authentication?: Authentication;
  /** Status of the ter:NotAuthorized fault; 401 carries the Digest challenge as well. Default 400, or 401 with Digest. */
  notAuthorizedStatus?: 400 | 401;
  /** Digest algorithms in the order of the challenges. Default MD5 only. */
  digestAlgorithms?: ReadonlyArray<'MD5' | 'SHA-256'>;
  /** Refuses a UsernameToken whose Created is further from the camera's clock. Default: not checked. */
  clockWindowMs?: number;
  /** Refuses everybody for `lockOutMs` (default 60 s) after so many refused attempts in a row. Default: never. */
  lockOutAfter?: number;
  lockOutMs?: number;
  /** How far the camera's clock is ahead of the real one. */
  clockOffsetMs?: number;
  timeForm?: TimeForm;
  /** PEM of an HTTPS camera. */
  tls?: { key: string; cert: string };
  /** false: a device without pull points (CreatePullPointSubscription is refused, the capability says so). */
  pullPoints?: boolean;
  /** Live pull points it can hold at one time. Default 8. */
  subscriptionLimit?: number;
  /** Termination time of a subscription whose creator names none. Default 60 s. */
  defaultTerminationMs?: number;
  /** Whether a pull keeps the subscription alive by its first life time (many do), else only Renew. Default false. */
  pullKeepsAlive?: boolean;
  /** Subscription named by its own path or by a ReferenceParameter that requests must echo. Default `path`. */
  reference?: 'path' | 'parameters';
  /** Longest wait of one PullMessages, whatever is asked. Default 60 s. */
  maxPullMs?: number;
  /** States known from the start, sent as `Initialized`. Default: motion and digital inputs false. */
  states?: readonly Notification[];
  /** Default true: a new subscription begins with all states as `Initialized`. */
  initialStates?: boolean;
  /** Further namespaces of the envelope, prefix to URI; `tns1` may be redefined. */
  namespaces?: Readonly<Record<string, string>>;
  /** Tokens of digital inputs. Default one. */
  inputs?: readonly string[];
  /** Tokens of relay outputs. Default one. */
  relays?: readonly string[];
  /** Doors of an access controller. Default one door for that kind. */
  doors?: readonly DoorOptions[];
  /** PTZ presets, token to name. Default two for a camera. */
  presets?: Readonly<Record<string, string>>;
  /** RTSP addresses that GetStreamUri gives. Default `rtsp://<host>:554/main` and `/sub`. */
  streams?: { main?: string; sub?: string };
  /** How long a SystemReboot keeps it off the network. Default 500 ms. */
  rebootMs?: number;
}

/** One try of a credential, accepted or refused. */
export interface AuthenticationAttempt {
  /** Milliseconds since the Unix epoch, monotonic within the process. */
  at: number;
  operation: string;
  how: 'token' | 'digest';
  accepted: boolean;
  /** Why it was refused. */
  reason?: 'user' | 'password' | 'clock' | 'locked out' | 'incomplete' | 'stale nonce';
}

/** One command to an output, in the order received. */
export interface CameraCommand {
  at: number;
  operation: string;
  parameters: Readonly<Record<string, string>>;
}

/** Counters since the start or the last `resetStats()`; `subscriptions` and `connections` are the state now. */
export interface CameraStats {
  /** Subscriptions made (also those whose answer was lost). */
  creates: number;
  /** PullMessages received. */
  pulls: number;
  renews: number;
  /** Subscriptions ended by Unsubscribe (also those whose answer was lost). */
  unsubscribes: number;
  synchronizations: number;
  /** Subscriptions that ended by their termination time. */
  expired: number;
  /** Attempts with a credential that were accepted. */
  authenticated: number;
  /** Attempts with a credential that were refused. A bare Digest challenge is none. */
  refused: number;
  /** The last 10,000 attempts. */
  attempts: AuthenticationAttempt[];
  /** Requests by operation, credentials or not. */
  requests: Record<string, number>;
  /** Live subscriptions now. */
  subscriptions: number;
  /** The most live subscriptions at one time. */
  maxSubscriptions: number;
  /** Open TCP connections now, and the most at one time. */
  connections: number;
  maxConnections: number;
  /** Notifications handed out in pull answers, and those that overflowed a subscription's queue. */
  delivered: number;
  overflowed: number;
  commands: CameraCommand[];
}

/** A camera on loopback under the control of a test. */
export interface SimulatedCamera {
  readonly name: string;
  /** Address of the device service; changes with `move()`. */
  readonly url: string;
  /** The same address as the device itself tells it, also in discovery: another under fault `foreign-address`. */
  readonly xaddr: string;
  readonly host: string;
  readonly port: number;
  /** A bare service of the same device that stays reachable under fault `refuse`, as ping would. */
  readonly otherPort: number;
  readonly snapshotUrl: string;
  readonly user: string;
  readonly password: string;
  readonly kind: 'camera' | 'access-controller';
  /** Endpoint reference of WS-Discovery without `urn:uuid:`. */
  readonly uuid: string;
  readonly scopes: readonly string[];
  /** Off the network (`dead`): discovery does not find it. */
  readonly silent: boolean;
  /** Sends notifications in one batch to every live subscription whose filter they pass; how many got it. */
  emit(notification: Notification | readonly Notification[]): number;
  /** Begins misbehaving; several kinds hold at one time, the same kind again replaces its options. */
  fault<K extends FaultKind>(kind: K, options?: FaultOptions[K]): void;
  /** Ends one kind, or all of them. What was changed for good (password, clock) stays. */
  clearFaults(kind?: FaultKind): void;
  /** Resolves when the listeners are as the faults want them (`refuse`, `dead` and their end take a moment). */
  settled(): Promise<void>;
  /** Kinds active now. */
  faults(): FaultKind[];
  /** Milliseconds since the epoch by the camera's own clock. */
  now(): number;
  /** Moves the camera's clock by `ms` from where it is. */
  stepClock(ms: number): void;
  setPassword(password: string): void;
  /** Drops every subscription as a restarted event service does, without telling. */
  dropSubscriptions(): void;
  /** Cuts every open connection. */
  cutConnections(): void;
  /** Takes another address (DHCP): the old one is closed. Resolves with the new url. */
  move(to?: { host?: string; port?: number }): Promise<string>;
  stats(): CameraStats;
  resetStats(): void;
  stop(): Promise<void>;
}

/** Which requests a fault concerns: operations by name; left out: what the kind's text says. */
interface Which {
  operations?: readonly string[];
  /** Ends by itself after so many requests. */
  uses?: number;
}

/** Every way to misbehave with its options. */
export interface FaultOptions {
  /** Accepts the request and never answers. Default: all operations. */
  hang: Which;
  /** Cuts the connection before anything is done. Default: all operations. */
  reset: Which;
  /** Does the work, then cuts the connection instead of answering. Default: CreatePullPointSubscription. */
  'lost-reply': Which;
  /** A SOAP fault. Default: every PullMessages, env:Receiver ter:Action, status 500. */
  'soap-fault': Which & { status?: number; code?: 'Sender' | 'Receiver'; subcode?: string; reason?: string };
  /** An HTTP error with an HTML page. Default: 503, all operations. */
  http: Which & { status?: number };
  /** Answers that stop in the middle of the XML, Content-Length fitting. Default: all operations. */
  truncated: Which;
  /** Answers that are no well-formed XML. */
  malformed: Which;
  /** Answers that begin with a DOCTYPE of nested entities. */
  doctype: Which;
  /** Answers blown up by `bytes` (default 32 MB) of white space inside the envelope. */
  huge: Which & { bytes?: number };
  /** Answers that trickle `bytes` (default 16) every `everyMs` (default 1,000). */
  drip: Which & { bytes?: number; everyMs?: number };
  /** An answer of HTTP 200 without a body. */
  empty: Which;
  /** Subscriptions are gone as soon as they are made. */
  'expire-at-once': { uses?: number };
  /** CreatePullPointSubscription is refused because others hold every pull point. */
  'subscription-limit': { uses?: number };
  /** PullMessages answers at once, empty, and keeps what there is to tell. */
  busy: { uses?: number };
  /** Every notification is followed by itself as `Initialized`; synchronisation repeats each state. */
  'duplicate-initialized': Record<never, never>;
  /** Every notification with an operation goes out as `Initialized` (Uniview, TP-Link). */
  'all-initialized': Record<never, never>;
  /** Topics end in `//.`. */
  'trailing-topic': Record<never, never>;
  /** Times in another form. Default: offset. */
  times: { form?: TimeForm };
  /** Every credential is refused, also the right one. */
  'not-authorized': Which & { status?: 400 | 401 };
  /** Every Digest nonce serves one request; the second gets 401 with stale=true. */
  'stale-nonce': Record<never, never>;
  /** Addresses in answers (XAddr, subscription, snapshot, stream) name this authority. Default: a loopback address where nothing listens. */
  'foreign-address': { authority?: string };
  /** The listener is closed: connection refused, `otherPort` still answers. */
  refuse: Record<never, never>;
  /**
   * Nothing of the device answers any more (cable out): refused, as loopback has no silence at this level; `hang` is
   * the silent form. Subscriptions live on by their time; with dropSubscriptions() it is a power cut.
   */
  dead: Record<never, never>;
}

export type FaultKind = keyof FaultOptions;
